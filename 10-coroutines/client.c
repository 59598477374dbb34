/*
 * 10-coroutines - two coroutines: one sends, the other receives, and each may wait as long as it likes.
 *
 *     sending coroutine:     read input --> send() --> read input --> send() --> ... --> half-close
 *     receiving coroutine:   recv() --> print --> recv() --> print --> ...                            --> end of stream
 *
 * Both read as in 04, where they are threads. Here only one of them runs at a time, and the other goes on only where the first
 * one waits: the record of the conversation, which they share, needs no lock. epoll knows a descriptor once, so each
 * has one of its own for the same socket.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "coroutine.h"
#include "io_status.h"
#include "net.h"
#include "talk.h"

struct client {
    int fd; /* to receive from */
    int sending_fd; /* the same socket */
    bool open; /* more can come from the server */
    double seconds; /* how long one recv() may wait; 0: for ever */
    struct talk talk;
};

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0) {
        const struct io_result sent = coroutine_send(c->sending_fd, bytes, size);

        if (!c->open) /* the other coroutine has said why */
            return false;
        talk_sent(&c->talk, sent);
        switch (sent.status) {
        case IO_SUCCESS:
            bytes += sent.bytes;
            size -= sent.bytes;
            break;
        case IO_CONNECTION_CLOSED:
        case IO_ERROR:
            return false;
        case IO_NO_DATA: /* the coroutine waits instead */
        case IO_TIMEOUT: /* not without a time limit */
            break;
        }
    }
    return true;
}

/* Input is waited for first: read() would make both coroutines wait. */
static struct io_result take_input(struct client *c, char *piece, size_t size)
{
    struct io_result input = {.status = IO_SUCCESS};

    do {
        if (talk_input_fd(&c->talk) != -1)
            input = coroutine_wait_readable(talk_input_fd(&c->talk), 0);
        if (input.status == IO_SUCCESS)
            input = talk_input(&c->talk, piece, size);
    } while (input.status == IO_NO_DATA);
    return input;
}

/* The sending coroutine. */
static void send_input(void *client)
{
    static char piece[TALK_PIECE];
    struct client *c = client;
    struct io_result input;

    while ((input = take_input(c, piece, sizeof piece)).status == IO_SUCCESS)
        if (!send_all(c, piece, input.bytes))
            break;
    if (input.status == IO_CONNECTION_CLOSED && c->open) /* and not an error, nor an end of ours */
        talk_input_ended(&c->talk);
    shutdown(c->sending_fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
    coroutine_close(c->sending_fd);
}

/* Waits for one portion of the answers. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result received = coroutine_wait_readable(c->fd, c->seconds);

    if (received.status == IO_SUCCESS)
        received = io_recv(c->fd, piece, sizeof piece);
    if (received.status == IO_NO_DATA) /* nothing there after all */
        return;
    talk_received(&c->talk, received, piece);
    switch (received.status) {
    case IO_SUCCESS:
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA:
    case IO_TIMEOUT: /* not in time: the caller waits again */
        break;
    }
}

/* The receiving coroutine. */
static void receive_answers(void *client)
{
    struct client *c = client;

    while (c->open)
        receive(c);
    coroutine_stop(); /* gets the sender out of its wait, for input or for room */
    coroutine_close(c->fd);
}

/* Runs both to their end. Returns 0 or an errno. */
static int converse(struct client *c)
{
    int error = coroutine_start(send_input, c);

    if (error == 0)
        error = coroutine_start(receive_answers, c);
    return error == 0 ? coroutine_run() : error;
}

int main(int argc, char **argv)
{
    struct client client = {.open = true};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "10-coroutines: one coroutine sends, one receives", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1 || !net_set_nonblocking(client.fd))
        return 1;
    client.sending_fd = dup(client.fd);
    if (client.sending_fd == -1) {
        perror("client: cannot duplicate the socket's descriptor");
        return 1;
    }
    talk_begin(&client.talk, &options, client.seconds);
    const int error = converse(&client);
    if (error != 0) {
        fprintf(stderr, "client: cannot run coroutines: %s\n", strerror(error));
        return 1;
    }
    return talk_end(&client.talk);
}
