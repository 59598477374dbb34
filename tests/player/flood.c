/* flood - see flood.h */
#include "flood.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "io_status.h"
#include "memory.h"

enum {
    CHUNK_SIZE = 64 * 1024,
    LOOK_MS = 10 /* from one look at `is_over` to the next, if nothing moves */
};

struct flood {
    uv_thread_t thread;
    int fd;
    atomic_bool is_over, is_wrong;
    char sent[CHUNK_SIZE], due[CHUNK_SIZE], came[CHUNK_SIZE];
};

/* Returns false when nothing more can come. */
static bool receive(struct flood *flood)
{
    const struct io_result received = io_recv(flood->fd, flood->came, CHUNK_SIZE);

    if (memcmp(flood->came, flood->due, received.bytes) != 0)
        flood->is_wrong = true;
    return received.status == IO_SUCCESS;
}

/* Without a connection, or when the server has gone, receive() finds that out. */
static void run(void *data)
{
    struct flood *flood = data;
    struct pollfd room = {.fd = flood->fd, .events = POLLIN | POLLOUT};

    while (!flood->is_over) {
        if (poll(&room, 1, LOOK_MS) < 1)
            continue;
        if ((room.revents & POLLOUT) != 0)
            (void)io_send(flood->fd, flood->sent, CHUNK_SIZE);
        if ((room.revents & ~POLLOUT) != 0 && !receive(flood))
            return;
    }
}

/* The buffers are the system's, larger than a player's usual ones, and grow: tcp(7). Returns the socket, or -1. */
static int begin_to_connect(const struct sockaddr *address)
{
    const bool is_ipv6 = address->sa_family == AF_INET6;
    const int fd = socket(address->sa_family, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)connect(fd, address, is_ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    return fd;
}

struct flood *flood_start(const struct sockaddr *address)
{
    struct flood *flood = memory_zeroed(1, sizeof *flood);

    flood->fd = begin_to_connect(address);
    memset(flood->sent, 'a', CHUNK_SIZE);
    memset(flood->due, 'A', CHUNK_SIZE);
    if (uv_thread_create(&flood->thread, run, flood) != 0)
        abort(); /* as without memory */
    return flood;
}

bool flood_is_wrong(const struct flood *flood)
{
    return flood->is_wrong;
}

void flood_stop(struct flood *flood)
{
    flood->is_over = true;
    uv_thread_join(&flood->thread);
    close(flood->fd);
    free(flood);
}
