/* log - see log.h */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

static bool is_verbose;

bool announce_listening(int listener, bool verbose)
{
    char name[NET_NAME_SIZE];

    is_verbose = verbose;
    if (printf("listening on %s\n", net_local_name(listener, name)) > 0 && fflush(stdout) == 0)
        return true;
    fprintf(stderr, "server: cannot write to standard output: %s\n", strerror(errno));
    return false;
}

/*
 * Writes a line in one call: so the lines of several processes (07) do not mix, as long as one is shorter than PIPE_BUF, which
 * is 512 at least (POSIX.1-2017 write(), <limits.h>).
 */
static void write_line(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    const ssize_t written = write(STDERR_FILENO, line, size);
    (void)written; /* and where should we complain? */
}

/* Writes a line, unless it would have to wait for a reader. */
static void say(const char *peer, const char *subject, const char *what)
{
    static atomic_ulong unread;
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};

    flockfile(stderr); /* 04's threads log at the same time, and the room may do for one of them */
    if (poll(&reader, 1, 0) == 0) {
        unread++;
    } else {
        const unsigned long left_out = atomic_exchange(&unread, 0);
        if (left_out > 0)
            write_line("(%lu lines are left out here: nobody read them)\n", left_out);
        write_line("%s %s %s\n", peer, subject, what);
    }
    funlockfile(stderr);
}

void log_call(const char *peer, const char *call, struct io_result result)
{
    if (is_verbose || result.status == IO_ERROR) {
        char text[IO_TEXT_SIZE];
        say(peer, call, io_describe(result, text));
    }
}

void log_accept(struct io_result result)
{
    static int last_error;

    if (result.status == IO_ERROR && result.error == last_error)
        return;
    if (result.status == IO_SUCCESS || result.status == IO_ERROR)
        last_error = result.error; /* 0 after a success */
    log_call("listener", "accept", result);
}

void log_refusal(const char *peer, const char *reason, int error)
{
    char call[64], text[IO_TEXT_SIZE];

    snprintf(call, sizeof call, "closed: %s:", reason);
    say(peer, call, io_describe((struct io_result){.status = IO_ERROR, .error = error}, text));
}

void log_event(const char *peer, const char *subject, const char *what)
{
    say(peer, subject, what);
}
