/*
 * tick - a timer that never stops, so that no turn of a loop lasts long.
 *
 * Who runs a loop until something has happened, by UV_RUN_ONCE, needs that: if a timer's callback makes it happen at the beginning of
 * a turn, libuv goes on to wait for the next event all the same.
 */
#ifndef TICK_H
#define TICK_H

#include <uv.h>

/* Starts to tick, every 10 ms. */
void tick_begin(uv_timer_t *timer, uv_loop_t *loop);

/* Ends that. The loop has to run once more before it can be closed. */
void tick_end(uv_timer_t *timer);

#endif
