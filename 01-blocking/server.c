/*
 * 01-blocking - the simplest server: every call waits until it is done.
 *
 *     accept() ---> recv() ---> send() ---> recv() ---> ... ---> close() ---> accept() ---> ...
 *     waits for     waits for   waits for       until the client's
 *     a client      its bytes   room            end of stream
 *
 * One thread, one client at a time. While the server sits in recv() for a client that says nothing, or in send() for one
 * that reads nothing, everybody else waits in the listener's backlog. Waiting costs no CPU time, and no program is easier
 * to follow: where it is in the text is where the conversation is.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
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

/* What the signal handler must know: lock-free atomics, for it may read no other static objects (C11 7.14.1.1). */
static atomic_int stopping;
static atomic_int listener;
static atomic_int client = -1; /* the connection being served, or -1 */

/*
 * A flag alone would not do: a signal that comes after the look at the flag and before the next call begins would leave us
 * in that call, perhaps for ever. So this takes away what we could wait for, and the call ends at once, begun or not.
 * close() and shutdown() are allowed in a signal handler (POSIX.1-2017 2.4.3).
 */
static void stop(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    if (!stopping) {
        stopping = true;
        close(listener);
        shutdown(client, SHUT_RDWR); /* with no client it does nothing */
    }
    errno = error;
}

/* Waits for the next client. */
static void accept_client(struct connection *c, int dead_peer_seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    const struct io_result accepted = io_accept(listener, &c->fd);

    if (stopping)
        return;
    log_accept(accepted);
    if (accepted.status != IO_SUCCESS) {
        nanosleep(&retry_delay, NULL); /* out of descriptors: the clients wait in the backlog, and so do we */
        return;
    }
    net_prepare(c->fd, dead_peer_seconds);
    net_peer_name(c->fd, c->peer);
    c->open = true;
}

static void hang_up(struct connection *c)
{
    client = -1; /* first: once it is closed, the number may stand for something else */
    close(c->fd);
    c->open = false;
    c->unsent = 0;
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
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* and not without a time limit */
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
    case IO_NO_DATA:
    case IO_TIMEOUT:
        break;
    }
}

/* Stays with one client until it leaves. */
static void serve(struct connection *c)
{
    client = c->fd; /* before the look at `stopping`: a signal that the look misses ends recv() by shutdown() */
    while (c->open && !stopping) {
        receive(c);
        while (c->unsent > 0)
            answer(c);
    }
    if (c->open)
        hang_up(c);
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "01-blocking: one client at a time", NULL);
    struct connection connection = {.fd = -1};

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    stop_calls(stop);
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping) {
        accept_client(&connection, options.dead_peer_seconds);
        serve(&connection);
    }
    return 0;
}
