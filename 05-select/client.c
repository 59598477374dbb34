/*
 * 05-select - one thread waits for two things at once: input to send, and answers to print.
 *
 *     +--> fill the sets --> select() waits --> input? read() --> room? send() --> answers? recv() --+
 *     |    what would we     until one of                                                            |
 *     |    do next?          them can go on                                                          |
 *     +----------------------------------------------------------------------------------------------+
 *
 * Nothing is waited for alone, so no wait can block another: what is typed goes out at once, an answer is printed when it
 * comes, and a server that closes is noticed while we wait for input. A piece of input is read only when the last is sent.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "talk.h"

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long the server may take; 0: for ever */
    bool wants_more; /* input */
    size_t unsent; /* bytes of the piece that are still to be sent */
    size_t sent; /* bytes in front of them that are */
    char piece[TALK_PIECE];
    struct talk talk;
};

static void take_input(struct client *c)
{
    const struct io_result input = talk_input(&c->talk, c->piece, sizeof c->piece);

    c->unsent = input.bytes;
    c->sent = 0;
    if (input.status == IO_SUCCESS || input.status == IO_NO_DATA)
        return;
    c->wants_more = false;
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
}

static void send_piece(struct client *c)
{
    const struct io_result sent = io_send(c->fd, c->piece + c->sent, c->unsent);

    talk_sent(&c->talk, sent);
    switch (sent.status) {
    case IO_SUCCESS:
        c->sent += sent.bytes;
        c->unsent -= sent.bytes;
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR: /* recv() does not report it again: it brings what came before, and then the end of stream */
        shutdown(c->fd, SHUT_WR);
        c->unsent = 0;
        c->wants_more = false;
        break;
    case IO_NO_DATA: /* no room after all */
    case IO_TIMEOUT: /* not without a time limit */
        break;
    }
}

static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    const struct io_result received = io_recv(c->fd, piece, sizeof piece);

    talk_received(&c->talk, received, piece);
    switch (received.status) {
    case IO_SUCCESS:
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* nothing there after all */
    case IO_TIMEOUT:
        break;
    }
}

/* Does the server owe us something? Then -t counts. */
static bool is_waiting_for_server(const struct client *c)
{
    return c->talk.input_ended || !talk_is_answered(&c->talk);
}

/* Waits until something can be done. Returns what select() returned; 0 after -t seconds. */
static int wait_for_anything(const struct client *c, fd_set *readable, fd_set *writable)
{
    struct timeval limit = net_timeval(c->seconds);
    const bool is_limited = c->seconds > 0 && is_waiting_for_server(c);

    FD_ZERO(readable);
    FD_ZERO(writable);
    FD_SET(c->fd, readable);
    if (c->unsent > 0)
        FD_SET(c->fd, writable);
    else if (c->wants_more)
        FD_SET(STDIN_FILENO, readable);
    return select(c->fd + 1, readable, writable, NULL, is_limited ? &limit : NULL);
}

static void converse(struct client *c)
{
    fd_set readable, writable;

    if (c->wants_more && c->unsent == 0 && talk_input_fd(&c->talk) == -1)
        take_input(c); /* messages need not be waited for */

    const int ready = wait_for_anything(c, &readable, &writable);
    if (ready == 0)
        talk_received(&c->talk, (struct io_result){.status = IO_TIMEOUT}, NULL);
    if (ready == -1 && errno != EINTR) { /* no memory, or a mistake of ours: the next call would fail, too */
        perror("client: select");
        c->open = false;
    }
    if (ready <= 0)
        return;
    if (FD_ISSET(STDIN_FILENO, &readable))
        take_input(c);
    if (FD_ISSET(c->fd, &writable))
        send_piece(c);
    if (FD_ISSET(c->fd, &readable))
        receive(c);
}

int main(int argc, char **argv)
{
    static struct client client = {.open = true, .wants_more = true};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "05-select: waits for input and answers at once", own_options);

    net_limit_descriptors(FD_SETSIZE); /* FD_SET() beyond it would write past the set: select(2) */
    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1 || !net_set_nonblocking(client.fd))
        return 1;
    talk_begin(&client.talk, &options, client.seconds);
    while (client.open)
        converse(&client);
    close(client.fd);
    return talk_end(&client.talk);
}
