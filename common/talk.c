/* talk - see talk.h */
#include "talk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net.h"
#include "output.h"

void talk_begin(struct talk *talk, const struct client_options *options, double seconds)
{
    *talk = (struct talk){.options = options, .seconds = seconds, .on_terminal = isatty(STDERR_FILENO) == 1};
    talk->shares_terminal = talk->on_terminal && isatty(STDOUT_FILENO) == 1;
    talk->last.status = IO_NO_DATA;
    signal(SIGPIPE, SIG_IGN);
}

int talk_input_fd(const struct talk *talk)
{
    return talk->options->message_count > 0 ? -1 : STDIN_FILENO;
}

static void complain(const char *what, struct io_result result)
{
    char text[IO_TEXT_SIZE];

    fprintf(stderr, "client: %s: %s\n", what, io_describe(result, text));
}

/* A message is sent as a line. */
static size_t next_part_of_messages(struct talk *talk, char *bytes, size_t size)
{
    size_t taken = 0;

    while (taken < size && talk->next_message < talk->options->message_count) {
        const char *message = talk->options->messages[talk->next_message];
        if (message[talk->next_byte] != '\0') {
            bytes[taken++] = message[talk->next_byte++];
        } else {
            bytes[taken++] = '\n';
            talk->next_message++;
            talk->next_byte = 0;
        }
    }
    return taken;
}

struct io_result talk_input(struct talk *talk, char *bytes, size_t size)
{
    ssize_t n;

    if (talk_input_fd(talk) == -1)
        return io_of_recv((ssize_t)next_part_of_messages(talk, bytes, size), 0);
    do {
        n = read(STDIN_FILENO, bytes, size);
    } while (n == -1 && errno == EINTR);

    const struct io_result result = io_of_recv(n, errno);
    if (result.status == IO_ERROR)
        complain("cannot read standard input", result);
    return result;
}

struct io_result talk_wait_for_input(struct talk *talk, char *bytes, size_t size)
{
    const struct timespec retry_delay = {.tv_nsec = 10L * 1000 * 1000};
    struct pollfd readable = {.fd = STDIN_FILENO, .events = POLLIN};
    struct io_result input;

    while ((input = talk_input(talk, bytes, size)).status == IO_NO_DATA)
        if (poll(&readable, 1, -1) == -1)
            nanosleep(&retry_delay, NULL); /* no memory for poll(), or a signal: neither lasts */
    return input;
}

/* Shows what was folded so far, in a line that on a terminal may still grow. */
static void show(const struct talk *talk)
{
    char text[IO_TEXT_SIZE];

    fprintf(stderr, "%s%s%s", talk->on_terminal ? "\r" : "", talk->folded_call, io_describe(talk->folded, text));
    if (talk->folded.status == IO_TIMEOUT)
        fprintf(stderr, " after %g s", talk->seconds);
    if (talk->times > 1)
        fprintf(stderr, " x %lu", talk->times);
    if (!talk->on_terminal)
        fputc('\n', stderr);
}

/* Ends the line that is being folded. */
static void finish_line(struct talk *talk)
{
    if (talk->folded_call == NULL)
        return;
    if (talk->on_terminal || talk->times > 1)
        show(talk);
    if (talk->on_terminal)
        fputc('\n', stderr);
    talk->folded_call = NULL;
}

/* One more of the same is only counted, and shown on a terminal ten times a second. Anything else begins a new line. */
static void say(struct talk *talk, const char *call, struct io_result result)
{
    const bool again =
        talk->folded_call == call && talk->folded.status == result.status && talk->folded.error == result.error;

    if (again) {
        talk->times++;
        talk->folded.bytes += result.bytes;
        if (!talk->on_terminal || net_now() - talk->shown_at < 0.1)
            return;
    } else {
        finish_line(talk);
        talk->folded_call = call;
        talk->folded = result;
        talk->times = 1;
    }
    show(talk);
    talk->shown_at = net_now();
}

void talk_sent(struct talk *talk, struct io_result sent)
{
    static const char call[] = "send ";

    talk->sent += sent.bytes;
    if (talk->options->verbose || sent.status == IO_CONNECTION_CLOSED || sent.status == IO_ERROR)
        say(talk, call, sent);
}

void talk_input_ended(struct talk *talk)
{
    talk->input_ended = true;
}

static void print(const char *bytes, size_t size)
{
    if (!output_all(STDOUT_FILENO, bytes, size)) {
        complain("cannot write to standard output", io_of_recv(-1, errno));
        exit(1);
    }
}

void talk_received(struct talk *talk, struct io_result received, const char *bytes)
{
    static const char call[] = "";

    say(talk, call, received);
    talk->last = received;
    talk->received += received.bytes;
    if (received.bytes > 0) {
        if (talk->shares_terminal)
            finish_line(talk); /* or the answer would stand in the middle of it */
        print(bytes, received.bytes);
    }
}

bool talk_is_answered(const struct talk *talk)
{
    return talk->received >= talk->sent;
}

int talk_end(struct talk *talk)
{
    const bool is_complete = talk->input_ended && talk_is_answered(talk) && talk->last.status == IO_CONNECTION_CLOSED;

    finish_line(talk);
    if (talk->received > talk->sent)
        fprintf(stderr, "client: the server sent %zu bytes more than it was asked for\n", talk->received - talk->sent);
    else if (!is_complete)
        fprintf(stderr, "client: the connection broke off: %zu of the %zu bytes sent were answered%s\n", talk->received,
                talk->sent, talk->input_ended ? "" : ", and the input was not at its end");
    return is_complete ? 0 : 1;
}
