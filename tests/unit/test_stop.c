/*
 * test_stop - what if a server is told to stop while clients keep it busy without a pause?
 *
 * A server that looks for the signal only while it waits never sees it then, because there is always somebody who is ready.
 * The player alone cannot keep a server that busy, so here every client is a process of its own.
 */
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "must.h"
#include "net.h"
#include "plain.h"

enum { CLIENTS = 4 };

/* Sends and receives as fast as it can, until the server ends the connection. Writes a byte to `news` when it gets going. */
static void flood(const struct plain_server *server, int news)
{
    static char bytes[64 * 1024];
    const int fd = plain_connect(server);
    bool is_going = false;

    must(fd != -1 && net_set_nonblocking(fd), "connect");
    for (;;) {
        struct pollfd both = {.fd = fd, .events = POLLIN | POLLOUT};
        must(poll(&both, 1, -1) == 1, "poll");
        const ssize_t sent = send(fd, bytes, sizeof bytes, 0);
        const ssize_t received = recv(fd, bytes, sizeof bytes, 0);
        if (received == 0 || (sent == -1 && received == -1 && (both.revents & (POLLERR | POLLHUP)) != 0))
            exit(0);
        if (received > 0 && !is_going)
            is_going = write(news, "!", 1) == 1;
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
    const pid_t pid = fork();

    must(pid != -1, "fork");
    if (pid == 0)
        flood(server, news);
}

static void does_it_stop_when_always_busy(void **state)
{
    char going[8];
    int news[2];

    must(pipe(news) == 0, "pipe");
    const struct plain_server server = plain_start(run_server, *state);
    assert_string_not_equal(server.ready, "");
    for (int i = 0; i < CLIENTS; i++)
        start_client(&server, news[1]);
    assert_true(plain_read_until(news[0], "!", going, sizeof going)); /* one is enough: 01 serves no more */

    const double told = net_now();
    const int status = plain_stop(&server);
    const double took = net_now() - told;
    for (int i = 0; i < CLIENTS; i++)
        must(wait(NULL) > 0, "wait");
    close(news[0]);
    close(news[1]);
    if (status != 0)
        fail_msg(
            "Told to stop (SIGTERM) while %d clients kept it busy, the server was still there %.1f s later. Does it "
            "look for the signal only while it waits?",
            CLIENTS, took);
}

int main(void)
{
    unit_begin();
    return unit_each_model("stop", does_it_stop_when_always_busy);
}
