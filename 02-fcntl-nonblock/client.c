/*
 * 02-fcntl-nonblock - a client that never waits for the server, but asks it again and again.
 *
 *     read a piece of input --> send() until it is sent --> recv() until it is answered --> the next piece ...
 *                               NO_DATA? receive, and       NO_DATA? pause, and
 *                               try again                   ask again
 *
 * When the server takes no more (send() says NO_DATA), the client receives: so the two never wait for each other, and it
 * can send more than all buffers hold. It costs a system call per question, and the pause between two questions is never
 * right: a short one burns CPU time, a long one delays the answer. So it begins short and doubles, up to -t seconds. Only
 * for its input does the client wait, in a blocking read().
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "talk.h"

struct client {
    int fd;
    bool open; /* more can come from the server */
    double pause; /* before the next question, in seconds */
    double longest_pause;
    struct talk talk;
};

static const double shortest_pause = 0.0001;

/*
 * From here on no call on this socket waits. F_SETFL replaces all of its file status flags (POSIX.1-2017 fcntl()), so
 * F_GETFL reads them first, and O_NONBLOCK is added: the others stay as they are.
 */
static bool set_nonblocking(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1)
        return true;
    perror("client: cannot make a socket non-blocking");
    return false;
}

static void rest(struct client *c)
{
    const time_t whole = (time_t)c->pause;
    const struct timespec pause = {.tv_sec = whole, .tv_nsec = (long)((c->pause - (double)whole) * 1e9)};

    nanosleep(&pause, NULL);
    c->pause = c->pause * 2 < c->longest_pause ? c->pause * 2 : c->longest_pause;
}

/* Asks once whether there is an answer. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    const struct io_result received = io_recv(c->fd, piece, sizeof piece);

    talk_received(&c->talk, received, piece);
    switch (received.status) {
    case IO_SUCCESS:
        c->pause = shortest_pause;
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* not yet */
    case IO_TIMEOUT: /* not without a time limit */
        rest(c);
        break;
    }
}

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0 && c->open) {
        const struct io_result sent = io_send(c->fd, bytes, size);

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
    struct client client = {.open = true, .pause = shortest_pause, .longest_pause = 0.1};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "longest pause before asking again (default 0.1)", 0, 3600, .value = &client.longest_pause},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "02-fcntl-nonblock: asks again and again", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1 || !set_nonblocking(client.fd))
        return 1;
    talk_begin(&client.talk, &options, 0);
    converse(&client);
    while (client.open)
        receive(&client);
    close(client.fd);
    return talk_end(&client.talk);
}
