/* io_status - see io_status.h */
#include "io_status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct io_result success(size_t bytes)
{
    return (struct io_result){.status = IO_SUCCESS, .bytes = bytes};
}

static struct io_result without_bytes(enum io_status status)
{
    return (struct io_result){.status = status};
}

static struct io_result failure(int error)
{
    /* POSIX allows the two to be different numbers, and either to be returned. */
    if (error == EAGAIN || error == EWOULDBLOCK)
        return without_bytes(IO_NO_DATA);
    return (struct io_result){.status = IO_ERROR, .error = error};
}

struct io_result io_of_recv(ssize_t n, int error)
{
    if (n > 0)
        return success((size_t)n);
    if (n == 0)
        return without_bytes(IO_CONNECTION_CLOSED);
    return failure(error);
}

struct io_result io_of_send(ssize_t n, int error)
{
    if (n > 0)
        return success((size_t)n);
    if (n == 0) /* only a send() of nothing returns 0, so nothing was taken */
        return without_bytes(IO_NO_DATA);
    if (error == EPIPE)
        return without_bytes(IO_CONNECTION_CLOSED);
    return failure(error);
}

struct io_result io_time_limited(struct io_result result)
{
    if (result.status == IO_NO_DATA)
        result.status = IO_TIMEOUT;
    return result;
}

struct io_result io_recv(int fd, void *buffer, size_t size)
{
    ssize_t n;

    do {
        n = recv(fd, buffer, size, 0);
    } while (n == -1 && errno == EINTR);
    return io_of_recv(n, errno);
}

struct io_result io_send(int fd, const void *data, size_t size)
{
    ssize_t n;

    do {
        n = send(fd, data, size, 0);
    } while (n == -1 && errno == EINTR);
    return io_of_send(n, errno);
}

/* Did the client, and not the listener, fail? accept(2): Linux passes on errors that are pending on the new socket. */
static bool is_newcomers_error(int error)
{
    switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTUNREACH:
#ifdef EHOSTDOWN
    case EHOSTDOWN:
#endif
#ifdef ENONET
    case ENONET:
#endif
        return true;
    default:
        return false;
    }
}

struct io_result io_accept(int listener, int *fd)
{
    do {
        *fd = accept(listener, NULL, NULL);
    } while (*fd == -1 && (errno == EINTR || is_newcomers_error(errno)));
    return *fd == -1 ? failure(errno) : success(0);
}

const char *io_status_name(enum io_status status)
{
    switch (status) {
    case IO_SUCCESS:
        return "SUCCESS";
    case IO_CONNECTION_CLOSED:
        return "CONNECTION_CLOSED";
    case IO_TIMEOUT:
        return "TIMEOUT";
    case IO_NO_DATA:
        return "NO_DATA";
    case IO_ERROR:
        return "ERROR";
    }
    return "UNKNOWN";
}

const char *io_error_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EACCES, "EACCES"},
        {EADDRINUSE, "EADDRINUSE"},
        {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
        {EAGAIN, "EAGAIN"},
        {EBADF, "EBADF"},
        {ECANCELED, "ECANCELED"},
        {ECONNABORTED, "ECONNABORTED"},
        {ECONNREFUSED, "ECONNREFUSED"},
        {ECONNRESET, "ECONNRESET"},
        {EFBIG, "EFBIG"},
        {EHOSTUNREACH, "EHOSTUNREACH"},
        {EINTR, "EINTR"},
        {EINVAL, "EINVAL"},
        {EIO, "EIO"},
        {EISDIR, "EISDIR"},
        {ENOSPC, "ENOSPC"},
        {EMFILE, "EMFILE"},
        {ENETDOWN, "ENETDOWN"},
        {ENETUNREACH, "ENETUNREACH"},
        {ENFILE, "ENFILE"},
        {ENOBUFS, "ENOBUFS"},
        {ENOMEM, "ENOMEM"},
        {ENOTCONN, "ENOTCONN"},
        {ENOTSOCK, "ENOTSOCK"},
        {EPERM, "EPERM"},
        {EPIPE, "EPIPE"},
        {EPROTO, "EPROTO"},
        {ETIMEDOUT, "ETIMEDOUT"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].error == error)
            return names[i].name;
    return NULL;
}

static void describe_error(int error, char text[IO_TEXT_SIZE])
{
    char words[IO_TEXT_SIZE / 2];
    const char *name = io_error_name(error);

    if (strerror_r(error, words, sizeof words) != 0)
        snprintf(words, sizeof words, "errno %d", error);
    if (name != NULL)
        snprintf(text, IO_TEXT_SIZE, "ERROR %s (%s)", words, name);
    else
        snprintf(text, IO_TEXT_SIZE, "ERROR %s (errno %d)", words, error);
}

char *io_describe(struct io_result result, char text[IO_TEXT_SIZE])
{
    if (result.status == IO_ERROR)
        describe_error(result.error, text);
    else if (result.bytes > 0)
        snprintf(text, IO_TEXT_SIZE, "SUCCESS %zu byte%s", result.bytes, result.bytes == 1 ? "" : "s");
    else
        snprintf(text, IO_TEXT_SIZE, "%s", io_status_name(result.status));
    return text;
}
