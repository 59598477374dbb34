/* interrupt - lets a program that has children end them before SIGINT, SIGTERM or SIGHUP ends it. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <uv.h>

struct interrupt {
    uv_signal_t watchers[3];
    void (*kill_children)(void *data);
    void *data;
};

/*
 * From now on, while `loop` runs, such a signal calls `kill_children(data)` and ends the program with 128 + its number, as
 * a shell reports it. This does not keep the loop alive. Also ignores SIGPIPE: a peer that left is a result of write().
 */
void interrupt_watch(struct interrupt *interrupt, uv_loop_t *loop, void (*kill_children)(void *data), void *data);

/* Ends that. The loop has to run once more before it can be closed. */
void interrupt_close(struct interrupt *interrupt);

#endif
