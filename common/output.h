/*
 * output - standard output and standard error, which may be anything: a file, a full pipe, a terminal that nobody reads.
 *
 * Whether a descriptor is non-blocking is a flag of the open file, which all processes share that have inherited it
 * (fcntl(2), F_SETFL). So nothing here changes that flag, and nothing here relies on it.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * If the standard descriptor `fd` is a pipe or a terminal, opens the same once more, for this process alone, with `flags` (O_NONBLOCK or 0), and
 * puts that in place of `fd`. What others have open stays as it is. Needs /proc (proc(5): /proc/self/fd); where that or the
 * permission is missing, `fd` stays as it was.
 */
void output_reopen(int fd, int flags);

/*
 * Writes to a standard descriptor what can be written now. Returns how many bytes that was, or -1 with the errno of write(), which is EAGAIN if there
 * is no room. A terminal that could not be reopened can say that there is room, and then have too little: only there a
 * write may wait.
 */
ssize_t output_now(int fd, const char *bytes, size_t size);

/* Writes all of it, however long that takes. Returns whether that worked; if not, errno says why. */
bool output_all(int fd, const char *bytes, size_t size);

#endif
