/*
 * settimeout - recv(), send() and accept() that wait for a limited time.
 *
 * What Python's s.settimeout(seconds) does underneath: the socket is non-blocking, and where it has nothing, poll() waits
 * on that one descriptor until a deadline. The socket must be non-blocking already (net_set_nonblocking()).
 *
 * The alternative is to leave it blocking and have the kernel count: SO_RCVTIMEO and SO_SNDTIMEO (socket(7)), as the
 * clients of 01 and 04 do. It saves the poll(), but has traps: the timeout is reported as EAGAIN, as if the socket were
 * non-blocking; a call that a signal interrupts starts again with its full time, because nobody keeps the deadline; and it
 * is a property of the socket, so all who share it share the limit.
 *
 * `seconds` is a decimal number. With 0 nothing waits: what would be IO_TIMEOUT is IO_NO_DATA then, as Python raises
 * BlockingIOError and not TimeoutError. The deadline is kept on the monotonic clock, so setting the time of day changes
 * nothing, and a signal (EINTR) costs none of it: the wait goes on with the time that is left.
 */
#ifndef SETTIMEOUT_H
#define SETTIMEOUT_H

#include <signal.h>
#include <stddef.h>

#include "io_status.h"

/* io_recv(), io_send() and io_accept(), which return IO_TIMEOUT when the time is up; see io_status.h for the rest. */
struct io_result settimeout_recv(int fd, void *buffer, size_t size, double seconds);
struct io_result settimeout_send(int fd, const void *data, size_t size, double seconds);
struct io_result settimeout_accept(int listener, int *fd, double seconds);

/*
 * A signal handler sets this to end every wait: as if the time were up, at the latest half a second later (a signal that
 * comes just before poll() begins does not interrupt it, so no single poll() is longer than that).
 */
extern volatile sig_atomic_t settimeout_cancelled;

#endif
