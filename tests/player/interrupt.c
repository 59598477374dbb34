/* interrupt - see interrupt.h */
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

enum { COUNT = sizeof numbers / sizeof numbers[0] };

static void on_signal(uv_signal_t *watcher, int number)
{
    const struct interrupt *interrupt = watcher->data;

    interrupt->kill_children(interrupt->data);
    _exit(128 + number);
}

void interrupt_watch(struct interrupt *interrupt, uv_loop_t *loop, void (*kill_children)(void *data), void *data)
{
    interrupt->kill_children = kill_children;
    interrupt->data = data;
    for (int i = 0; i < COUNT; i++) {
        uv_signal_init(loop, &interrupt->watchers[i]);
        interrupt->watchers[i].data = interrupt;
        uv_signal_start(&interrupt->watchers[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&interrupt->watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

void interrupt_close(struct interrupt *interrupt)
{
    for (int i = 0; i < COUNT; i++)
        uv_close((uv_handle_t *)&interrupt->watchers[i], NULL);
}
