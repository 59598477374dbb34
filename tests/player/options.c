/* options - see options.h */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

int options_misuse(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", command->program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s", command->usage);
    return 2;
}

/* strtol() alone would read " 6", "+6" and "6x" as 6. */
static void read_number(const struct command *command, const struct option_row *row, const char *value)
{
    const bool is_number = value[0] != '\0' && value[strspn(value, "0123456789")] == '\0';
    const long number = strtol(value, NULL, 10); /* LONG_MAX if it is too large */

    if (!is_number || number < row->min || number > row->max)
        exit(options_misuse(command, "--%s takes a whole number from %d to %d, not \"%s\"", row->name, row->min,
                            row->max, value));
    *row->number = (int)number;
}

void option_values_add(struct option_values *values, const char *value)
{
    values->items = memory_grown(values->items, values->count, sizeof values->items[0]);
    values->items[values->count++] = value;
}

static void take(const struct command *command, const struct option_row *row, const char *value)
{
    if (row->flag != NULL) {
        *row->flag = true;
    } else if (row->number != NULL) {
        read_number(command, row, value);
    } else if (value[0] == '\0') {
        exit(options_misuse(command, "--%s takes a value that is not empty", row->name));
    } else if (row->text != NULL) {
        *row->text = value;
    } else {
        option_values_add(row->texts, value);
    }
}

/* What getopt_long() returns for the first row: more than any character. Rows with one number are never ambiguous to it. */
enum { FIRST_ROW = 256 };

/* The rows as getopt_long() wants them, and --help; the caller's to free(). */
static struct option *list_options(const struct option_row *rows)
{
    size_t count = 0;

    while (rows[count].name != NULL)
        count++;
    struct option *list = memory_zeroed(count + 2, sizeof list[0]);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct option){rows[i].name, rows[i].flag != NULL ? no_argument : required_argument, NULL,
                                  FIRST_ROW + (int)i};
    list[count] = (struct option){"help", no_argument, NULL, 'h'};
    return list;
}

void options_read(const struct command *command, const struct option_row *rows, int argc, char **argv)
{
    struct option *list = list_options(rows);
    char *slash = strrchr(argv[0], '/');
    int option;

    if (slash != NULL)
        argv[0] = slash + 1; /* what getopt_long() begins its complaints with */
    while ((option = getopt_long(argc, argv, "h", list, NULL)) >= FIRST_ROW)
        take(command, &rows[option - FIRST_ROW], optarg);
    if (option != -1) {
        fputs(command->usage, option == 'h' ? stdout : stderr);
        exit(option == 'h' ? 0 : 2);
    }
    if (optind < argc)
        exit(options_misuse(command, "it takes no arguments, but was given \"%s\"", argv[optind]));
    free(list);
}
