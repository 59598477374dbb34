/* errors - see errors.h */
#include "errors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player/memory.h"

static bool read_costs(const char *word, enum error_costs *costs)
{
    static const char *const names[] = {[COSTS_NOBODY] = "nobody",
                                        [COSTS_CLIENT] = "client",
                                        [COSTS_NEWCOMER] = "newcomer",
                                        [COSTS_NEWCOMERS] = "newcomers"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *costs = (enum error_costs)i;
        if (strcmp(word, names[i]) == 0)
            return true;
    }
    return false;
}

static bool read_lasts(const char *word, bool *lasts)
{
    *lasts = strcmp(word, "lasts") == 0;
    return *lasts || strcmp(word, "once") == 0;
}

static bool split_calls(struct error_row *row, char *calls)
{
    size_t count = 0;

    for (char *at, *name = strtok_r(calls, ",", &at); name != NULL; name = strtok_r(NULL, ",", &at)) {
        if (count == sizeof row->calls / sizeof row->calls[0] || strlen(name) >= ERRORS_NAME_SIZE)
            return false;
        snprintf(row->calls[count++], ERRORS_NAME_SIZE, "%s", name);
    }
    return count > 0;
}

/* Returns false if it is no line of the table. */
static bool read_row(const char *line, struct error_row *row)
{
    char calls[100], costs[16], lasts[16];
    int source = 0;

    *row = (struct error_row){.error = ""};
    if (sscanf(line, "%99s %31s %15s %15s %n", calls, row->error, costs, lasts, &source) != 4)
        return false;
    row->is_signal = strncmp(row->error, "SIG", 3) == 0;
    return split_calls(row, calls) && read_costs(costs, &row->costs) && read_lasts(lasts, &row->lasts) &&
           line[source] != '\0';
}

bool error_is_of(const struct error_row *row, const char *call)
{
    for (size_t i = 0; i < sizeof row->calls / sizeof row->calls[0]; i++)
        if (strcmp(row->calls[i], call) == 0)
            return true;
    return strcmp(row->calls[0], "any") == 0;
}

bool errors_know(const struct errors *errors, const char *call)
{
    for (size_t i = 0; i < errors->count; i++)
        if (!errors->rows[i].is_signal && error_is_of(&errors->rows[i], call))
            return true;
    return false;
}

bool errors_read(struct errors *errors, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    bool is_right = file != NULL;

    *errors = (struct errors){0};
    if (!is_right)
        fprintf(stderr, "faults: %s: %s\n", path, strerror(errno));
    for (int number = 1; is_right && getline(&line, &room, file) != -1; number++) {
        if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#')
            continue;
        errors->rows = memory_grown(errors->rows, errors->count, sizeof errors->rows[0]);
        struct error_row *row = &errors->rows[errors->count];
        is_right = read_row(line, row);
        row->is_first = !errors_know(errors, row->calls[0]);
        errors->count++;
        if (!is_right)
            fprintf(stderr, "faults: %s:%d: a line is CALL ERROR nobody|client|newcomer|newcomers lasts|once SOURCE\n",
                    path, number);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return is_right;
}

void errors_free(struct errors *errors)
{
    free(errors->rows);
    *errors = (struct errors){0};
}
