/* calls - see calls.h */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_program.h"

static const double matters = 0.005; /* calls a message */

void calls_runner(const char *path, const char *words[CALLS_WORDS])
{
    const char *const runner[CALLS_WORDS] = {"strace", "-qq", "-f", "-c", "-o", path, NULL};

    memcpy(words, runner, sizeof runner);
}

/* ---- Is strace there? ---- */

const char *calls_probe(uv_loop_t *loop)
{
    const char *words[CALLS_WORDS + 1];

    calls_runner("/dev/null", words);
    words[CALLS_WORDS - 1] = "true";
    words[CALLS_WORDS] = NULL;
    const int status = run_program(loop, words, NULL);
    if (status == 127)
        return "strace is missing (./setup.sh trace installs it)";
    return status == 0 ? NULL : "strace may not trace here";
}

/* ---- What it has counted ---- */

/* "% time seconds usecs/call calls [errors] syscall". Returns the name, a part of `line`, or NULL for another line. */
static const char *read_line(char *line, double *times)
{
    char *fields[6], *at, *end;
    size_t count = 0;

    for (char *field = strtok_r(line, " \n", &at); field != NULL && count < 6; field = strtok_r(NULL, " \n", &at))
        fields[count++] = field;
    if (count < 5)
        return NULL;
    *times = strtod(fields[3], &end);
    return *end == '\0' ? fields[count - 1] : NULL;
}

/* The total comes last. */
bool calls_read(const char *path, struct calls_count *count)
{
    char line[256];
    double times;
    bool is_complete = false;
    FILE *file = fopen(path, "r");

    *count = (struct calls_count){0};
    while (file != NULL && !is_complete && fgets(line, sizeof line, file) != NULL) {
        const char *name = read_line(line, &times);
        if (name == NULL || count->count == CALLS_MAX)
            continue;
        is_complete = strcmp(name, "total") == 0;
        if (is_complete)
            continue;
        snprintf(count->items[count->count].name, sizeof count->items[0].name, "%s", name);
        count->items[count->count++].times = times;
    }
    if (file != NULL)
        fclose(file);
    return is_complete;
}

static double times_of(const struct calls_count *count, const char *name)
{
    for (size_t i = 0; i < count->count; i++)
        if (strcmp(count->items[i].name, name) == 0)
            return count->items[i].times;
    return 0;
}

struct call {
    const char *name;
    double a_message;
};

static int compare(const void *a, const void *b)
{
    const double x = ((const struct call *)a)->a_message, y = ((const struct call *)b)->a_message;

    return (x < y) - (x > y);
}

double calls_a_message(const struct calls_count *with, const struct calls_count *without, double messages,
                       struct text *words)
{
    struct call calls[CALLS_MAX] = {{0}};
    double sum = 0;

    for (size_t i = 0; i < with->count; i++) {
        const char *name = with->items[i].name;
        calls[i] = (struct call){name, (with->items[i].times - times_of(without, name)) / messages};
        sum += calls[i].a_message;
    }
    qsort(calls, with->count, sizeof calls[0], compare);
    for (size_t i = 0; i < with->count && calls[i].a_message >= matters; i++)
        text_add(words, "%s%s %.2f", i > 0 ? ", " : "", calls[i].name, calls[i].a_message);
    return sum;
}
