/*
 * 05-select - the server waits for everybody at once: select() says who is ready, and only those are asked.
 *
 *     +--> fill the sets --> select() waits --> anybody new? --> serve those who are ready --+
 *     |    who may read?     until somebody       accept()         recv(), send()             |
 *     |    who must write?   is ready                                                         |
 *     +---------------------------------------------------------------------------------------+
 *
 * One thread serves all, sleeps while there is nothing to do, and no one shuts another out. It costs one select() for
 * each batch of messages, and time in proportion to the highest descriptor: the sets are filled anew before every call
 * and searched after it. And a set has places for the descriptors below FD_SETSIZE (1,024) only.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

struct connection {
    int fd;
    bool open;
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
};

static struct connection connections[FD_SETSIZE]; /* by descriptor */
static int highest = -1; /* the highest of those that are open */
static double accept_from; /* net_now() when to accept again, after a lack of descriptors */

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    stopping = true;
}

static void welcome(int fd, int dead_peer_seconds)
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
    accept_from = 0; /* there is a free descriptor */
}

/* Takes everybody who waits in the backlog. */
static void accept_clients(int listener, int dead_peer_seconds)
{
    struct io_result accepted;
    int fd;

    while ((accepted = io_accept(listener, &fd)).status == IO_SUCCESS) {
        log_accept(accepted);
        welcome(fd, dead_peer_seconds);
        if (!net_set_nonblocking(fd)) /* each socket by itself: it is not inherited from the listener */
            hang_up(&connections[fd]);
    }
    log_accept(accepted);
    if (accepted.status == IO_ERROR) /* out of descriptors, and the listener stays "ready": who waits goes on waiting */
        accept_from = net_now() + 1;
}

/* Asks for bytes and turns them into an answer. */
static void receive(struct connection *c)
{
    const struct io_result received = io_recv(c->fd, c->buffer, sizeof c->buffer);

    log_call(c->peer, "recv", received);
    switch (received.status) {
    case IO_SUCCESS:
        upper(c->buffer, received.bytes);
        c->unsent = received.bytes;
        c->sent = 0;
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* select() gives a hint and no promise: see BUGS in select(2) */
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
    if (c->unsent > 0) /* mostly the kernel takes it all at once */
        answer(c);
}

/* Everybody is waited for in one way: who is owed something until there is room, all others until they have sent. */
static void fill_sets(int listener, bool accepting, fd_set *readable, fd_set *writable)
{
    FD_ZERO(readable);
    FD_ZERO(writable);
    if (accepting)
        FD_SET(listener, readable);
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].open)
            FD_SET(fd, connections[fd].unsent > 0 ? writable : readable);
}

/* Sleeps until somebody is ready, or a signal comes. Says whether the sets mean anything. */
static bool wait_for_anybody(int listener, fd_set *readable, fd_set *writable)
{
    const struct timespec second = {.tv_sec = 1};
    const bool accepting = net_now() >= accept_from;
    const int top = highest > listener ? highest : listener;

    fill_sets(listener, accepting, readable, writable);
    /* A signal must not slip in after the look at `stopping` and before the wait. */
    const sigset_t unblocked = stop_block();
    const int ready = stopping ? 0 : pselect(top + 1, readable, writable, NULL, accepting ? NULL : &second, &unblocked);
    const int error = errno;
    /* If somebody was ready already, pselect() did not sleep, and the signal comes in here. */
    pthread_sigmask(SIG_SETMASK, &unblocked, NULL);
    if (ready == -1 && error != EINTR)
        log_call("everybody", "select", io_of_recv(-1, error));
    return ready > 0;
}

static void serve_everybody(int listener, int dead_peer_seconds)
{
    fd_set readable, writable;

    if (!wait_for_anybody(listener, &readable, &writable))
        return;
    if (FD_ISSET(listener, &readable))
        accept_clients(listener, dead_peer_seconds);
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].open && (FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)))
            serve(&connections[fd]);
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "05-select: waits for everybody at once", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    net_limit_descriptors(FD_SETSIZE); /* FD_SET() beyond it would write past the set: select(2) */
    const int listener = net_listen(options.address, options.port);
    if (listener == -1 || !net_set_nonblocking(listener))
        return 1;
    stop_calls(stop);
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        serve_everybody(listener, options.dead_peer_seconds);
    close(listener);
    while (highest >= 0)
        hang_up(&connections[highest]);
    return 0;
}
