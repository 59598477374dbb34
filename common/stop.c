/* stop - see stop.h */
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "net.h"

void stop_calls(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    action.sa_mask = stop_signals(); /* neither interrupts the handler of the other */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    stop_unblock();
}

sigset_t stop_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

void stop_unblock(void)
{
    const sigset_t signals = stop_signals();

    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

static atomic_int pipe_writer;

/*
 * A flag would not do: a signal that comes after the loop's look at it and before the loop's wait would leave the loop
 * waiting, perhaps for ever. A byte in a pipe that the loop watches ends the wait, begun or not. write() is allowed in a
 * signal handler (POSIX.1-2017 2.4.3).
 */
static void write_byte(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */
    const char byte = '!';
    const ssize_t written = write(pipe_writer, &byte, 1); /* a full pipe takes no more, and need not: it is readable */

    (void)signal_number;
    (void)written;
    errno = error;
}

int stop_pipe(void)
{
    int ends[2];

    if (pipe(ends) == -1 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1) {
        perror("server: cannot make a pipe");
        return -1;
    }
    if (!net_set_nonblocking(ends[0]) || !net_set_nonblocking(ends[1]))
        return -1;
    pipe_writer = ends[1];
    stop_calls(write_byte);
    return ends[0];
}
