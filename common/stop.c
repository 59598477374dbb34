/* stop - see stop.h */
#include "stop.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "net.h"

void stop_calls(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    action.sa_mask = stop_signals(); /* neither interrupts the handler of the other */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

sigset_t stop_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

int stop_pipe(atomic_int *writer)
{
    int ends[2];

    if (pipe(ends) == -1 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1) {
        perror("server: cannot make a pipe");
        return -1;
    }
    *writer = ends[1];
    return net_set_nonblocking(ends[0]) && net_set_nonblocking(ends[1]) ? ends[0] : -1;
}
