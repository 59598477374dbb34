/*
 * stop - SIGINT (Ctrl-C) and SIGTERM ask a server to stop.
 *
 * What a server does then depends on how its model waits; this is only how the two signals are set up.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>

/*
 * Has both signals call `handler`, which may do only what POSIX.1-2017 2.4.3 allows in a signal handler. Without
 * SA_RESTART: the call that the signal interrupts returns EINTR after the handler.
 */
void stop_calls(void (*handler)(int));

/* Blocks both signals in the calling thread, and in the threads that it creates. Returns the mask as it was before. */
sigset_t stop_block(void);

#endif
