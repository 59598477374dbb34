/* plain - for tests that talk to a server without the player: plain calls that wait, 20 seconds at most. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct plain_server {
    pid_t pid;
    int output, err; /* its standard output and standard error: where to read what it says */
    char ready[128]; /* the first line that it said: "listening on 127.0.0.1:9000"; "" if it said nothing */
};

/*
 * Starts `program(data)` as a server in a process of its own, and waits for its first line; what the program returns is
 * its exit status. plain_stop() ends it.
 */
struct plain_server plain_start(int (*program)(const void *data), const void *data);

/*
 * Sends SIGTERM, and SIGKILL if that has not helped after 20 seconds; closes both descriptors. Returns the wait status
 * (POSIX.1-2017 waitpid()), which is 0 if it exited with 0.
 */
int plain_stop(const struct plain_server *server);

/* The same with another signal than SIGTERM. */
int plain_stop_by(const struct plain_server *server, int signal_number);

/*
 * Collects what comes from `fd` in `all` (NUL-terminated) until `text` is in it. Returns false if it does not come in
 * time, before the end, or within `size` bytes; then `all` is what has come.
 */
bool plain_read_until(int fd, const char *text, char *all, size_t size);

/* Connects to the address that the server printed. Returns a descriptor, the caller's to close, or -1 if it cannot. */
int plain_connect(const struct plain_server *server);

/* Sends `question` and says whether `answer`, and nothing else, comes back. */
bool plain_ask(int fd, const char *question, const char *answer);

#endif
