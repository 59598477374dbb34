/* terminal - see terminal.h */
#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

/* The second screen, no cursor, no line breaks of the terminal's own; and back. See xterm's "Control Sequences". */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char leave[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

bool terminal_is_there(void)
{
    const char *type = getenv("TERM");

    if (!isatty(STDOUT_FILENO) || type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0)
        return false;
    return tcgetpgrp(STDOUT_FILENO) == getpgrp();
}

/* ---- Keys ---- */

/* The cursor keys send "ESC [ A" or "ESC O A"; "ESC [ 5 ~" is page up. */
static char key_of(const char *bytes, size_t size)
{
    if (size < 3 || bytes[0] != '\033')
        return bytes[0];
    switch (bytes[2]) {
    case 'A':
    case '5':
        return 'u';
    case 'B':
    case '6':
        return 'd';
    default:
        return '\0';
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct terminal *terminal = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(terminal->keys, sizeof terminal->keys);
}

static void on_input(uv_stream_t *input, ssize_t n, const uv_buf_t *buffer)
{
    struct terminal *terminal = input->data;

    if (n > 0)
        terminal->on_key(key_of(buffer->base, (size_t)n), terminal->data);
    else if (n < 0)
        uv_read_stop(input);
}

/* Keys come one by one and are not shown; Ctrl-C stays a signal, but nothing may stop us while the screen is ours. */
static void begin_keys(struct terminal *terminal, uv_loop_t *loop)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &terminal->before) != 0 ||
        uv_tty_init(loop, &terminal->input, STDIN_FILENO, 0) != 0)
        return;
    struct termios mode = terminal->before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VSUSP] = _POSIX_VDISABLE;
    mode.c_cc[VQUIT] = _POSIX_VDISABLE;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    terminal->has_keys = true;
    terminal->has_saved = tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
    terminal->input.data = terminal;
    uv_read_start((uv_stream_t *)&terminal->input, give_buffer, on_input);
    uv_unref((uv_handle_t *)&terminal->input);
}

/* ---- The screen ---- */

static void write_all(const char *bytes)
{
    (void)output_all(STDOUT_FILENO, bytes, strlen(bytes)); /* or the terminal is gone, and there is nobody to tell */
}

static void on_resized(uv_signal_t *watcher, int number)
{
    const struct terminal *terminal = watcher->data;

    (void)number;
    terminal->on_resize(terminal->data);
}

bool terminal_begin(struct terminal *terminal, uv_loop_t *loop)
{
    if (uv_tty_init(loop, &terminal->output, STDOUT_FILENO, 0) != 0)
        return false;
    terminal->is_on = true;
    uv_unref((uv_handle_t *)&terminal->output);
    uv_signal_init(loop, &terminal->resized);
    terminal->resized.data = terminal;
    uv_signal_start(&terminal->resized, on_resized, SIGWINCH);
    uv_unref((uv_handle_t *)&terminal->resized);
    begin_keys(terminal, loop);
    write_all(enter);
    return true;
}

void terminal_size(struct terminal *terminal, int *width, int *height)
{
    if (uv_tty_get_winsize(&terminal->output, width, height) == 0 && *width > 0 && *height > 0)
        return;
    *width = 80;
    *height = 24;
}

bool terminal_is_busy(const struct terminal *terminal)
{
    return terminal->picture != NULL;
}

static void on_drawn(uv_write_t *write, int error)
{
    struct terminal *terminal = write->data;

    (void)error;
    free(terminal->picture);
    terminal->picture = NULL;
}

void terminal_draw(struct terminal *terminal, char *picture)
{
    const uv_buf_t buffer = uv_buf_init(picture, (unsigned)strlen(picture));

    terminal->picture = picture;
    terminal->write.data = terminal;
    if (uv_write(&terminal->write, (uv_stream_t *)&terminal->output, &buffer, 1, on_drawn) != 0)
        on_drawn(&terminal->write, 0);
}

void terminal_restore(struct terminal *terminal)
{
    if (!terminal->is_on)
        return;
    terminal->is_on = false;
    write_all(leave);
    if (terminal->has_saved)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->before);
}

void terminal_end(struct terminal *terminal)
{
    if (!terminal->is_on)
        return;
    uv_close((uv_handle_t *)&terminal->output, NULL);
    uv_close((uv_handle_t *)&terminal->resized, NULL);
    if (terminal->has_keys)
        uv_close((uv_handle_t *)&terminal->input, NULL);
    terminal_restore(terminal);
    output_reopen(STDOUT_FILENO,
                  0); /* uv_tty_init() has made it non-blocking, and what is printed next must not get lost */
}
