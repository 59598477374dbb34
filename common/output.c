/* output - see output.h */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool is_ours_and_nonblocking[STDERR_FILENO + 1]; /* the standard descriptors, since output_reopen() */

void output_reopen(int fd, int flags)
{
    char path[sizeof "/proc/self/fd/" + 3 * sizeof fd];
    struct stat file;

    if (fstat(fd, &file) == -1 || !(S_ISFIFO(file.st_mode) || isatty(fd) == 1))
        return; /* a file opened once more would be written from its beginning */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int own = open(path, O_WRONLY | O_NOCTTY | flags);
    if (own == -1)
        return;
    dup2(own, fd);
    close(own);
    is_ours_and_nonblocking[fd] = (flags & O_NONBLOCK) != 0;
}

ssize_t output_now(int fd, const char *bytes, size_t size)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    struct stat file;

    if (fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode))
        return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!is_ours_and_nonblocking[fd] && poll(&room, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, bytes, size);
}

static void wait_for_room(int fd)
{
    const struct timespec retry_delay = {.tv_nsec = 10L * 1000 * 1000};
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    if (poll(&room, 1, -1) == -1)
        nanosleep(&retry_delay, NULL); /* no memory for poll(), or a signal: neither lasts */
}

bool output_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size);
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_for_room(fd);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}
