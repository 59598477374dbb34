/*
 * 06-libuv - the loop is a library's: we say what to do when, and uv_run() calls us back.
 *
 *     uv_run() waits for everybody (epoll, kqueue, ...)
 *         |--> a client has connected --> on_connection()
 *         |--> bytes have come        --> on_read()     --> what the kernel does not take at once: uv_write()
 *         |--> all is written         --> on_written()  --> read on
 *         +--> the signal to stop     --> on_stop()
 *
 * As in 05, one thread serves all and sleeps while there is nothing to do, but without the limit of 1,024 and without a
 * search through all descriptors. It costs the view of the whole: the conversation is cut into callbacks, and what one of
 * them needs from another lives in `struct connection`, until libuv says that its handle is closed.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "cli.h"
#include "io_status.h"
#include "io_uv.h"
#include "log.h"
#include "net.h"
#include "ok_or_exit.h"
#include "stop.h"
#include "upper.h"

enum { MAX_IDLE_TURNS = 10 }; /* see on_turn() */

struct connection {
    uv_tcp_t tcp;
    uv_write_t write;
    char *unsent; /* while uv_write() works on it: what the kernel did not take at once */
    char peer[NET_NAME_SIZE];
};

static char buffer[BUFFER_SIZE]; /* one for all: on_read() needs it no longer than until it returns */
static int dead_peer_seconds;
static int listener; /* ours: newcomers wait in its backlog also while libuv accepts nobody */
static uv_tcp_t acceptor; /* libuv's handle on a copy of it: libuv accepts until this is closed */
static uv_timer_t accept_timer; /* runs while it is closed */
static int idle_turns; /* of libuv's loop, since it last called us about a client */

/* What libuv calls, in the order in which a connection meets it. */
static void on_connection(uv_stream_t *stream, int result);
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes);
static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *bytes);
static void on_written(uv_write_t *request, int result);
static void on_closed(uv_handle_t *handle);

static void close_handle(uv_handle_t *handle, void *argument)
{
    const bool is_connection = uv_handle_get_type(handle) == UV_TCP && handle != (uv_handle_t *)&acceptor;

    (void)argument;
    if (!uv_is_closing(handle))
        uv_close(handle, is_connection ? on_closed : NULL);
}

static void hang_up(struct connection *c)
{
    close_handle((uv_handle_t *)&c->tcp, NULL);
}

/* If `call` on a connection failed, says so and hangs up. Returns whether the connection is still open. */
static bool ok_or_hang_up(struct connection *c, const char *call, int result)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return false; /* we have hung up already, and what was under way is cancelled */
    if (result == 0)
        return true;
    log_call(c->peer, call, io_of_uv(result));
    hang_up(c);
    return false;
}

static void add_connection(struct connection *c)
{
    uv_os_fd_t fd;

    log_accept((struct io_result){.status = IO_SUCCESS});
    if (!ok_or_hang_up(c, "accept", uv_fileno((uv_handle_t *)&c->tcp, &fd)))
        return;
    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, c->peer);
    ok_or_hang_up(c, "read", uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read));
}

/*
 * Is there a descriptor for the next newcomer? If not, libuv would accept it with one that it has in reserve, and close it
 * at once. Returns 0 or libuv's error.
 */
static int try_descriptor(void)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* fails for the same reasons as accept() */

    if (fd == -1)
        return uv_translate_sys_error(errno);
    close(fd);
    return 0;
}

static int start_accepting(uv_loop_t *loop)
{
    const int copy = dup(listener);
    int result;

    if (copy == -1)
        return uv_translate_sys_error(errno);
    uv_tcp_init(loop, &acceptor);
    result = uv_tcp_open(&acceptor, copy); /* makes it non-blocking */
    if (result == 0)
        result = uv_listen((uv_stream_t *)&acceptor, SOMAXCONN, on_connection);
    return result == 0 ? try_descriptor() : result;
}

static void accept_again(uv_timer_t *timer);

/* If nobody can be accepted, says so and lets newcomers wait in the backlog, until a client leaves or for a second. */
static bool ok_or_pause(int result)
{
    idle_turns = 0;
    if (result == 0)
        return true;
    log_accept(io_of_uv(result));
    close_handle((uv_handle_t *)&acceptor, NULL);
    uv_timer_start(&accept_timer, accept_again, 1000, 0);
    return false;
}

