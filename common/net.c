/* net - see net.h */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char *name_of(const struct sockaddr *address, socklen_t size, char name[NET_NAME_SIZE])
{
    char host[NET_NAME_SIZE - 9]; /* less "[]:65535" and the end of the string */
    char port[6];

    if (getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(name, NET_NAME_SIZE, "unknown");
    else
        snprintf(name, NET_NAME_SIZE, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return name;
}

enum { BACKLOG = 4096 }; /* or the system's own limit, if that is less (listen(2)); SOMAXCONN is only 128 in musl */

/* Makes a socket for one of the addresses that a name stands for and tries it out: bind() and listen(), or connect(). */
typedef bool try_address(int fd, const struct addrinfo *address);

static bool try_listen(int fd, const struct addrinfo *address)
{
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
}

/* Waits until it is decided whether there is a connection. Returns the errno that says why not, or 0. */
static int wait_for_connection(int fd)
{
    const double deadline = net_now() + NET_CONNECT_SECONDS;
    struct pollfd decided = {.fd = fd, .events = POLLOUT};
    int ready, error = ETIMEDOUT;
    socklen_t size = sizeof error;

    do {
        const double left = deadline - net_now();
        ready = poll(&decided, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
    } while (ready == -1 && errno == EINTR);
    if (ready == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return ready == -1 ? errno : error;
}

static void say_no_answer(const struct addrinfo *address)
{
    char name[NET_NAME_SIZE];

    fprintf(stderr, "client: %s does not answer\n", name_of(address->ai_addr, address->ai_addrlen, name));
}

/* connect() itself would wait for minutes for a host that does not answer (tcp(7), tcp_syn_retries). */
static bool try_connect(int fd, const struct addrinfo *address)
{
    const int flags = fcntl(fd, F_GETFL);
    int error = 0;

    if (!net_set_nonblocking(fd))
        return false;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == -1)
        error = errno == EINPROGRESS ? wait_for_connection(fd) : errno;
    if (error == ETIMEDOUT)
        say_no_answer(address);
    errno = error;
    return error == 0 && fcntl(fd, F_SETFL, flags) == 0;
}

static int open_socket(const struct addrinfo *address, try_address *attempt)
{
    const int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);

    if (fd == -1)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && attempt(fd, address))
        return fd;

    const int error = errno; /* close() may overwrite the reason */
    close(fd);
    errno = error;
    return -1;
}

/* `complaint` begins the line that says why it did not work: "server: cannot listen on". */
static int open_any(const char *complaint, const char *host, const char *port, try_address *attempt)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const bool is_ipv6 = strchr(host, ':') != NULL;
    struct addrinfo *addresses = NULL;
    int fd = -1;

    const int failed = getaddrinfo(host, port, &hints, &addresses);
    for (const struct addrinfo *address = addresses; address != NULL && fd == -1; address = address->ai_next)
        fd = open_socket(address, attempt);
    if (fd == -1) {
        const char *reason = failed == 0 || failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed);
        fprintf(stderr, is_ipv6 ? "%s [%s]:%s: %s\n" : "%s %s:%s: %s\n", complaint, host, port, reason);
    }
    if (failed == 0)
        freeaddrinfo(addresses);
    return fd;
}

int net_listen(const char *address, const char *port)
{
    return open_any("server: cannot listen on", address, port, try_listen);
}

int net_connect(const char *address, const char *port)
{
    const int fd = open_any("client: cannot connect to", address, port, try_connect);

    if (fd != -1)
        net_prepare(fd, 60);
    return fd;
}

/* An option that the connection cannot take any more is no reason to stop: see net_prepare(). */
static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

#if defined(__linux__) && !defined(TCP_RTO_MAX_MS)
#define TCP_RTO_MAX_MS 44 /* Linux has it since 6.15, and many a C library not yet */
#endif

void net_prepare(int fd, int seconds)
{
    const int idle = (seconds + 1) / 2;
    const int rest = seconds - idle;
    const int probes = rest < 3 ? rest : 3;

    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1); /* an urgent byte is one like all others */
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(TCP_KEEPIDLE)
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
#elif defined(TCP_KEEPALIVE) /* macOS's name for the same */
    set_option(fd, IPPROTO_TCP, TCP_KEEPALIVE, idle);
#endif
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, rest / probes);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
#if defined(TCP_RTO_MAX_MS) /* 15 tries in growing intervals take some 12 times the longest, which is 1 to 120 s */
    set_option(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, seconds < 12 ? 1000 : seconds * 1000 / 12);
#endif
}

bool net_set_nonblocking(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return true;
    fprintf(stderr, "cannot make descriptor %d non-blocking: %s\n", fd, strerror(errno));
    return false;
}

int net_limit_descriptors(int max)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return max; /* cannot fail by POSIX: the resource is valid and so is the pointer */
    if (limit.rlim_cur > (rlim_t)max) {
        limit.rlim_cur = (rlim_t)max;
        setrlimit(RLIMIT_NOFILE, &limit); /* any process may lower its own limit */
    }
    return (int)limit.rlim_cur;
}

char *net_local_name(int fd, char name[NET_NAME_SIZE])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC}; /* and so "unknown", if there is no name */
    socklen_t size = sizeof address;

    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    return name_of((const struct sockaddr *)&address, size, name);
}

char *net_peer_name(int fd, char name[NET_NAME_SIZE])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC}; /* and so "unknown", if there is no name */
    socklen_t size = sizeof address;

    (void)getpeername(fd, (struct sockaddr *)&address, &size);
    return name_of((const struct sockaddr *)&address, size, name);
}

double net_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct timeval net_timeval(double seconds)
{
    const double exactly = seconds * 1e6;
    const long long cut = (long long)exactly;
    const long long microseconds = (double)cut < exactly ? cut + 1 : cut;

    return (struct timeval){.tv_sec = (time_t)(microseconds / 1000000),
                            .tv_usec = (suseconds_t)(microseconds % 1000000)};
}
