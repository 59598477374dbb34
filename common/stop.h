/*
 * stop - SIGINT (Ctrl-C) and SIGTERM ask a server to stop.
 *
 * What a server does then depends on how its model waits; this is only how the two signals are set up.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>
#include <stdatomic.h>

/*
 * Has both signals call `handler`, which may do only what POSIX.1-2017 2.4.3 allows in a signal handler. Without
 * SA_RESTART: the call that the signal interrupts returns EINTR after the handler. Unblocks them, as stop_unblock() does.
 */
void stop_calls(void (*handler)(int));

/* The set of both signals, to block them with. */
sigset_t stop_signals(void);

/*
 * Unblocks both signals, for a process that has blocked them itself or has got its mask from one that did. To be called
 * before there are threads.
 */
void stop_unblock(void);

/*
 * For a loop that waits for many descriptors: from now on both signals write a byte into a pipe, and nothing else (the
 * self-pipe). To be called once.
 * Returns the non-blocking, close-on-exec descriptor to read it from, which stays open until the end. On failure says so on
 * stderr ("server: cannot make a pipe: Too many open files") and returns -1.
 */
int stop_pipe(void);

/* The only static objects that a handler may read are lock-free atomics (C11 7.14.1.1). Models count on this one. */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an atomic_int is not always lock-free here");

#endif
