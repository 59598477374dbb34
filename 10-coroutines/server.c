/*
 * 10-coroutines - blocking calls to read, but none that blocks: whoever would wait is put aside, and another goes on.
 *
 *     a coroutine:        accept() --> a new coroutine --> accept() --> a new coroutine --> ...
 *     one per client:     recv() --> send() --> recv() --> ... --> close(), until the client's end of stream
 *     below (one turn):   epoll_wait() --> goes on with everybody who is ready, one after the other
 *
 * Each conversation reads as in 01: where it is in the text is where the conversation is. But where 01 waits, it lets the
 * others go on, there and nowhere else, so what they share needs no lock. coroutine.c does that, in one thread. It costs a
 * stack per client, even while the client is silent, and two switches a message. And whatever still blocks, blocks
 * everybody.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "coroutine.h"
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

static int listener;
static int dead_peer_seconds;

static bool stopping;
static int stop_fd; /* can be read after a signal to stop: see stop_pipe() */

static void serve(void *accepted);

/* Waits for the next client. */
static void accept_client(void)
{
    int fd;
    const struct io_result accepted = coroutine_accept(listener, &fd);

    if (stopping)
        return;
    log_accept(accepted);
    if (accepted.status != IO_SUCCESS) {
        coroutine_sleep(0.1); /* out of descriptors: the clients wait in the backlog, and so do we */
        return;
    }
    void *const number = (void *)(intptr_t)fd; // NOLINT(performance-no-int-to-ptr): it is not used as a pointer
    const int error = coroutine_start(serve, number);
    if (error != 0) {
        char peer[NET_NAME_SIZE];
        log_refusal(net_peer_name(fd, peer), "no coroutine for it", error);
        close(fd);
    }
}

static void hang_up(struct connection *c)
{
    coroutine_close(c->fd);
    c->open = false;
    c->unsent = 0;
}

/* Receives bytes and turns them into an answer. */
static void receive(struct connection *c)
{
    const struct io_result received = coroutine_recv(c->fd, c->buffer, sizeof c->buffer);

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
    case IO_NO_DATA: /* the coroutine waits instead */
    case IO_TIMEOUT: /* not without a time limit */
        break;
    }
}

/* Sends what is unsent, or the part of it that the kernel takes. */
static void answer(struct connection *c)
{
    const struct io_result sent = coroutine_send(c->fd, c->buffer + c->sent, c->unsent);

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

/* A client's coroutine: stays with it until it leaves. */
static void serve(void *accepted)
{
    struct connection connection = {.fd = (int)(intptr_t)accepted, .open = true};
    struct connection *c = &connection;

    net_prepare(c->fd, dead_peer_seconds);
    net_peer_name(c->fd, c->peer);
    if (!net_set_nonblocking(c->fd)) /* or its calls would make everybody wait */
        hang_up(c);
    while (c->open) {
        receive(c);
        while (c->unsent > 0)
            answer(c);
    }
}

/* The coroutine of the listener. */
static void accept_clients(void *unused)
{
    (void)unused;
    while (!stopping)
        accept_client();
}

/* And one that only waits for the signal to stop, and then gets everybody out of their waits, as shutdown() does in 04. */
static void wait_for_stop(void *unused)
{
    struct io_result waited;

    (void)unused;
    do {
        waited = coroutine_wait_readable(stop_fd, 0);
        log_call("stop pipe", "wait", waited);
        if (waited.status == IO_ERROR)
            coroutine_sleep(0.1); /* no memory to watch it: that is no reason to stop */
    } while (waited.status == IO_ERROR);
    stopping = true;
    coroutine_stop();
}

static bool start(void (*body)(void *))
{
    const int error = coroutine_start(body, NULL);

    if (error != 0)
        fprintf(stderr, "server: cannot start a coroutine: %s\n", strerror(error));
    return error == 0;
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "10-coroutines: a coroutine for each", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    dead_peer_seconds = options.dead_peer_seconds;
    listener = net_listen(options.address, options.port);
    if (listener == -1 || !net_set_nonblocking(listener))
        return 1;
    stop_fd = stop_pipe();
    if (stop_fd == -1)
        return 1;
    if (!start(accept_clients) || !start(wait_for_stop))
        return 1;
    if (!announce_listening(listener, options.verbose))
        return 1;
    const int error = coroutine_run();
    if (error != 0)
        fprintf(stderr, "server: cannot wait: %s\n", strerror(error));
    close(listener);
    return error == 0 ? 0 : 1;
}
