/*
 * 05-select - the server waits for everybody at once: select() says who is ready, and only those are asked.
 *
 *     +--> fill the sets --> select() waits --> anybody new? --> serve those who are ready --+
 *     |    who may read?     until somebody       accept()         recv(), send()             |
 *     |    who must write?   is ready                                                         |
 *     +---------------------------------------------------------------------------------------+
 *
 * One thread serves all, sleeps while there is nothing to do, and no client shuts out another. It costs one select() for
 * each batch of messages, and time in proportion to the highest descriptor: the sets are filled anew before every call
 * and searched after it. And a set has places for the descriptors below FD_SETSIZE (1,024) only.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
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
static double retry_accept_at; /* net_now() when to accept again, after a lack of descriptors */

static bool stopping;
static int stop_reader; /* the self-pipe: what stop() writes can be read here */
static atomic_int stop_writer; /* a lock-free atomic, for a handler may read no other static objects (C11 7.14.1.1) */

/*
 * A flag alone would not do: a signal that comes after the look at the flag and before select() begins would leave us in
 * select(), perhaps for ever. So this writes a byte into a pipe whose other end select() watches, and select() ends at
 * once, begun or not: nobody takes the byte out. write() is allowed in a signal handler (POSIX.1-2017 2.4.3).
 */
static void stop(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */
    const char byte = '!';
    const ssize_t written = write(stop_writer, &byte, 1); /* a full pipe takes no more, and need not: it is readable */

    (void)signal_number;
    (void)written;
    errno = error;
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
    retry_accept_at = 0; /* there is a free descriptor */
}

/* Accepts everybody in the backlog. */
static void accept_clients(int listener, int dead_peer_seconds)
{
    struct io_result accepted;
    int fd;

    while ((accepted = io_accept(listener, &fd)).status == IO_SUCCESS) {
        log_accept(accepted);
        add_connection(fd, dead_peer_seconds);
        if (!net_set_nonblocking(fd)) /* the listener's flag is inherited on BSDs, but not on Linux: accept(2) */
            hang_up(&connections[fd]);
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
    if (c->unsent > 0) /* usually the kernel takes it all at once */
        answer(c);
}

/* Each client is in one set only: it is waited for until it takes what is unsent, or else until it has sent something. */
static void fill_sets(int listener, bool accepting, fd_set *readable, fd_set *writable)
{
    FD_ZERO(readable);
    FD_ZERO(writable);
    FD_SET(stop_reader, readable);
    if (accepting)
        FD_SET(listener, readable);
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].open)
            FD_SET(fd, connections[fd].unsent > 0 ? writable : readable);
}

/* Sleeps until somebody is ready. Says whether the sets mean anything: after a signal they do not. */
static bool wait_for_anybody(int listener, fd_set *readable, fd_set *writable)
{
    struct timeval second = {.tv_sec = 1};
    const bool accepting = net_now() >= retry_accept_at;
    const int top = highest > stop_reader ? highest : stop_reader; /* the listener, opened before the pipe, is below */

    fill_sets(listener, accepting, readable, writable);
    const int ready = select(top + 1, readable, writable, NULL, accepting ? NULL : &second);
    if (ready == -1 && errno != EINTR) { /* no memory, or a mistake of ours: the next call would fail, too */
        log_call("server", "select", (struct io_result){.status = IO_ERROR, .error = errno});
        exit(1);
    }
    return ready > 0;
}

static void serve_everybody(int listener, int dead_peer_seconds)
{
    fd_set readable, writable;

    if (!wait_for_anybody(listener, &readable, &writable))
        return;
    stopping = FD_ISSET(stop_reader, &readable);
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
    stop_reader = stop_pipe(&stop_writer);
    if (listener == -1 || !net_set_nonblocking(listener) || stop_reader == -1)
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
