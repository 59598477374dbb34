/* process_ready - see process_ready.h, and process.h for process_parse_ready() and process_free_port() */
#include "process_ready.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "process.h"

/*
 * Below those that the system gives to clients (Linux from 32768, see ip_local_port_range in ip(7); RFC 6335 from 49152): one
 * of these could go to somebody's client before our server has it, and even to the very connect() that looks for it.
 */
enum { FIRST_PORT = 20000, PORTS = 32768 - FIRST_PORT, SPREAD = 101 };

bool process_parse_ready(const char *line, struct sockaddr_storage *address)
{
    char host[64], port[6];
    int end = 0;

    *address = (struct sockaddr_storage){0};
    const bool is_ipv6 = sscanf(line, "listening on [%63[0-9a-fA-F:.]]:%5[0-9]%n", host, port, &end) == 2;
    if (!is_ipv6 && sscanf(line, "listening on %63[0-9.]:%5[0-9]%n", host, port, &end) != 2)
        return false;
    const int number = (int)strtol(port, NULL, 10);
    if (line[end] != '\0' || number < 1 || number > 65535)
        return false;
    return (is_ipv6 ? uv_ip6_addr(host, number, (struct sockaddr_in6 *)address)
                    : uv_ip4_addr(host, number, (struct sockaddr_in *)address)) == 0;
}

size_t ready_line_read(struct ready_line *line, const char *bytes, size_t size, struct sockaddr_storage *address)
{
    size_t used = 0;

    while (used < size && !line->is_complete) {
        const char byte = bytes[used++];
        if (byte != '\n') {
            if (line->length < sizeof line->text)
                line->text[line->length] = byte;
            line->length++;
            continue;
        }
        if (line->length < sizeof line->text) {
            line->text[line->length] = '\0';
            line->is_complete = process_parse_ready(line->text, address);
        }
        line->length = 0;
    }
    return used;
}

/* ---- By the port ---- */

/* poll() tells how it ends. Returns the socket, or -1. */
static int begin_to_connect(const struct sockaddr_storage *address)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)connect(fd, (const struct sockaddr *)address, sizeof(struct sockaddr_in));
    return fd;
}

bool ready_probe(int *fd, const struct sockaddr_storage *address)
{
    if (*fd == -1)
        *fd = begin_to_connect(address);
    struct pollfd attempt = {.fd = *fd, .events = POLLOUT};
    if (poll(&attempt, 1, 0) < 1) /* it is under way, or there was no descriptor for it */
        return false;
    if ((attempt.revents & (POLLERR | POLLHUP)) == 0)
        return true;
    close(*fd); /* nobody is listening yet */
    *fd = -1;
    return false;
}

/* Returns 0, or an errno. */
static int try_port(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}; /* any address */
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        return errno;
    const int error = bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ? errno : 0;
    close(fd);
    return error;
}

int process_free_port(void)
{
    static int tried;
    const int first = (int)((unsigned)getpid() * SPREAD % PORTS); /* two players begin at different ports */

    for (int i = 0; i < PORTS; i++) {
        const int port = FIRST_PORT + (first + tried++) % PORTS;
        const int error = try_port(port);
        if (error != EADDRINUSE)
            return error == 0 ? port : -error;
    }
    return -EADDRINUSE;
}
