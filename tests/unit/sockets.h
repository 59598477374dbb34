/*
 * sockets - real TCP connections over the loopback, brought into the state that a test asks about.
 *
 * Made with plain system calls, not with common/, which is under test. Where one fails that the test
 * depends on, the program is aborted with a line.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* Both ends of a connection, blocking, with small buffers: a few KiB fill them. */
struct pair {
    int ours;
    int theirs;
};

/* A listener on any free port of 127.0.0.1. */
int sockets_listen(void);

/* The port of a listener (or of any other IPv4 or IPv6 socket). */
int sockets_port(int fd);

/* Connects to `listener`, which need not accept yet. Returns -1 if that has not worked within 5 seconds. */
int sockets_connect(int listener);

/* Opens a connection. */
struct pair sockets_open(void);

/* Closes both of its ends. */
void sockets_close(const struct pair *pair);

/* Closes `fd` so that its peer sees a reset and not an orderly end (SO_LINGER: socket(7)). */
void sockets_reset(int fd);

/* Makes `fd` non-blocking. */
void sockets_set_nonblocking(int fd);

/* Sets SO_RCVTIMEO or SO_SNDTIMEO, the `option`. */
void sockets_set_time_limit(int fd, int option, int milliseconds);

/* Sends until the kernel has no room for more, and returns how many bytes it took. */
size_t sockets_fill(int fd);

/* Receives `size` bytes, or less if the stream ends before, and returns how many. */
size_t sockets_take(int fd, size_t size);

/*
 * Has the kernel give up the connection of `fd` within a second: it owes the peer something, the peer does not read, and
 * TCP_USER_TIMEOUT is short (tcp(7)). Returns false, and does nothing, on a system without that option.
 */
bool sockets_starve(int fd);

/* Waits, 10 seconds at most, until something can be received. */
void sockets_wait_for_input(int fd);

/* Waits, 10 seconds at most, until the connection is broken. */
void sockets_wait_for_error(int fd);

#endif
