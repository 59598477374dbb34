/* plain - for tests that talk to a server without the player: plain calls that wait, 20 seconds at most. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct plain_server {
    pid_t pid;
    int output, words; /* its standard output and standard error: where to read what it says */
};

/*
 * Starts `program(data)` as a server in a process of its own; what it returns is its exit status. The process is the
 * caller's to end and to wait for, the two descriptors are the caller's to close.
 */
struct plain_server plain_start(int (*program)(const void *data), const void *data);

/*
 * Collects what comes from `fd` in `all` (NUL-terminated) until `text` is in it. Returns false if it does not come in
 * time, before the end, or within `size` bytes; what has come is in `all` then, too.
 */
bool plain_read_until(int fd, const char *text, char *all, size_t size);

/* Connects to the server that said `ready` ("listening on 127.0.0.1:9000", a newline may follow). Returns -1 if it cannot. */
int plain_connect(const char *ready);

/* Sends `question` and says whether `answer`, and nothing else, comes back. */
bool plain_ask(int fd, const char *question, const char *answer);

#endif
