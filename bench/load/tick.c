/* tick - see tick.h */
#include "tick.h"

enum { TICK_MS = 10 };

static void on_tick(uv_timer_t *timer)
{
    (void)timer; /* whoever runs the loop looks for himself what has happened */
}

void tick_begin(uv_timer_t *timer, uv_loop_t *loop)
{
    uv_timer_init(loop, timer);
    uv_timer_start(timer, on_tick, TICK_MS, TICK_MS);
}

void tick_end(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}
