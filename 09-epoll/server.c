/*
 * 09-epoll - the kernel keeps the set: every client is put in once, and epoll_wait() hands out only those who are ready.
 *
 *     +--> epoll_wait() waits --> anybody new? --> serve those who are ready --> who must be waited for --+
 *     |    until somebody           accept()         recv(), send()              otherwise now?           |
 *     |    is ready                                                              epoll_ctl()              |
 *     +---------------------------------------------------------------------------------------------------+
 *
 * As in 05, one thread serves all and sleeps while there is nothing to do, but no set is filled and none is searched: a
 * turn costs time in proportion to those who are ready, and there is no limit but that of descriptors. It costs one
 * epoll_wait() for each batch of messages, and an epoll_ctl() whenever a client must be waited for in another way. And the
 * set is out of our sight: an event brings back an address, and a client must still be there.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

enum { MAX_EVENTS = 64 }; /* in a turn: where more are ready, the others come first in the next one (epoll_wait(2)) */

struct connection {
    int fd;
    bool open;
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
    struct connection *next;
    struct connection **link; /* what points to this one: `connections`, or the `next` of the one before */
};

static struct connection *connections; /* all of them, to find them at the end: the set cannot be read */
static double retry_accept_at; /* net_now() when to accept again, after a lack of descriptors */

static int epoll_fd; /* the set */
static int listener;
static bool stopping;
static int stop_fd; /* can be read after a signal to stop: see stop_pipe() */

/*
 * Puts `fd` into the set (EPOLL_CTL_ADD), or changes what it is waited for (EPOLL_CTL_MOD). With each event `who` comes back:
 * the address of a connection, or of `listener` or `stop_fd`.
 */
static bool set_events(int operation, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data.ptr = who};

    return epoll_ctl(epoll_fd, operation, fd, &event) == 0;
}

/* A client is waited for until it takes what is unsent, or else until it has sent something. */
static void wait_for(struct connection *c, int operation)
{
    if (set_events(operation, c->fd, c->unsent > 0 ? EPOLLOUT : EPOLLIN, c))
        return;
    log_refusal(c->peer, "cannot wait for it", errno); /* ENOMEM, or ENOSPC: max_user_watches in epoll(7) */
    c->open = false;
}

/*
 * close() takes the client out of the set, for no other descriptor stands for the same socket (epoll(7)). Its memory may
 * go, too: an event that epoll_wait() wrote before would still bring its address, but a client has one event in a turn,
 * and it is the one being served. If we hung up on others meanwhile, free() would have to wait until the turn is over.
 */
static void hang_up(struct connection *c)
{
    close(c->fd);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    free(c);
    retry_accept_at = 0; /* there is a free descriptor */
}

static void add_connection(int fd, int dead_peer_seconds)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL) {
        char peer[NET_NAME_SIZE];
        log_refusal(net_peer_name(fd, peer), "no memory for it", ENOMEM);
        close(fd);
        return;
    }
    c->fd = fd;
    c->next = connections;
    c->link = &connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    connections = c;
    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, c->peer);
    c->open = net_set_nonblocking(fd); /* the listener's flag is inherited on BSDs, but not on Linux: accept(2) */
    if (c->open)
        wait_for(c, EPOLL_CTL_ADD);
    if (!c->open)
        hang_up(c);
}

/* Accepts everybody in the backlog. */
static void accept_clients(int dead_peer_seconds)
{
    struct io_result accepted;
    int fd;

    while ((accepted = io_accept(listener, &fd)).status == IO_SUCCESS) {
        log_accept(accepted);
        add_connection(fd, dead_peer_seconds);
    }
    log_accept(accepted);
    if (accepted.status == IO_ERROR) /* out of descriptors, and the listener stays "ready": leave it out for a second */
        retry_accept_at = net_now() + 1;
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
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* "ready" is a hint and no promise here, too */
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
        c->open = false;
        break;
    case IO_NO_DATA: /* no room: what is unsent stays in the buffer, and until it is gone we receive no more */
    case IO_TIMEOUT:
        break;
    }
}

/* One turn of one client: it either reads or drains. While something is unsent, nothing more is received from it. */
static void serve(struct connection *c)
{
    const bool was_draining = c->unsent > 0;

    if (c->unsent == 0)
        receive(c);
    if (c->unsent > 0) /* usually the kernel takes it all at once */
        answer(c);
    if (c->open && was_draining != (c->unsent > 0)) /* seldom: most turns leave the set as it is */
        wait_for(c, EPOLL_CTL_MOD);
    if (!c->open)
        hang_up(c);
}

/*
 * Sleeps until somebody is ready, and returns how many are. EINTR counts as nobody, and epoll_wait(2) has no other error
 * that is not a mistake of ours.
 */
static int wait_for_anybody(struct epoll_event *events)
{
    static bool was_accepting = true;
    const bool accepting = net_now() >= retry_accept_at;

    if (accepting != was_accepting)
        set_events(EPOLL_CTL_MOD, listener, accepting ? EPOLLIN : 0, &listener);
    was_accepting = accepting;
    return epoll_wait(epoll_fd, events, MAX_EVENTS, accepting ? -1 : 1000);
}

static void serve_everybody(int dead_peer_seconds)
{
    struct epoll_event events[MAX_EVENTS];
    const int ready = wait_for_anybody(events);
    char byte;

    for (int i = 0; i < ready; i++) {
        void *who = events[i].data.ptr;
        if (who == &stop_fd)
            stopping = read(stop_fd, &byte, 1) == 1;
        else if (who == &listener)
            accept_clients(dead_peer_seconds);
        else
            serve(who); /* whatever the event is, also EPOLLERR or EPOLLHUP: recv() or send() says what it means */
    }
}

static void hang_up_everybody(void)
{
    for (struct connection *c = connections, *next; c != NULL; c = next) {
        next = c->next;
        hang_up(c);
    }
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "09-epoll: waits with a set in the kernel", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    listener = net_listen(options.address, options.port);
    if (listener == -1 || !net_set_nonblocking(listener))
        return 1;
    stop_fd = stop_pipe();
    if (stop_fd == -1)
        return 1;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd == -1 || !set_events(EPOLL_CTL_ADD, listener, EPOLLIN, &listener) ||
        !set_events(EPOLL_CTL_ADD, stop_fd, EPOLLIN, &stop_fd)) {
        perror("server: cannot wait with epoll");
        return 1;
    }
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        serve_everybody(options.dead_peer_seconds);
    close(listener);
    hang_up_everybody();
    close(epoll_fd);
    return 0;
}
