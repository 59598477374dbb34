/*
 * 11-io_uring - the server hands its calls in, the kernel makes them, and their results come back.
 *
 *     +--> hand in what is to be done next --> io_uring_enter() --> take the results, --+
 *     |    accept, recv, send: one for         waits until a call   one after           |
 *     |    each client, all at once            is complete          the other           |
 *     +---------------------------------------------------------------------------------+
 *
 * Nobody asks who is ready: a result says that the bytes have come, or are gone. One system call a turn does the work for
 * all clients. The price: from handing in until the result comes, a buffer is the kernel's. It may not be read, changed or
 * freed before, whatever happens meanwhile. So each connection has one call under way, and ends only with its result.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "ring.h"
#include "stop.h"
#include "upper.h"

enum { MAX_CALLS_A_RESULT = 2 }; /* that follow from it: after an accept(), a recv() and the next accept() */

/* What comes back with a result: whom it is for. */
struct call {
    void (*on_result)(struct call *call, int result); /* what the call itself would return, or a negated errno */
};

struct connection {
    struct call call; /* the one that is under way: first, so that a pointer to it is one to the connection */
    int fd;
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
    struct connection *next;
    struct connection **link; /* what points to this one: `connections`, or the `next` of the one before */
};

static struct connection *connections; /* all of them, to end their calls when we stop */
static struct io_uring ring;
static int under_way; /* calls whose results are still to come */
static int listener;
static int dead_peer_seconds;
static bool stopping;
static int stop_fd; /* can be read after a signal to stop: see stop_pipe() */

/* What the results call, in the order in which a connection meets it. */
static void on_accepted(struct call *call, int result);
static void on_retry_delay(struct call *call, int result);
static void on_received(struct call *call, int result);
static void on_sent(struct call *call, int result);
static void on_stop(struct call *call, int result);

/* The next turn hands `entry` in. Until its result comes, everything that it points to belongs to the kernel. */
static void hand_in(struct io_uring_sqe *entry, struct call *call, void (*on_result)(struct call *call, int result))
{
    call->on_result = on_result;
    io_uring_sqe_set_data(entry, call);
    under_way++;
}

static void accept_client(void)
{
    static struct call call;
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_accept(entry, listener, NULL, NULL, 0);
    hand_in(entry, &call, on_accepted);
}

/* Out of descriptors, newcomers wait in the backlog, and accept() would fail again at once. */
static void accept_later(void)
{
    static struct __kernel_timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    static struct call call;
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_timeout(entry, &retry_delay, 0, 0);
    hand_in(entry, &call, on_retry_delay);
}

static void receive(struct connection *c)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_recv(entry, c->fd, c->buffer, sizeof c->buffer, 0);
    hand_in(entry, &c->call, on_received);
}

/* Sends what is unsent, or the part of it that the kernel takes. */
static void answer(struct connection *c)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_send(entry, c->fd, c->buffer + c->sent, c->unsent, 0);
    hand_in(entry, &c->call, on_sent);
}

/* Frees the buffer, so only from the result of the connection's call: none is under way then. */
static void hang_up(struct connection *c)
{
    close(c->fd);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    free(c);
}

static void add_connection(int fd)
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
    receive(c);
}

static void on_accepted(struct call *call, int result)
{
    (void)call;
    if (stopping) {
        if (result >= 0)
            close(result);
        return;
    }
    if (result < 0) {
        log_accept(io_of_recv(result, -result));
        accept_later();
        return;
    }
    log_accept((struct io_result){.status = IO_SUCCESS});
    add_connection(result);
    accept_client();
}

static void on_retry_delay(struct call *call, int result)
{
    (void)call;
    (void)result; /* -ETIME: it is over */
    if (!stopping)
        accept_client();
}

static void on_received(struct call *call, int result)
{
    struct connection *c = (struct connection *)call;
    const struct io_result received = io_of_recv(result, -result);

    log_call(c->peer, "recv", received);
    switch (received.status) {
    case IO_SUCCESS:
        upper(c->buffer, received.bytes);
        c->unsent = received.bytes;
        c->sent = 0;
        answer(c);
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* not from a blocking socket: the call is under way until something comes */
    case IO_TIMEOUT: /* not without a time limit */
        receive(c);
        break;
    }
}

/* Back-pressure: until all is sent, nothing more is received. */
static void on_sent(struct call *call, int result)
{
    struct connection *c = (struct connection *)call;
    const struct io_result sent = io_of_send(result, -result);

    log_call(c->peer, "send", sent);
    switch (sent.status) {
    case IO_SUCCESS:
        c->sent += sent.bytes;
        c->unsent -= sent.bytes;
        if (c->unsent > 0)
            answer(c);
        else
            receive(c);
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* not without a time limit */
        answer(c);
        break;
    }
}

static void wait_for_stop(void)
{
    static struct call call;
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

    io_uring_prep_poll_add(entry, stop_fd, POLLIN);
    hand_in(entry, &call, on_stop);
}

/* Buffers that the kernel has cannot be freed. But after shutdown() every call on a socket is soon complete. */
static void on_stop(struct call *call, int result)
{
    (void)call;
    (void)result;
    stopping = true;
    shutdown(listener, SHUT_RDWR);
    for (struct connection *c = connections; c != NULL; c = c->next)
        shutdown(c->fd, SHUT_RDWR);
}

static void take_result(struct io_uring_cqe *completion)
{
    struct call *call = io_uring_cqe_get_data(completion);
    const int result = completion->res;

    io_uring_cqe_seen(&ring, completion);
    under_way--;
    call->on_result(call, result);
}

/*
 * The kernel had no memory for a result, and does not say whose it was (io_uring_enter(2), EBADR). Perhaps a client waits for
 * it, or the listener, or whoever wants us to stop: for ever.
 */
static _Noreturn void give_up(void)
{
    fputs("server: cannot go on: the kernel has lost a result\n", stderr);
    exit(1);
}

/* One turn: hands in what has been prepared, waits until one call at least is complete, and takes the results. */
static void serve_everybody(void)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    struct io_uring_cqe *completion;
    const int result = io_uring_submit_and_wait(&ring, 1);

    if (result == -EBADR)
        give_up();
    if (result < 0 && result != -EINTR) {
        log_call("server", "io_uring_enter", io_of_recv(result, -result));
        nanosleep(&retry_delay, NULL); /* no memory: the next call may fail, too */
    }
    while (io_uring_sq_space_left(&ring) >= MAX_CALLS_A_RESULT && io_uring_peek_cqe(&ring, &completion) == 0)
        take_result(completion);
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "11-io_uring: hands its calls in", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send()'s result is EPIPE instead */
    dead_peer_seconds = options.dead_peer_seconds;
    const int failed = open_ring(&ring, "server");
    if (failed != 0)
        return failed;
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    stop_fd = stop_pipe();
    if (stop_fd == -1)
        return 1;
    if (!announce_listening(listener, options.verbose))
        return 1;
    wait_for_stop();
    accept_client();
    while (under_way > 0)
        serve_everybody();
    io_uring_queue_exit(&ring);
    close(listener);
    return 0;
}
