/*
 * 03-settimeout - every call waits, but not for long: the server visits listener and clients in turn.
 *
 *     +--> anybody new?  --> A: bytes? ---> B: bytes? ---> ... --+
 *     |    accept()          recv()         recv()               |
 *     |    0 or up to t      up to t        up to t              |
 *     +----------------------------------------------------------+
 *
 * A client that has something to say is served for as long as it keeps us busy, for t seconds at most; one that is silent
 * costs everybody else its t. No client is shut out and no CPU time is burnt, but with n silent clients an answer can take
 * n times t. The server waits for new clients only while it has none.
 */
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "settimeout.h"
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
    settimeout_cancelled = true;
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

/* Accepts everybody in the backlog, after waiting up to `seconds` for the first. */
static void accept_clients(int listener, int dead_peer_seconds, double seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    struct io_result accepted;
    int fd;

    while ((accepted = settimeout_accept(listener, &fd, seconds)).status == IO_SUCCESS) {
        log_accept(accepted);
        add_connection(fd, dead_peer_seconds);
        if (!net_set_nonblocking(fd)) /* the listener's flag is inherited on BSDs, but not on Linux: accept(2) */
            hang_up(&connections[fd]);
        seconds = 0; /* from here on only those who are there already */
    }
    log_accept(accepted);
    if (accepted.status == IO_ERROR && seconds > 0)
        nanosleep(&retry_delay, NULL); /* out of descriptors: the clients wait in the backlog, and so do we */
}

/* Receives bytes and turns them into an answer. */
static void receive(struct connection *c, double seconds)
{
    const struct io_result received = settimeout_recv(c->fd, c->buffer, sizeof c->buffer, seconds);

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
    case IO_TIMEOUT: /* not in time */
        break;
    }
}

/* Sends what is unsent, or the part of it that the kernel takes. */
static void answer(struct connection *c, double seconds)
{
    const struct io_result sent = settimeout_send(c->fd, c->buffer + c->sent, c->unsent, seconds);

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
static void serve(struct connection *c, double seconds)
{
    const double end = net_now() + seconds;

    do {
        found_something = false;
        if (c->unsent == 0)
            receive(c, seconds);
        if (c->unsent > 0) /* usually the kernel takes it all at once */
            answer(c, found_something ? 0 : seconds);
        seconds = 0; /* it has had its wait: from here on only what is there already */
    } while (c->open && found_something && net_now() < end && !stopping);
}

static void serve_everybody(int listener, int dead_peer_seconds, double seconds)
{
    accept_clients(listener, dead_peer_seconds, highest == -1 ? seconds : 0);
    for (int fd = 0; fd <= highest && !stopping; fd++)
        if (connections[fd].open)
            serve(&connections[fd], seconds);
}

int main(int argc, char **argv)
{
    double seconds = 0.1;
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "how long to wait for one client (default 0.1)", 0.001, 3600, .value = &seconds},
        {0},
    };
    const struct server_options options =
        cli_server(argc, argv, "03-settimeout: visits everybody for a limited time", own_options);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    net_limit_descriptors(MAX_DESCRIPTORS);
    const int listener = net_listen(options.address, options.port);
    if (listener == -1 || !net_set_nonblocking(listener))
        return 1;
    stop_calls(stop);
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        serve_everybody(listener, options.dead_peer_seconds, seconds);
    close(listener);
    while (highest >= 0)
        hang_up(&connections[highest]);
    return 0;
}
