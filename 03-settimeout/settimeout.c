/* settimeout - see settimeout.h */
#include "settimeout.h"

#include <errno.h>
#include <poll.h>

#include "net.h"

volatile sig_atomic_t settimeout_cancelled;

/* Waits until `fd` is ready for `event`, or until the deadline: IO_SUCCESS, IO_TIMEOUT or IO_ERROR. */
static struct io_result wait_until(double deadline, int fd, short event)
{
    const double longest = 0.5;
    struct pollfd descriptor = {.fd = fd, .events = event};
    double left;

    while ((left = deadline - net_now()) > 0 && !settimeout_cancelled) {
        const double slice = left < longest ? left : longest;
        const int ready = poll(&descriptor, 1, (int)(slice * 1000) + 1); /* rounded up: never early */

        if (ready > 0)
            return (struct io_result){.status = IO_SUCCESS};
        if (ready == -1 && errno != EINTR)
            return (struct io_result){.status = IO_ERROR, .error = errno};
    }
    return (struct io_result){.status = IO_TIMEOUT};
}

struct io_result settimeout_recv(int fd, void *buffer, size_t size, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_recv(fd, buffer, size);

    while (result.status == IO_NO_DATA && seconds > 0) {
        result = wait_until(deadline, fd, POLLIN);
        if (result.status == IO_SUCCESS)
            result =
                io_recv(fd, buffer, size); /* which may find nothing again: "ready" is a hint (BUGS in select(2)) */
    }
    return result;
}

struct io_result settimeout_send(int fd, const void *data, size_t size, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_send(fd, data, size);

    while (result.status == IO_NO_DATA && seconds > 0) {
        result = wait_until(deadline, fd, POLLOUT);
        if (result.status == IO_SUCCESS)
            result = io_send(fd, data, size);
    }
    return result;
}

struct io_result settimeout_accept(int listener, int *fd, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_accept(listener, fd);

    while (result.status == IO_NO_DATA && seconds > 0) {
        result = wait_until(deadline, listener, POLLIN);
        if (result.status == IO_SUCCESS)
            result = io_accept(listener, fd);
    }
    return result;
}
