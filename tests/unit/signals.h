/*
 * signals - signals that arrive while a call waits: every 10 milliseconds one, whose handler does nothing and which
 * does not restart the call (no SA_RESTART). What the call then returns, or how long it waits, is the test's question.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <pthread.h>
#include <stdatomic.h>

struct signals {
    pthread_t thread;
    pthread_t target;
    int times;
    void (*then)(int fd);
    int fd;
    atomic_bool ended;
};

/* Sends SIGUSR1 to the calling thread, `times` times, and calls `then(fd)` after the last one, in a thread of its own. */
void signals_begin(struct signals *signals, int times, void (*then)(int fd), int fd);

/* Sends no more and returns when then() has returned. To be called by the thread that began. */
void signals_end(struct signals *signals);

#endif
