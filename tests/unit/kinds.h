/* kinds - everything that a standard descriptor can be. */
#ifndef KINDS_H
#define KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum kind {
    A_FILE,
    DEV_NULL,
    DEV_FULL,
    A_PIPE,
    A_FULL_PIPE,
    A_NONBLOCKING_PIPE,
    A_FULL_NONBLOCKING_PIPE,
    A_SOCKET,
    A_NONBLOCKING_SOCKET,
    A_TERMINAL,
    A_FULL_TERMINAL,
    A_DIRECTORY,
    CLOSED,
    KINDS
};

struct opened {
    int fd; /* the descriptor for the program: -1 for CLOSED */
    int other_end; /* of a pipe, a socket or a terminal; otherwise -1 */
    int flags; /* F_GETFL of `fd` */
    size_t filling; /* bytes that a full one held already */
};

/* "a full pipe" */
const char *kind_name(enum kind kind);

/* Can it be had here? There may be no terminals: pty(7). */
bool kind_is_there(enum kind kind);

/* Opens one for a program to write to, or to read from. Where that fails, the test program is aborted with a line. */
struct opened kind_open_output(enum kind kind);
struct opened kind_open_input(enum kind kind);

/* Makes it the standard descriptor `fd` of this process: for a child before exec(). */
void kind_become(const struct opened *opened, int fd);

/*
 * Reads what the child process `pid` writes to one that has another end, without what that held before. Reads slowly at
 * first, so that the child has to wait for room, and until `size` bytes have come or the child has ended. Returns how many.
 */
size_t kind_read(const struct opened *opened, pid_t pid, char *bytes, size_t size);

/* Are the flags of the open file what they were? */
bool kind_is_unchanged(const struct opened *opened);

/* Closes both ends. */
void kind_close(struct opened *opened);

#endif
