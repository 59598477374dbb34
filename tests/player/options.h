/*
 * options - the command line of a program with long options, read with getopt_long(3).
 *
 * What is wrong is said in one line, `check: --jobs takes a whole number from 1 to 64, not "6x"`, which the usage follows;
 * the program ends with 2 then.
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

/* One option, and where its value goes: one of the four. */
struct option_row {
    const char *name; /* without the dashes; the last row has NULL */
    bool *flag; /* it takes no value */
    const char **text; /* of several the last counts; never "" */
    struct option_values *texts;
    int *number; /* decimal digits only */
    int min, max; /* of `number` */
};

struct command {
    const char *program; /* "check": every complaint begins with it */
    const char *usage; /* its lines, also for --help and -h */
};

/*
 * Reads all options into where `rows` says; what is not given stays as it is. Values are not copied. --help prints the usage
 * to standard output and ends the program with 0.
 */
void options_read(const struct command *command, const struct option_row *rows, int argc, char **argv);

/* Says in a line what is wrong, as printf() would write it, then the usage, and returns 2: the exit status. */
int options_misuse(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
