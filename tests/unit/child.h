/*
 * child - runs a function that prints or ends its program in a process of its own, and keeps what it prints.
 *
 * For tests that can do nothing without it: where fork() or a temporary file fails, the program is aborted with a line.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>

enum { CHILD_TEXT_SIZE = 8 * 1024 };

struct child {
    int status; /* its exit status, or the signal that ended it, negative */
    char output[CHILD_TEXT_SIZE]; /* standard output, NUL-terminated and cut to fit */
    char err[CHILD_TEXT_SIZE]; /* standard error, likewise */
};

/*
 * Runs `program(data)` in a child process; what it returns is its exit status. Standard input is a pipe that holds `input`
 * (NULL: nothing; 4 KiB at most) and then ends. Returns when the child has ended.
 */
void child_run(struct child *child, int (*program)(const void *data), const void *data, const char *input);

/* The same with a terminal as standard error. Returns false, and runs nothing, if there is no terminal. */
bool child_run_on_terminal(struct child *child, int (*program)(const void *data), const void *data, const char *input);

/* For the function that runs as a program: makes its standard output a pipe that nobody reads. */
void child_lose_output(void);

#endif
