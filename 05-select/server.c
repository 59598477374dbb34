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
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>
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
static int stop_fd; /* can be read after a signal to stop: see stop_pipe() */

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
    FD_SET(stop_fd, readable);
    if (accepting)
        FD_SET(listener, readable);
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].open)
            FD_SET(fd, connections[fd].unsent > 0 ? writable : readable);
}

/*
 * Sleeps until somebody is ready, and leaves only those in the sets. If select() fails, the sets stay as they are (POSIX.1-2017
 * select()), so everybody is asked: that does no harm.
 */
static void wait_for_anybody(int listener, fd_set *readable, fd_set *writable)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    struct timeval second = {.tv_sec = 1};
    const bool accepting = net_now() >= retry_accept_at;
    const int top = highest > stop_fd ? highest : stop_fd; /* the listener, opened before the pipe, is below */

    fill_sets(listener, accepting, readable, writable);
    if (select(top + 1, readable, writable, NULL, accepting ? NULL : &second) == -1 && errno != EINTR) {
        log_call("server", "select", (struct io_result){.status = IO_ERROR, .error = errno});
        nanosleep(&retry_delay, NULL); /* no memory: the next call may fail, too */
    }
}

static void serve_everybody(int listener, int dead_peer_seconds)
{
    fd_set readable, writable;
    char byte;

    wait_for_anybody(listener, &readable, &writable);
    stopping = FD_ISSET(stop_fd, &readable) && read(stop_fd, &byte, 1) == 1;
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
    stop_fd = stop_pipe();
    if (stop_fd == -1)
        return 1;
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        serve_everybody(listener, options.dead_peer_seconds);
    close(listener);
    while (highest >= 0)
        hang_up(&connections[highest]);
    return 0;
}
