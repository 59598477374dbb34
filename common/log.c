/* log - see log.h */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "output.h"
#include "stop.h"

/* Longer than a name, a call and a status together; below PIPE_BUF, so that a pipe takes a line whole or not at all. */
enum { LINE_SIZE = NET_NAME_SIZE + 64 + IO_TEXT_SIZE + 64 };

static bool is_verbose;

/* Has one of the two signals come that ask a server to stop? They are blocked: its handler has not been called. */
static bool is_told_to_stop(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

/*
 * Standard output may be full, and a signal that comes just before a write() that waits would be seen only after it. So
 * this never waits for long, and looks for the signals in between. Says whether there is no error.
 */
static bool write_unless_told_to_stop(const char *line, size_t size)
{
    const int retry_delay = 100; /* milliseconds */
    struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (size > 0 && !is_told_to_stop()) {
        const ssize_t n = output_now(STDOUT_FILENO, line, size);
        if (n >= 0) {
            line += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
            (void)poll(&room, 1, retry_delay);
        } else {
            return false;
        }
    }
    return true;
}

/*
 * Is a descriptor left for a client? If not, that stays so: nobody leaves who could give one back. Not the listener is copied:
 * a signal to stop may just have closed it.
 */
static bool can_have_a_client(void)
{
    const int one_more = dup(STDERR_FILENO);

    if (one_more == -1) {
        fprintf(stderr, "server: no descriptor is left for a client: %s\n", strerror(errno));
        return false;
    }
    close(one_more);
    return true;
}

bool announce_listening(int listener, bool verbose)
{
    const sigset_t stops = stop_signals();
    char name[NET_NAME_SIZE], line[NET_NAME_SIZE + sizeof "listening on \n"];
    sigset_t before;

    if (!can_have_a_client())
        return false;
    is_verbose = verbose;
    output_reopen(STDOUT_FILENO, O_NONBLOCK);
    output_reopen(STDERR_FILENO, O_NONBLOCK);
    const int size = snprintf(line, sizeof line, "listening on %s\n", net_local_name(listener, name));
    sigprocmask(SIG_BLOCK, &stops, &before);
    const bool is_said = write_unless_told_to_stop(line, (size_t)size);
    const int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!is_said)
        fprintf(stderr, "server: cannot write to standard output: %s\n", strerror(error));
    return is_said;
}

/* What is left of a line of which only a part found room, on a terminal. */
static struct {
    char bytes[LINE_SIZE];
    size_t size;
} rest;

/* Writes the line, or of a terminal's lines perhaps a part now and the rest next time. Says whether it is on its way. */
static bool write_line(const char *line, size_t size)
{
    const ssize_t of_rest = rest.size > 0 ? output_now(STDERR_FILENO, rest.bytes, rest.size) : 0;

    if (of_rest > 0) {
        rest.size -= (size_t)of_rest;
        memmove(rest.bytes, rest.bytes + of_rest, rest.size);
    }
    if (rest.size > 0)
        return false;

    const ssize_t n = output_now(STDERR_FILENO, line, size);
    if (n <= 0)
        return false;
    rest.size = size - (size_t)n;
    memcpy(rest.bytes, line + n, rest.size);
    return true;
}

/* Writes a line in one piece, unless it would have to wait for a reader. */
static void say(const char *peer, const char *subject, const char *what)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned long unread;
    char line[LINE_SIZE];

    pthread_mutex_lock(&lock); /* threads log at the same time */
    if (unread > 0) {
        const int size = snprintf(line, sizeof line, "(%lu lines are left out here: nobody read them)\n", unread);
        if (write_line(line, (size_t)size))
            unread = 0;
    }
    const int size = snprintf(line, sizeof line, "%s %s %s\n", peer, subject, what);
    if (unread > 0 || !write_line(line, (size_t)size))
        unread++;
    pthread_mutex_unlock(&lock);
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
