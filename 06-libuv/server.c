/*
 * 06-libuv - the loop is a library's: we say what shall happen when, and uv_run() calls us back.
 *
 *     uv_run() waits for everybody (epoll, kqueue, ...)
 *         |--> somebody is new      --> on_connection()
 *         |--> bytes have come      --> on_read()     --> what the kernel does not take at once: uv_write()
 *         |--> all is written       --> on_written()  --> read on
 *         +--> the signal to stop   --> on_stop()
 *
 * As in 05, one thread serves all and sleeps while there is nothing to do, but without the limit of 1,024 and without a
 * search through all descriptors. It costs the view of the whole: the conversation is cut into callbacks, and what one of
 * them needs from another lives in `struct connection`, until libuv says that its handle is closed.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "cli.h"
#include "io_status.h"
#include "io_uv.h"
#include "log.h"
#include "must.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

struct connection {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    char *unsent; /* while uv_write() works on it: what the kernel did not take at once */
    char peer[NET_NAME_SIZE];
};

static char buffer[BUFFER_SIZE]; /* one for all: on_read() needs it no longer than until it returns */
static int dead_peer_seconds;
static int listener;
static uv_poll_t newcomers; /* says when somebody is in the backlog */
static uv_timer_t full; /* runs while nobody is accepted, because accept() has failed */

static void on_connection(uv_poll_t *handle, int result, int events);

static void accept_again(uv_timer_t *timer)
{
    uv_timer_stop(timer);
    uv_poll_start(&newcomers, UV_READABLE, on_connection);
}

/* Only here may the memory of a handle be freed. */
static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;

    free(c->unsent);
    free(c);
    if (uv_is_active((uv_handle_t *)&full))
        accept_again(&full); /* there is a free descriptor */
}

static void hang_up(struct connection *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* Says whether `call` on a connection worked. If not, that is the end of the connection. */
static bool worked(struct connection *c, const char *call, int result)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return false; /* we have ended it already, and what was under way is cancelled */
    if (result == 0)
        return true;
    log_call(c->peer, call, io_of_uv(result));
    hang_up(c);
    return false;
}

static void on_shut_down(uv_shutdown_t *request, int result)
{
    struct connection *c = request->handle->data;

    if (worked(c, "shutdown", result))
        hang_up(c);
}

static void on_buffer_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *wanted)
{
    (void)handle;
    (void)suggested;
    *wanted = uv_buf_init(buffer, sizeof buffer);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *bytes);

static void on_written(uv_write_t *request, int result)
{
    struct connection *c = request->handle->data;

    free(c->unsent);
    c->unsent = NULL;
    if (worked(c, "write", result))
        worked(c, "read", uv_read_start(request->handle, on_buffer_wanted, on_read));
}

/* Back-pressure: what is unsent is kept and written when there is room, and until then nothing more is received. */
static void write_remainder(struct connection *c, const char *remainder, size_t size)
{
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;

    c->unsent = malloc(size);
    if (!worked(c, "write", c->unsent == NULL ? UV_ENOMEM : 0))
        return;
    memcpy(c->unsent, remainder, size);
    const uv_buf_t unsent = uv_buf_init(c->unsent, (unsigned int)size);
    if (worked(c, "read", uv_read_stop(stream)))
        worked(c, "write", uv_write(&c->write, stream, &unsent, 1, on_written));
}