static void accept_again(uv_timer_t *timer)
{
    ok_or_pause(start_accepting(timer->loop));
}

/* libuv has accepted a newcomer, which uv_accept() turns into a connection. */
static void on_connection(uv_stream_t *stream, int result)
{
    struct connection *c = result == 0 ? calloc(1, sizeof *c) : NULL;

    if (!ok_or_pause(result == 0 && c == NULL ? UV_ENOMEM : result))
        return;
    uv_tcp_init(stream->loop, &c->tcp); /* without a socket yet: it cannot fail */
    c->tcp.data = c;
    if (ok_or_hang_up(c, "accept", uv_accept(stream, (uv_stream_t *)&c->tcp)))
        add_connection(c);
    ok_or_pause(try_descriptor());
}

/* When accept() fails, libuv up to 1.44 calls on_connection(). Since 1.45 it calls nobody, and retries in every turn. */
static void on_turn(uv_check_t *check)
{
    (void)check;
    if (++idle_turns < MAX_IDLE_TURNS)
        return;
    const int result = try_descriptor();
    ok_or_pause(result == 0 ? UV_UNKNOWN : result);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes)
{
    (void)handle;
    (void)suggested;
    idle_turns = 0;
    *bytes = uv_buf_init(buffer, sizeof buffer);
}

/* Back-pressure: what is unsent is kept and written when there is room, and until then nothing more is received. */
static void write_remainder(struct connection *c, const char *remainder, size_t size)
{
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;

    c->unsent = malloc(size);
    if (!ok_or_hang_up(c, "write", c->unsent == NULL ? UV_ENOMEM : 0))
        return;
    memcpy(c->unsent, remainder, size);
    const uv_buf_t unsent = uv_buf_init(c->unsent, (unsigned int)size);
    uv_read_stop(stream);
    ok_or_hang_up(c, "write", uv_write(&c->write, stream, &unsent, 1, on_written));
}

/* Sends as much as the kernel takes now, usually all of it: only a remainder needs memory and a callback. */
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
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* nothing there, and not the end either */
    case IO_TIMEOUT: /* not from libuv */
        break;
    }
}

static void on_written(uv_write_t *request, int result)
{
    struct connection *c = request->handle->data;

    idle_turns = 0;
    free(c->unsent);
    c->unsent = NULL;
    if (ok_or_hang_up(c, "write", result))
        ok_or_hang_up(c, "read", uv_read_start(request->handle, on_alloc, on_read));
}

/* Only here may the memory of a handle be freed. */
static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;

    free(c->unsent);
    free(c);
    if (uv_is_active((uv_handle_t *)&accept_timer))
        uv_timer_start(&accept_timer, accept_again, 0, 0); /* there is a free descriptor */
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
    ok_or_exit(uv_signal_init(loop, handle), "server: cannot wait for signals");
    ok_or_exit(uv_signal_start(handle, on_stop, signal_number), "server: cannot wait for signals");
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "06-libuv: callbacks from libuv's loop", NULL);
    static uv_loop_t memory, *loop = &memory; /* static: what it holds at an early exit is no leak */
    static uv_signal_t interrupt, terminate;
    static uv_check_t turn;

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: write() says EPIPE instead */
    make_loop_or_exit(loop, "server: cannot make a loop");
    dead_peer_seconds = options.dead_peer_seconds;
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    ok_or_exit(start_accepting(loop), "server: cannot accept clients");
    uv_timer_init(loop, &accept_timer);
    uv_check_init(loop, &turn);
    uv_check_start(&turn, on_turn);
    stop_on(loop, &interrupt, SIGINT);
    stop_on(loop, &terminate, SIGTERM);
    if (!announce_listening(listener, options.verbose))
        return 1;
    ok_or_exit(uv_run(loop, UV_RUN_DEFAULT), "server: cannot leave the loop");
    ok_or_exit(uv_loop_close(loop), "server: cannot close the loop"); /* EBUSY: a handle is still open */
    close(listener);
    return 0;
}
