/*
 * 11-io_uring - the client hands in what it wants to be done, and hears when it is: input read, sent, an answer received.
 *
 *     +--> hand in what is to be done next --> io_uring_enter() --> take the results, --+
 *     |    recv, and beside it                 waits until a call   one after           |
 *     |    read or send                        is complete          the other           |
 *     +---------------------------------------------------------------------------------+
 *
 * Where 06 needs three kinds of handles, one call does: read() of standard input, be it a terminal, a pipe or a file. Two
 * calls are under way at the same time, so there are two buffers. Both are the kernel's until the results come.
 */
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "ring.h"
#include "talk.h"

/* What comes back with a result. Until it does, everything that the call was given belongs to the kernel. */
struct call {
    void (*on_result)(int result); /* what the call itself would return, or a negated errno */
};

static struct io_uring ring;
static int fd;
static bool is_open = true; /* more can come from the server */
static double seconds; /* how long the server may take; 0: for ever */
static size_t unsent; /* bytes of the piece that are still to be sent */
static size_t sent; /* bytes in front of them that are */
static char piece[TALK_PIECE];
static char answer[TALK_PIECE];
static struct talk talk;

static void on_input(int result);
static void on_input_ready(int result);
static void on_sent(int result);
static void on_received(int result);

static void send_piece(void)
{
    static struct call call = {on_sent};
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_send(entry, fd, piece + sent, unsent, 0);
    io_uring_sqe_set_data(entry, &call);
}

static void receive(void)
{
    static struct call call = {on_received};
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_recv(entry, fd, answer, sizeof answer, 0);
    io_uring_sqe_set_data(entry, &call);
}

static void read_input(void)
{
    static struct call call = {on_input};
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_read(entry, STDIN_FILENO, piece, sizeof piece, (__u64)-1); /* from where the file stands */
    io_uring_sqe_set_data(entry, &call);
}

/* Readiness can be waited for, too. */
static void wait_for_input(void)
{
    static struct call call = {on_input_ready};
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_poll_add(entry, STDIN_FILENO, POLLIN);
    io_uring_sqe_set_data(entry, &call);
}

static void pass_on(struct io_result input)
{
    switch (input.status) {
    case IO_SUCCESS:
        unsent = input.bytes;
        sent = 0;
        send_piece();
        break;
    case IO_CONNECTION_CLOSED: /* the end of the input */
        talk_input_ended(&talk);
        shutdown(fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
        break;
    case IO_ERROR: /* has been said */
        shutdown(fd, SHUT_WR);
        break;
    case IO_NO_DATA: /* standard input is non-blocking, then read() does not wait in the kernel either */
    case IO_TIMEOUT: /* not without a time limit */
        wait_for_input();
        break;
    }
}

static void take_input(void)
{
    if (talk_input_fd(&talk) == -1)
        pass_on(talk_input(&talk, piece, sizeof piece)); /* messages need not be waited for */
    else
        read_input();
}

static void on_input_ready(int result)
{
    (void)result;
    take_input();
}

static void on_input(int result)
{
    const bool interrupted = result == -EINTR; /* Ctrl-Z, where the kernel reads in a thread of its own */
    const struct io_result input = io_of_recv(result, interrupted ? EAGAIN : -result);

    if (input.status == IO_ERROR) {
        char text[IO_TEXT_SIZE];
        fprintf(stderr, "client: cannot read standard input: %s\n", io_describe(input, text));
    }
    pass_on(input);
}

static void on_sent(int result)
{
    const struct io_result taken = io_of_send(result, -result);

    talk_sent(&talk, taken);
    switch (taken.status) {
    case IO_SUCCESS:
        sent += taken.bytes;
        unsent -= taken.bytes;
        if (unsent > 0)
            send_piece();
        else
            take_input();
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR: /* recv() does not report it again: it brings what came before, and then the end of stream */
        shutdown(fd, SHUT_WR);
        break;
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* not without a time limit */
        send_piece();
        break;
    }
}

static void on_received(int result)
{
    const struct io_result received = io_of_recv(result, -result);

    talk_received(&talk, received, answer);
    switch (received.status) {
    case IO_SUCCESS:
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* not without a time limit, see converse() */
        receive();
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        is_open = false;
        break;
    }
}

/* Does the server owe us something? Then -t counts. */
static bool is_waiting_for_server(void)
{
    return talk.input_ended || !talk_is_answered(&talk);
}

/* Hands in what has been prepared and waits until a call is complete. Returns 0 or a negated errno: -ETIME after -t. */
static int wait_for_anything(void)
{
    const long long whole = (long long)seconds;
    struct __kernel_timespec limit = {.tv_sec = whole, .tv_nsec = (long long)((seconds - (double)whole) * 1e9)};
    const bool is_limited = seconds > 0 && is_waiting_for_server();
    struct io_uring_cqe *first;

    return io_uring_submit_and_wait_timeout(&ring, &first, 1, is_limited ? &limit : NULL, NULL);
}

static void converse(void)
{
    struct io_uring_cqe *completion;
    const int result = wait_for_anything();

    if (result == -ETIME)
        talk_received(&talk, (struct io_result){.status = IO_TIMEOUT}, NULL);
    if (result < 0 && result != -ETIME && result != -EINTR) { /* no memory, or a mistake of ours: it would fail again */
        fprintf(stderr, "client: io_uring_enter: %s\n", strerror(-result));
        is_open = false;
    }
    while (is_open && io_uring_peek_cqe(&ring, &completion) == 0) {
        struct call *call = io_uring_cqe_get_data(completion);
        call->on_result(completion->res);
        io_uring_cqe_seen(&ring, completion);
    }
}

int main(int argc, char **argv)
{
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600, .value = &seconds},
        {0},
    };
    const struct client_options options = cli_client(argc, argv, "11-io_uring: hands its calls in", own_options);

    if (open_ring(&ring, "client") != 0)
        return 1;
    fd = net_connect(options.address, options.port);
    if (fd == -1)
        return 1;
    talk_begin(&talk, &options, seconds);
    receive();
    take_input();
    while (is_open)
        converse();
    io_uring_queue_exit(&ring);
    close(fd);
    return talk_end(&talk);
}
