/*
 * io_uv - libuv's results as the same five statuses (io_status.h).
 *
 * libuv hands a read's outcome to its callback as one number, `nread`, and returns negated errnos elsewhere:
 *   nread > 0   bytes arrived                       IO_SUCCESS
 *   nread == 0  nothing now; libuv will call again  IO_NO_DATA (see uv_read_cb in libuv's documentation)
 *   UV_EOF      the peer's orderly end of stream    IO_CONNECTION_CLOSED
 *   UV_EAGAIN   uv_try_write() found no room        IO_NO_DATA
 *   UV_EPIPE    we wrote after the peer had closed  IO_CONNECTION_CLOSED
 *   other < 0   a negated errno                     IO_ERROR
 * A header of its own, because only what already uses libuv may depend on it.
 */
#ifndef IO_UV_H
#define IO_UV_H

#include <uv.h>

#include "io_status.h"

/* `n`: the nread of a uv_read_cb, the result of uv_try_write(), or any other libuv status below 0. */
static inline struct io_result io_of_uv(ssize_t n)
{
    if (n > 0)
        return (struct io_result){.status = IO_SUCCESS, .bytes = (size_t)n};
    if (n == 0 || n == UV_EAGAIN)
        return (struct io_result){.status = IO_NO_DATA};
    if (n == UV_EOF || n == UV_EPIPE)
        return (struct io_result){.status = IO_CONNECTION_CLOSED};
    return (struct io_result){.status = IO_ERROR, .error = (int)-n};
}

#endif
