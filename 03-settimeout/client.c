/*
 * 03-settimeout - a client that waits for the server, but not for ever: after -t seconds it says so and tries again.
 *
 *     read a piece of input --> send() until it is sent --> recv() until it is answered --> the next piece ...
 *                               TIMEOUT? receive, and       TIMEOUT? say so, and
 *                               try again                   wait again
 *
 * It sleeps while it waits and wakes up the moment an answer comes, so it needs no pause as 02 does. A TIMEOUT says
 * nothing about the connection: the server may be busy, or its answer on the way. How long is too long, the program must
 * know. When the server takes nothing for that long, the client receives: so the two never wait for each other for ever.
 */
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "settimeout.h"
#include "talk.h"

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long one call may wait */
    struct talk talk;
};

/* Waits once for an answer. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    const struct io_result received = settimeout_recv(c->fd, piece, sizeof piece, c->seconds);

    talk_received(&c->talk, received, piece);
    switch (received.status) {
    case IO_SUCCESS:
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* not with a time limit */
    case IO_TIMEOUT: /* not in time: the caller waits again */
        break;
    }
}

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0 && c->open) {
        const struct io_result sent = settimeout_send(c->fd, bytes, size, c->seconds);

        talk_sent(&c->talk, sent);
        switch (sent.status) {
        case IO_SUCCESS:
            bytes += sent.bytes;
            size -= sent.bytes;
            break;
        case IO_CONNECTION_CLOSED:
        case IO_ERROR:
            return false;
        case IO_NO_DATA: /* no room: perhaps the server waits until we take its answers */
        case IO_TIMEOUT:
            receive(c);
            break;
        }
    }
    return c->open;
}

/* Piece by piece: what is typed is answered before the next line is read. */
static void converse(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result input;

    while ((input = talk_wait_for_input(&c->talk, piece, sizeof piece)).status == IO_SUCCESS) {
        if (!send_all(c, piece, input.bytes))
            break;
        while (c->open && !talk_is_answered(&c->talk))
            receive(c);
        if (!c->open)
            return;
    }
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
}

int main(int argc, char **argv)
{
    struct client client = {.open = true, .seconds = 2};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "give up after so long, and try again (default 2)", 0.001, 3600, .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "03-settimeout: waits for a limited time", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1 || !net_set_nonblocking(client.fd))
        return 1;
    talk_begin(&client.talk, &options, client.seconds);
    converse(&client);
    while (client.open)
        receive(&client);
    close(client.fd);
    return talk_end(&client.talk);
}
