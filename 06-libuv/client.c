/*
 * 06-libuv - the client as callbacks: what to do when input comes, when it is sent, when an answer comes.
 *
 *     uv_run() waits for everything
 *         |--> input has come     --> on_input()     --> uv_write() it, and read no more input until it is sent
 *         |--> it is sent         --> on_sent()      --> the next piece of input; at its end uv_shutdown()
 *         |--> an answer has come --> on_answer()    --> print it; at the end of stream close everything
 *         +--> -t seconds passed  --> on_timeout()   --> say so
 *
 * The same as 05, with the sets and the order of the questions left to the library. Standard input is a terminal
 * (uv_tty), a pipe (uv_pipe) or a file; a file is always ready, so it is read as it is needed.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "cli.h"
#include "io_status.h"
#include "io_uv.h"
#include "net.h"
#include "ok_or_exit.h"
#include "talk.h"

static uv_tcp_t server;
static uv_timer_t timer;
static uv_write_t write_request;
static uv_shutdown_t shutdown_request;
static union uv_any_handle input; /* its tty or its pipe, and its stream, which is common to both */
static bool input_is_stream; /* otherwise messages or a file, which are there at once */
static int input_flags; /* of the pipe, as they were */
static char input_piece[TALK_PIECE];
static char answer_piece[TALK_PIECE];
static struct talk talk;

static void close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* With every handle closed, uv_run() has nothing left to wait for and returns. */
static void close_everything(void)
{
    uv_walk(server.loop, close_handle, NULL);
}

static void on_timeout(uv_timer_t *handle)
{
    (void)handle;
    if (talk.input_ended || !talk_is_answered(&talk))
        talk_received(&talk, (struct io_result){.status = IO_TIMEOUT}, NULL);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes)
{
    (void)suggested;
    if (handle == (uv_handle_t *)&server)
        *bytes = uv_buf_init(answer_piece, sizeof answer_piece);
    else
        *bytes = uv_buf_init(input_piece, sizeof input_piece);
}

static void on_answer(uv_stream_t *stream, ssize_t nread, const uv_buf_t *bytes)
{
    const struct io_result received = io_of_uv(nread);

    (void)stream;
    if (received.status == IO_NO_DATA)
        return;
    talk_received(&talk, received, bytes->base);
    switch (received.status) {
    case IO_SUCCESS:
        if (talk.seconds > 0)
            ok_or_exit(uv_timer_again(&timer), "client: cannot set the timer"); /* the time begins anew */
        break;
    case IO_NO_DATA:
    case IO_TIMEOUT: /* not from libuv, see on_timeout() */
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        close_everything();
        break;
    }
}

static void next_piece(void);

static void on_shut_down(uv_shutdown_t *request, int result)
{
    if (result < 0 && !uv_is_closing((uv_handle_t *)request->handle))
        talk_sent(&talk, io_of_uv(result));
}

static void on_sent(uv_write_t *request, int result)
{
    if (uv_is_closing((uv_handle_t *)request->handle))
        return;
    if (result == 0) {
        next_piece();
        return;
    }
    talk_sent(&talk, io_of_uv(result));
    /* on_answer() may not hear of it: it brings what came before, and then the end of stream. */
    (void)uv_shutdown(&shutdown_request, request->handle, on_shut_down);
}

/* Passes a piece of input on; at the end of it half-closes: the server's answers still reach us. */
static void pass_on(struct io_result got)
{
    uv_stream_t *stream = (uv_stream_t *)&server;
    const uv_buf_t piece = uv_buf_init(input_piece, (unsigned int)got.bytes);

    if (talk.seconds > 0)
        ok_or_exit(uv_timer_again(&timer), "client: cannot set the timer"); /* now the waiting begins */
    switch (got.status) {
    case IO_SUCCESS:
        ok_or_exit(uv_write(&write_request, stream, &piece, 1, on_sent), "client: cannot send");
        talk_sent(&talk, got);
        break;
    case IO_CONNECTION_CLOSED:
        talk_input_ended(&talk);
        ok_or_exit(uv_shutdown(&shutdown_request, stream, on_shut_down), "client: cannot half-close");
        break;
    case IO_ERROR: /* has been said */
        ok_or_exit(uv_shutdown(&shutdown_request, stream, on_shut_down), "client: cannot half-close");
        break;
    case IO_NO_DATA:
    case IO_TIMEOUT:
        break;
    }
}

