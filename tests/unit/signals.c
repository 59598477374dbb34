/* signals - see signals.h */
#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "must.h"

static void ignore(int signal_number)
{
    (void)signal_number;
}

static void *interrupt(void *data)
{
    struct signals *signals = data;
    const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

    for (int i = 0; i < signals->times && !atomic_load(&signals->ended); i++) {
        nanosleep(&pause, NULL);
        pthread_kill(signals->target, SIGUSR1);
    }
    signals->then(signals->fd);
    return NULL;
}

void signals_begin(struct signals *signals, int times, void (*then)(int fd), int fd)
{
    const struct sigaction action = {.sa_handler = ignore};

    must(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    signals->target = pthread_self();
    signals->times = times;
    signals->then = then;
    signals->fd = fd;
    atomic_init(&signals->ended, false);
    must(pthread_create(&signals->thread, NULL, interrupt, signals) == 0, "pthread_create");
}

void signals_end(struct signals *signals)
{
    atomic_store(&signals->ended, true);
    must(pthread_join(signals->thread, NULL) == 0, "pthread_join");
}
