/* How many signals does a socket send with O_ASYNC, and what do they say? */
#define _GNU_SOURCE /* O_ASYNC is not in POSIX */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void count(int number)
{
    (void)number;
    signals++;
}

static void report(const char *what)
{
    const struct timespec moment = {.tv_nsec = 100000000}; /* loopback needs less */

    nanosleep(&moment, NULL); /* a signal ends the sleep early: what matters has come by then */
    nanosleep(&moment, NULL);
    printf("%-38s %d\n", what, (int)signals);
    signals = 0;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    sigset_t sigio;

    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(client, (struct sockaddr *)&address, size) != 0) {
        perror("signal_driven");
        return 1;
    }
    const int connection = accept(listener, NULL, NULL);

    sigaction(SIGIO, &(struct sigaction){.sa_handler = count}, NULL);
    if (fcntl(connection, F_SETOWN, getpid()) == -1 ||
        fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_ASYNC) == -1) {
        perror("signal_driven");
        return 1;
    }

    (void)send(client, "one", 3, 0);
    report("one message:");

    sigemptyset(&sigio);
    sigaddset(&sigio, SIGIO);
    sigprocmask(SIG_BLOCK, &sigio, NULL);
    for (int n = 0; n < 3; n++)
        (void)send(client, "more", 4, 0);
    sigprocmask(SIG_UNBLOCK, &sigio, NULL);
    report("three, while the signal was blocked:");

    shutdown(client, SHUT_WR);
    report("a half-close:");
    return 0;
}
