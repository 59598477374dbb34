/*
 * peer - for tests of single calls: a connection and a listener, new for each test, and what their peer may do while a
 * call waits (signals.h).
 */
#ifndef PEER_H
#define PEER_H

#include <sys/socket.h>
#include <unistd.h>

#include "must.h"
#include "sockets.h"

static struct pair pair;
static int listener;
static size_t filled; /* what pair.ours has sent before the peer makes room for more */
static int newcomer; /* who has come to the listener */

static inline int peer_setup(void **state)
{
    pair = sockets_open();
    listener = sockets_listen();
    return 0;
}

/* An end that the test has closed is closed once more, which only fails (EBADF). */
static inline int peer_teardown(void **state)
{
    sockets_close(&pair);
    return close(listener);
}

#define PEER_TEST(test) cmocka_unit_test_setup_teardown(test, peer_setup, peer_teardown)

static inline void say_hello(int fd)
{
    must(send(fd, "hello\n", 6, 0) == 6, "send");
}

static inline void make_room(int fd)
{
    sockets_take(fd, filled);
}

static inline void come(int to)
{
    newcomer = sockets_connect(to);
}

#endif