/* Sends as much as the kernel takes now, mostly all of it: only a remainder needs memory and a callback. */
static void answer(struct connection *c, char *bytes, size_t size)
{
    const uv_buf_t all = uv_buf_init(bytes, (unsigned int)size);
    const struct io_result sent = io_of_uv(uv_try_write((uv_stream_t *)&c->tcp, &all, 1));

    log_call(c->peer, "write", sent);
    switch (sent.status) {
    case IO_SUCCESS:
    case IO_NO_DATA: /* no room at all: no bytes */
        if (sent.bytes < size)
            write_remainder(c, bytes + sent.bytes, size - sent.bytes);
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_TIMEOUT: /* not from libuv */
        break;
    }
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *bytes)
{
    struct connection *c = stream->data;
    const struct io_result received = io_of_uv(nread);

    log_call(c->peer, "read", received);
    switch (received.status) {
    case IO_SUCCESS:
        upper(bytes->base, received.bytes);
        answer(c, bytes->base, received.bytes);
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
        worked(c, "shutdown", uv_shutdown(&c->shutdown, stream, on_shut_down));
        break;
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* nothing there, and not the end either */
    case IO_TIMEOUT: /* not from libuv */
        break;
    }
}

static void welcome(uv_loop_t *loop, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    char peer[NET_NAME_SIZE];

    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, peer);
    if (c == NULL) {
        log_refusal(peer, "no memory for it", ENOMEM);
        close(fd);
        return;
    }
    memcpy(c->peer, peer, sizeof peer);
    uv_tcp_init(loop, &c->tcp); /* without a socket yet: it cannot fail */
    c->tcp.data = c;
    if (worked(c, "open", uv_tcp_open(&c->tcp, fd))) /* which makes it non-blocking */
        worked(c, "read", uv_read_start((uv_stream_t *)&c->tcp, on_buffer_wanted, on_read));
    else
        close(fd); /* worked() has closed the handle, but libuv has not taken the descriptor */
}

/* Takes everybody who waits in the backlog. uv_listen() would, too, but without a descriptor it closes them silently. */
static void on_connection(uv_poll_t *handle, int result, int events)
{
    struct io_result accepted;
    int fd;

    (void)result; /* what is wrong, accept() will say */
    (void)events;
    while ((accepted = io_accept(listener, &fd)).status == IO_SUCCESS) {
        log_accept(accepted);
        welcome(handle->loop, fd);
    }
    log_accept(accepted);
    if (accepted.status == IO_ERROR) {
        uv_poll_stop(handle); /* mostly out of descriptors, and the listener stays "ready": who waits goes on waiting */
        uv_timer_start(&full, accept_again, 1000, 0);
    }
}

static void close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->data != NULL ? on_closed : NULL); /* only connections have data */
}

/* With every handle closed, uv_run() has nothing left to wait for and returns. */
static void on_stop(uv_signal_t *handle, int signal_number)
{
    const sigset_t stops = stop_signals();

    (void)signal_number;
    sigprocmask(SIG_BLOCK, &stops, NULL); /* with its handle closed, the next signal would end us on the spot */
    uv_walk(handle->loop, close_handle, NULL);
}

static void stop_on(uv_loop_t *loop, uv_signal_t *handle, int signal_number)
{
    must(uv_signal_init(loop, handle), "server: cannot wait for signals");
    must(uv_signal_start(handle, on_stop, signal_number), "server: cannot wait for signals");
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "06-libuv: callbacks from libuv's loop", NULL);
    static uv_loop_t memory, *loop = &memory; /* static: what it holds at an early exit is no leak */
    static uv_signal_t interrupt, terminate; /* static, and so without data: see close_handle() */

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: write() says EPIPE instead */
    must(uv_loop_init(loop), "server: cannot make a loop");
    dead_peer_seconds = options.dead_peer_seconds;
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    must(uv_timer_init(loop, &full), "server: cannot make a timer");
    must(uv_poll_init(loop, &newcomers, listener), "server: cannot use the listener"); /* makes it non-blocking */
    must(uv_poll_start(&newcomers, UV_READABLE, on_connection), "server: cannot wait for clients");
    stop_on(loop, &interrupt, SIGINT);
    stop_on(loop, &terminate, SIGTERM);
    if (!announce_listening(listener, options.verbose))
        return 1;
    must(uv_run(loop, UV_RUN_DEFAULT), "server: cannot leave the loop");
    must(uv_loop_close(loop), "server: cannot close the loop"); /* EBUSY: a handle is still open */
    close(listener);
    return 0;
}