static void on_input(uv_stream_t *stream, ssize_t nread, const uv_buf_t *bytes)
{
    const struct io_result got = io_of_uv(nread);

    (void)bytes;
    if (got.status == IO_NO_DATA)
        return;
    if (got.status == IO_ERROR)
        fprintf(stderr, "client: cannot read standard input: %s\n", uv_strerror((int)nread));
    uv_read_stop(stream); /* back-pressure: until this piece is sent */
    pass_on(got);
}

static void next_piece(void)
{
    if (input_is_stream)
        ok_or_exit(uv_read_start(&input.stream, on_alloc, on_input), "client: cannot read standard input");
    else
        pass_on(talk_input(&talk, input_piece, sizeof input_piece));
}

/* libuv makes what it reads non-blocking, and other programs may have it open, too (fcntl(2), F_SETFL). */
static void give_input_back(void)
{
    (void)fcntl(STDIN_FILENO, F_SETFL, input_flags);
}

static void open_input(uv_loop_t *loop)
{
    const uv_handle_type type = talk_input_fd(&talk) == -1 ? UV_UNKNOWN_HANDLE : uv_guess_handle(STDIN_FILENO);

    input_is_stream = type == UV_TTY || type == UV_NAMED_PIPE || type == UV_TCP;
    if (type == UV_TTY) {
        ok_or_exit(uv_tty_init(loop, &input.tty, STDIN_FILENO, 0), "client: cannot use the terminal");
    } else if (input_is_stream) { /* to libuv, any stream socket will do for a pipe */
        input_flags = fcntl(STDIN_FILENO, F_GETFL);
        atexit(give_input_back);
        ok_or_exit(uv_pipe_init(loop, &input.pipe, 0), "client: cannot use standard input");
        ok_or_exit(uv_pipe_open(&input.pipe, STDIN_FILENO), "client: cannot use standard input");
    }
}

static void limit_waiting(uv_loop_t *loop, double seconds)
{
    const uint64_t milliseconds = (uint64_t)(seconds * 1000);

    ok_or_exit(uv_timer_init(loop, &timer), "client: cannot make a timer");
    if (seconds > 0)
        ok_or_exit(uv_timer_start(&timer, on_timeout, milliseconds, milliseconds > 0 ? milliseconds : 1),
                   "client: cannot set the timer");
}

int main(int argc, char **argv)
{
    double seconds = 0;
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600, .value = &seconds},
        {0},
    };
    const struct client_options options = cli_client(argc, argv, "06-libuv: callbacks from libuv's loop", own_options);
    static uv_loop_t memory, *loop = &memory;

    make_loop_or_exit(loop, "client: cannot make a loop");
    const int fd = net_connect(options.address, options.port);
    if (fd == -1)
        return 1;
    talk_begin(&talk, &options, seconds);
    ok_or_exit(uv_tcp_init(loop, &server), "client: cannot make a handle");
    ok_or_exit(uv_tcp_open(&server, fd), "client: cannot use the connection");
    ok_or_exit(uv_read_start((uv_stream_t *)&server, on_alloc, on_answer), "client: cannot receive");
    limit_waiting(loop, seconds);
    open_input(loop);
    next_piece();
    ok_or_exit(uv_run(loop, UV_RUN_DEFAULT), "client: cannot leave the loop");
    ok_or_exit(uv_loop_close(loop), "client: cannot close the loop"); /* EBUSY: a handle is still open */
    return talk_end(&talk);
}
