/*
 * test_stop - what if a server is told to stop while clients keep it busy without a pause?
 *
 * A server that looks for the signal only while it waits never sees it then, because there is always somebody who is ready.
 * And whatever it is doing at that moment, in any of its threads, it must not answer wrongly in its last milliseconds. So it
 * is told again and again, each time a little later. The player alone cannot keep a server that busy: here every client is a
 * process of its own.
 */
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "must.h"
#include "net.h"
#include "plain.h"
#include "player/payload.h"

enum { CLIENTS = 6 /* more than 08 has threads */, TIMES = 8, MORE_MS = 3, NS_PER_MS = 1000 * 1000 };

/* Exit statuses of a client. */
enum { RIGHT, WRONG };

/* Sends and receives as fast as it can, until the server ends the connection. Writes a byte to `news` when it gets going. */
static void flood(int fd, int news)
{
    static char bytes[16 * 1024];
    struct payload payload = {0};
    size_t sent = 0, received = 0;

    payload_add(&payload, (struct payload_part){.size = SIZE_MAX, .seed = (uint64_t)getpid()});
    must(net_set_nonblocking(fd), "non-blocking");
    for (;;) {
        struct pollfd both = {.fd = fd, .events = POLLIN | POLLOUT};
        must(poll(&both, 1, -1) == 1, "poll");
        payload_read(&payload, sent, bytes, sizeof bytes);
        const ssize_t taken = send(fd, bytes, sizeof bytes, 0);
        const ssize_t came = recv(fd, bytes, sizeof bytes, 0);
        if (taken > 0)
            sent += (size_t)taken;
        if (came > 0 && payload_compare(&payload, received, true, bytes, (size_t)came, NULL) < (size_t)came)
            exit(WRONG);
        if (came > 0 && received == 0)
            must(write(news, "!", 1) == 1, "write");
        if (came > 0)
            received += (size_t)came;
        if (came == 0 || (taken == -1 && came == -1 && (both.revents & (POLLERR | POLLHUP)) != 0))
            exit(RIGHT);
    }
}

static int run_server(const void *server)
{
    must(freopen("/dev/null", "w", stderr) != NULL, "/dev/null");
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void start_client(const struct plain_server *server, int news)
{
    const int fd = plain_connect(server);

    must(fd != -1, "connect");
    const pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0)
        flood(fd, news);
    close(fd);
}

/* Returns how many of them were answered wrongly. */
static int wait_for_clients(void)
{
    int wrong = 0;

    for (int i = 0; i < CLIENTS; i++) {
        int status;
        must(wait(&status) > 0, "wait");
        if (status != 0)
            wrong++;
    }
    return wrong;
}

/* Tells the server to stop `ms` milliseconds after it has got going. */
static void stop_after(const char *path, int ms)
{
    const struct timespec moment = {.tv_nsec = (long)ms * NS_PER_MS};
    char going[8];
    int news[2];

    must(pipe(news) == 0, "pipe");
    const struct plain_server server = plain_start(run_server, path);
    assert_string_not_equal(server.ready, "");
    for (int i = 0; i < CLIENTS; i++)
        start_client(&server, news[1]);
    assert_true(plain_read_until(news[0], "!", going, sizeof going)); /* one is enough: 01 serves no more */
    nanosleep(&moment, NULL);

    const double told = net_now();
    const int status = plain_stop(&server);
    const double took = net_now() - told;
    const int wrong = wait_for_clients();
    close(news[0]);
    close(news[1]);
    if (wrong > 0)
        fail_msg("Told to stop (SIGTERM) %d ms after they had begun, the server answered %d of %d clients wrongly. Who "
                 "closes or reuses what another still works with?",
                 ms, wrong, CLIENTS);
    if (status != 0 || took > 1)
        fail_msg(
            "Told to stop (SIGTERM) while %d clients kept it busy, the server ended %.1f s later, with wait status "
            "%d. Does it look for the signal only while it waits?",
            CLIENTS, took, status);
}

static void does_it_stop_when_always_busy(void **state)
{
    for (int i = 0; i < TIMES; i++)
        stop_after(*state, i * MORE_MS);
}

int main(void)
{
    unit_begin();
    return unit_each_model("stop", does_it_stop_when_always_busy);
}
