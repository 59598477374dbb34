/*
 * errors - which errors are real for which system call: the table errors.txt, read.
 *
 * A line is CALL[,CALL...] ERROR COSTS LASTS SOURCE..., see there.
 */
#ifndef ERRORS_H
#define ERRORS_H

#include <stdbool.h>
#include <stddef.h>

enum { ERRORS_NAME_SIZE = 32 };

/* Who may be lost by it. A newcomer is a client that has not got a byte yet. */
enum error_costs {
    COSTS_NOBODY,
    COSTS_CLIENT, /* the one on whose connection it is */
    COSTS_NEWCOMER, /* one for each time */
    COSTS_NEWCOMERS /* all that there are */
};

struct error_row {
    char calls[4][ERRORS_NAME_SIZE]; /* its names on different systems: "accept", "accept4"; "" ends them; or "any" */
    char error[ERRORS_NAME_SIZE]; /* "ECONNRESET"; "-": none is real, or none can be injected */
    bool is_signal; /* what comes is no error but a signal to stop: "SIGTERM" */
    enum error_costs costs;
    bool lasts; /* it can happen again and again; otherwise it is tried only once in a play */
    bool is_first; /* of its call */
};

struct errors {
    struct error_row *rows;
    size_t count;
};

/* Reads the table. Returns false after a line on stderr that says what is wrong. errors_free() is needed in both cases. */
bool errors_read(struct errors *errors, const char *path);

/* Is `call` one of the row's names? */
bool error_is_of(const struct error_row *row, const char *call);

/* Does the table have an error of `call`, or say that there is none? */
bool errors_know(const struct errors *errors, const char *call);

/* Frees the table; it is empty then. */
void errors_free(struct errors *errors);

#endif
