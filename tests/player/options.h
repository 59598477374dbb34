/*
 * options - the command line of a program with long options, read with getopt_long(3).
 *
 * A mistake is reported in one line, `check: --jobs takes a whole number from 1 to 64, not "6x"`, and the usage follows;
 * the program exits with 2.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The values of an option that can be given many times, in their order. Starts as {0}; `items` is the caller's to free(). */
struct option_values {
    const char **items;
    size_t count;
};

/* Adds `value`, which is not copied; NULL ends a list of arguments. */
void option_values_add(struct option_values *values, const char *value);

/* One option, and where its value goes: one of the four pointers. */
struct option_row {
    const char *name; /* without the dashes; the last row has NULL */
    bool *flag; /* it takes no value */
    const char **text; /* if given several times, the last counts; never "" */
    struct option_values *texts;
    int *number; /* decimal digits only */
    int min, max; /* of `number` */
};

struct command {
    const char *program; /* "check": every complaint begins with it */
    const char *usage; /* its lines, each with its newline */
};

/*
 * Stores the options where `rows` says; what is not given stays as it is. Values are not copied. --help and -h print the
 * usage to standard output and end the program with 0.
 */
void options_read(const struct command *command, const struct option_row *rows, int argc, char **argv);

/* Prints what is wrong in one line, formatted as by printf(), then the usage. Returns the exit status, 2. */
int options_misuse(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
