/*
 * 02-fcntl-nonblock - nothing waits: every socket is non-blocking, and one loop asks everybody in turn.
 *
 *     +--> anybody new? --> bytes from A? --> bytes from B? --> ... --> (pause) --+
 *     |      accept()         recv()            recv()                            |
 *     +---------------------------------------------------------------------------+
 *
 * NO_DATA means "not now", and the loop goes on to the next client: no client shuts out another. It costs a system call
 * per client and round although nearly all of them answer NO_DATA. With -i 0 the rounds follow each other without a pause
 * and keep a core busy while nobody says a word; with -i 10 the server sleeps, and every byte waits up to 10 ms.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

enum { MAX_DESCRIPTORS = 1024 };

struct connection {
    int fd;
    bool open;
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
};

static struct connection connections[MAX_DESCRIPTORS]; /* by descriptor */
static int highest = -1; /* the highest of those that are open */
static bool found_something; /* in this pass of the loop */

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    stopping = true;
}

static void add_connection(int fd, int dead_peer_seconds)
{
    struct connection *c = &connections[fd];

    c->fd = fd;
    c->open = true;
    c->unsent = 0;
    if (fd > highest)
        highest = fd;
    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, c->peer);
}

static void hang_up(struct connection *c)
{
    close(c->fd);
    c->open = false;
    c->unsent = 0;
    while (highest >= 0 && !connections[highest].open)
        highest--;
}

/*
 * From here on no call on this socket waits. F_SETFL replaces all of its file status flags (POSIX.1-2017 fcntl()), so
 * F_GETFL reads them first, and O_NONBLOCK is added: the others stay as they are.
 */
static bool set_nonblocking(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1)
        return true;
    perror("server: cannot make a socket non-blocking");
    return false;
}

/* Accepts everybody in the backlog. */
static void accept_clients(int listener, int dead_peer_seconds)
{
    struct io_result accepted;
    int fd;

    while ((accepted = io_accept(listener, &fd)).status == IO_SUCCESS) {
        log_accept(accepted);
        add_connection(fd, dead_peer_seconds);
        found_something = true;
        if (!set_nonblocking(fd)) /* the listener's flag is inherited on BSDs, but not on Linux: accept(2) */
            hang_up(&connections[fd]);
    }
    log_accept(accepted); /* NO_DATA: that was everybody. Out of descriptors: they wait for a later round */
}

/* Receives bytes and turns them into an answer. */
static void receive(struct connection *c)
{
    const struct io_result received = io_recv(c->fd, c->buffer, sizeof c->buffer);

    log_call(c->peer, "recv", received);
    switch (received.status) {
    case IO_SUCCESS:
        upper(c->buffer, received.bytes);
        c->unsent = received.bytes;
        c->sent = 0;
        found_something = true;
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* not now: the next round asks again */
    case IO_TIMEOUT: /* not without a time limit */
        break;
    }
}

/* Sends what is unsent, or the part of it that the kernel takes. */
static void answer(struct connection *c)
{
    const struct io_result sent = io_send(c->fd, c->buffer + c->sent, c->unsent);

    log_call(c->peer, "send", sent);
    switch (sent.status) {
    case IO_SUCCESS:
        c->sent += sent.bytes;
        c->unsent -= sent.bytes;
        found_something = true;
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* no room: what is unsent stays in the buffer, and until it is gone we receive no more */
    case IO_TIMEOUT:
        break;
    }
}

/* One turn of one client: it either reads or drains. While something is unsent, nothing more is received from it. */
static void serve(struct connection *c)
{
    if (c->unsent == 0)
        receive(c);
    if (c->unsent > 0) /* usually the kernel takes it all at once */
        answer(c);
}

static void serve_everybody(int listener, int dead_peer_seconds, double milliseconds)
{
    const struct timespec pause = {.tv_nsec = (long)(milliseconds * 1e6)};

    found_something = false;
    accept_clients(listener, dead_peer_seconds);
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].open)
            serve(&connections[fd]);
    if (!found_something && milliseconds > 0)
        nanosleep(&pause, NULL); /* the signal to stop ends it early */
}

int main(int argc, char **argv)
{
    double milliseconds = 0;
    /* A signal that comes just before the pause does not end it, so it is short: a stop may take a second at most. */
    const struct cli_number own_options[] = {
        {'i', "MILLISECONDS", "pause after a round that found nothing (default 0: spin)", 0, 500,
         .value = &milliseconds},
        {0},
    };
    const struct server_options options =
        cli_server(argc, argv, "02-fcntl-nonblock: asks everybody in turn", own_options);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    net_limit_descriptors(MAX_DESCRIPTORS);
    const int listener = net_listen(options.address, options.port);
    if (listener == -1 || !set_nonblocking(listener))
        return 1;
    stop_calls(stop);
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        serve_everybody(listener, options.dead_peer_seconds, milliseconds);
    close(listener);
    while (highest >= 0)
        hang_up(&connections[highest]);
    return 0;
}
