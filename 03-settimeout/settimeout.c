/* settimeout - see settimeout.h */
#include "settimeout.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>

#include "net.h"

volatile sig_atomic_t settimeout_cancelled;

/* Waits until `fd` is ready for `event`. Says whether the call is worth another try, or the time is up. */
static bool wait_until(double deadline, int fd, short event)
{
    const struct timespec retry_delay = {.tv_nsec = 10L * 1000 * 1000};
    const double longest = 0.5;
    struct pollfd descriptor = {.fd = fd, .events = event};
    double left;

    while ((left = deadline - net_now()) > 0 && !settimeout_cancelled) {
        const double slice = left < longest ? left : longest;
        const int ready = poll(&descriptor, 1, (int)(slice * 1000) + 1); /* rounded up: never early */

        if (ready == 0 || (ready == -1 && errno == EINTR))
            continue;
        if (ready == -1)
            nanosleep(&retry_delay, NULL); /* no memory for poll(), which passes (poll(2)): try the call without it */
        return true;
    }
    return false;
}

/* After a call that found nothing, and waited for it in vain. */
static const struct io_result timed_out = {.status = IO_TIMEOUT};

struct io_result settimeout_recv(int fd, void *buffer, size_t size, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_recv(fd, buffer, size);

    while (result.status == IO_NO_DATA && seconds > 0) /* again: "ready" is a hint, see BUGS in select(2) */
        result = wait_until(deadline, fd, POLLIN) ? io_recv(fd, buffer, size) : timed_out;
    return result;
}

struct io_result settimeout_send(int fd, const void *data, size_t size, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_send(fd, data, size);

    while (result.status == IO_NO_DATA && seconds > 0)
        result = wait_until(deadline, fd, POLLOUT) ? io_send(fd, data, size) : timed_out;
    return result;
}

struct io_result settimeout_accept(int listener, int *fd, double seconds)
{
    const double deadline = net_now() + seconds;
    struct io_result result = io_accept(listener, fd);

    while (result.status == IO_NO_DATA && seconds > 0)
        result = wait_until(deadline, listener, POLLIN) ? io_accept(listener, fd) : timed_out;
    return result;
}
