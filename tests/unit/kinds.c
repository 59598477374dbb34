/* kinds - see kinds.h */
#include "kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "must.h"
#include "pty.h"

const char *kind_name(enum kind kind)
{
    static const char *const names[KINDS] = {
        [A_FILE] = "a file",
        [DEV_NULL] = "/dev/null",
        [DEV_FULL] = "/dev/full",
        [A_PIPE] = "a pipe",
        [A_FULL_PIPE] = "a full pipe",
        [A_NONBLOCKING_PIPE] = "a non-blocking pipe",
        [A_FULL_NONBLOCKING_PIPE] = "a full, non-blocking pipe",
        [A_SOCKET] = "a socket",
        [A_NONBLOCKING_SOCKET] = "a non-blocking socket",
        [A_TERMINAL] = "a terminal",
        [A_FULL_TERMINAL] = "a full terminal",
        [A_DIRECTORY] = "a directory",
        [CLOSED] = "closed",
    };

    return names[kind];
}

bool kind_is_there(enum kind kind)
{
    int terminal, other_end;

    if (kind != A_TERMINAL && kind != A_FULL_TERMINAL)
        return true;
    if (openpty(&other_end, &terminal, NULL, NULL, NULL) != 0)
        return false;
    close(terminal);
    close(other_end);
    return true;
}

static void set_nonblocking(int fd, bool on)
{
    const int flags = fcntl(fd, F_GETFL);

    must(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0, "fcntl");
}

static void pause_for(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000 * 1000}, NULL);
}

/* Writes as much as finds room, to the last byte. Returns how many bytes that was. */
static size_t write_what_fits(int fd)
{
    static const char bytes[4096];
    size_t written = 0;

    for (size_t piece = sizeof bytes; piece > 0; piece /= 2) {
        ssize_t n;
        while ((n = write(fd, bytes, piece)) > 0)
            written += (size_t)n;
    }
    return written;
}

/* A terminal passes on what it holds a little later, and then has room again: it is full when it stays so. */
static size_t fill(int fd)
{
    size_t filled = 0, more;

    set_nonblocking(fd, true);
    while ((more = write_what_fits(fd)) > 0) {
        filled += more;
        pause_for(10);
    }
    set_nonblocking(fd, false);
    return filled;
}

static int open_file(void)
{
    char name[] = "/tmp/kinds.XXXXXX";
    const int fd = mkstemp(name);

    must(fd != -1 && unlink(name) == 0, "a temporary file");
    return fd;
}

static struct opened open_pipe(bool for_output)
{
    int ends[2];

    must(pipe(ends) == 0, "pipe");
    return (struct opened){.fd = ends[for_output], .other_end = ends[!for_output]};
}

static struct opened open_sockets(void)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    return (struct opened){.fd = ends[0], .other_end = ends[1]};
}

static struct opened open_terminal(void)
{
    struct opened opened = {0};

    must(openpty(&opened.other_end, &opened.fd, NULL, NULL, NULL) == 0, "openpty");
    return opened;
}

static struct opened open_path(const char *path, int flags)
{
    const int fd = open(path, flags);

    must(fd != -1, path);
    return (struct opened){.fd = fd, .other_end = -1};
}

static struct opened open_kind(enum kind kind, bool for_output)
{
    switch (kind) {
    case A_FILE:
        return (struct opened){.fd = open_file(), .other_end = -1};
    case DEV_NULL:
        return open_path("/dev/null", O_RDWR);
    case DEV_FULL:
        return open_path("/dev/full", O_RDWR);
    case A_PIPE:
    case A_FULL_PIPE:
    case A_NONBLOCKING_PIPE:
    case A_FULL_NONBLOCKING_PIPE:
        return open_pipe(for_output);
    case A_SOCKET:
    case A_NONBLOCKING_SOCKET:
        return open_sockets();
    case A_TERMINAL:
    case A_FULL_TERMINAL:
        return open_terminal();
    case A_DIRECTORY:
        return open_path("/", O_RDONLY);
    case CLOSED:
    case KINDS:
        break;
    }
    return (struct opened){.fd = -1, .other_end = -1};
}

static struct opened open_and_prepare(enum kind kind, bool for_output)
{
    struct opened opened = open_kind(kind, for_output);

    if (for_output && (kind == A_FULL_PIPE || kind == A_FULL_NONBLOCKING_PIPE || kind == A_FULL_TERMINAL))
        opened.filling = fill(opened.fd);
    if (kind == A_NONBLOCKING_PIPE || kind == A_FULL_NONBLOCKING_PIPE || kind == A_NONBLOCKING_SOCKET)
        set_nonblocking(opened.fd, true);
    for (int end = 0; end < 2; end++)
        (void)fcntl(end == 0 ? opened.fd : opened.other_end, F_SETFD, FD_CLOEXEC); /* nobody else shall hold it open */
    opened.flags = opened.fd == -1 ? 0 : fcntl(opened.fd, F_GETFL);
    return opened;
}

struct opened kind_open_output(enum kind kind)
{
    return open_and_prepare(kind, true);
}

struct opened kind_open_input(enum kind kind)
{
    return open_and_prepare(kind, false);
}

void kind_become(const struct opened *opened, int fd)
{
    if (opened->fd == -1)
        close(fd);
    else
        must(dup2(opened->fd, fd) == fd, "dup2");
}

static bool has_ended(pid_t pid)
{
    siginfo_t ended = {0};

    must(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
    return ended.si_pid != 0;
}

size_t kind_read(const struct opened *opened, pid_t pid, char *bytes, size_t size)
{
    size_t filling = opened->filling, got = 0;
    bool is_last = false;

    pause_for(20);
    set_nonblocking(opened->other_end, true);
    while (got < size) {
        const size_t wanted = filling > 0 && filling < size ? filling : size - got;
        const ssize_t n = read(opened->other_end, bytes + got, wanted);
        if (n > 0 && filling > 0) {
            filling -= (size_t)n;
        } else if (n > 0) {
            got += (size_t)n;
        } else if (is_last) {
            break;
        } else {
            is_last = has_ended(pid);
            pause_for(1);
        }
    }
    return got;
}

bool kind_is_unchanged(const struct opened *opened)
{
    return opened->fd == -1 || fcntl(opened->fd, F_GETFL) == opened->flags;
}

void kind_close(struct opened *opened)
{
    if (opened->fd != -1)
        close(opened->fd);
    if (opened->other_end != -1)
        close(opened->other_end);
    *opened = (struct opened){.fd = -1, .other_end = -1};
}
