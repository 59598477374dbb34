/* sockets - see sockets.h */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "must.h"

static void set_option(int fd, int level, int option, int value)
{
    must(setsockopt(fd, level, option, &value, sizeof value) == 0, "setsockopt");
}

static struct sockaddr_storage address_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    must(getsockname(fd, (struct sockaddr *)&address, &size) == 0, "getsockname");
    return address;
}

int sockets_listen(void)
{
    const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int listener = socket(AF_INET, SOCK_STREAM, 0);

    must(listener != -1, "socket");
    set_option(listener, SOL_SOCKET, SO_RCVBUF, 4096); /* accepted sockets inherit it */
    must(bind(listener, (const struct sockaddr *)&loopback, sizeof loopback) == 0, "bind");
    must(listen(listener, SOMAXCONN) == 0, "listen");
    return listener;
}

int sockets_port(int fd)
{
    const struct sockaddr_storage address = address_of(fd);

    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

int sockets_connect(int listener)
{
    const struct sockaddr_storage address = address_of(listener);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    must(fd != -1, "socket");
    set_option(fd, SOL_SOCKET, SO_SNDBUF, 4096);
    sockets_set_time_limit(fd, SO_SNDTIMEO, 5000);
    const int failed = connect(fd, (const struct sockaddr *)&address, sizeof(struct sockaddr_in));
    sockets_set_time_limit(fd, SO_SNDTIMEO, 0);
    if (failed == 0)
        return fd;
    close(fd);
    return -1;
}

struct pair sockets_open(void)
{
    const int listener = sockets_listen();
    struct pair pair;

    pair.ours = sockets_connect(listener);
    must(pair.ours != -1, "connect");
    pair.theirs = accept(listener, NULL, NULL);
    must(pair.theirs != -1, "accept");
    close(listener);
    return pair;
}

void sockets_close(const struct pair *pair)
{
    close(pair->ours);
    close(pair->theirs);
}

void sockets_reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0, "setsockopt");
    close(fd);
}

void sockets_set_nonblocking(int fd)
{
    must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0, "fcntl");
}

void sockets_set_time_limit(int fd, int option, int milliseconds)
{
    const struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000L};

    must(setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit) == 0, "setsockopt");
}

static size_t send_what_fits(int fd)
{
    static const char zeros[64 * 1024];
    size_t sent = 0;
    ssize_t n;

    while ((n = send(fd, zeros, sizeof zeros, MSG_DONTWAIT)) > 0)
        sent += (size_t)n;
    must(errno == EAGAIN || errno == EWOULDBLOCK, "send");
    return sent;
}

size_t sockets_fill(int fd)
{
    size_t filled = 0, more = send_what_fits(fd);

    while (more > 0) {
        filled += more;
        (void)poll(NULL, 0, 50); /* an acknowledgement that the peer delays (Linux: 40 ms) can still make room */
        more = send_what_fits(fd);
    }
    return filled;
}

size_t sockets_take(int fd, size_t size)
{
    static char bytes[64 * 1024];
    size_t taken = 0;
    ssize_t n = 1;

    while (taken < size && n > 0) {
        n = recv(fd, bytes, size - taken < sizeof bytes ? size - taken : sizeof bytes, 0);
        must(n >= 0, "recv");
        taken += (size_t)n;
    }
    return taken;
}

bool sockets_starve(int fd)
{
#ifdef TCP_USER_TIMEOUT
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 50);
    send_what_fits(fd);
    return true;
#else
    (void)fd;
    return false;
#endif
}

static void wait_for(int fd, short events)
{
    struct pollfd descriptor = {.fd = fd, .events = events};

    must(poll(&descriptor, 1, 10 * 1000) == 1, "poll: it has not happened within 10 seconds");
}

void sockets_wait_for_input(int fd)
{
    wait_for(fd, POLLIN);
}

void sockets_wait_for_error(int fd)
{
    wait_for(fd, 0); /* POLLERR and POLLHUP come unasked */
}
