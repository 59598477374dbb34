/* rows - see rows.h */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "player/text.h"

static const char *const titles[QUESTIONS] = {
    [PRICE] = "price", [CALLS] = "calls", [SILENCE] = "silence", [NEWCOMER] = "newcomer", [VISITS] = "visits"};

static const char *const names_of_figures[QUESTIONS][MAX_FIGURES + 1] = {
    [PRICE] = {"cpu_us", "floors", "floor_us", "messages_per_second", "p50_us", "p99_us", "p999_us", "switches",
               "threads", "processes", "load_cpu_us", "load_busy"},
    [CALLS] = {"calls"},
    [SILENCE] = {"memory_kib", "resident_kib", "kernel_kib", "threads", "processes", "idle_cpu", "idle_busy", "floors",
                 "p50_us", "p99_us"},
    [NEWCOMER] = {"wait_us", "gave_up"},
    [VISITS] = {"visits_per_second", "cpu_us", "p50_us", "p99_us"}};

const char *const *rows_names(enum question question)
{
    return names_of_figures[question];
}

const char *rows_title(enum question question)
{
    return titles[question];
}

void rows_add(struct rows *rows, const struct row *row)
{
    rows->items = memory_grown(rows->items, rows->count, sizeof rows->items[0]);
    rows->items[rows->count++] = *row;
}

void rows_withdraw(struct rows *rows, size_t subject, const char *why_not)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].subject == subject && rows->items[i].why_not == NULL)
            rows->items[i].why_not = memory_string(why_not);
}

void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].why_not);
        free(rows->items[i].note);
    }
    free(rows->items);
    *rows = (struct rows){0};
}

/* ---- What they come to ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool is_of(const struct row *row, size_t subject, const struct setting *setting)
{
    return row->subject == subject && row->setting == setting;
}

struct summary rows_summary(const struct rows *rows, size_t subject, const struct setting *setting, int figure)
{
    double *values = memory_zeroed(rows->count + 1, sizeof values[0]);
    struct summary summary = {0};
    size_t count = 0;

    for (size_t i = 0; i < rows->count; i++)
        if (is_of(&rows->items[i], subject, setting) && rows->items[i].why_not == NULL)
            values[count++] = rows->items[i].figures[figure];
    if (count > 0) {
        qsort(values, count, sizeof values[0], compare);
        summary = (struct summary){.median = (values[(count - 1) / 2] + values[count / 2]) / 2,
                                   .low = values[0],
                                   .high = values[count - 1],
                                   .rounds = (int)count};
    }
    free(values);
    return summary;
}

const struct row *rows_last(const struct rows *rows, size_t subject, const struct setting *setting)
{
    for (size_t i = rows->count; i > 0; i--)
        if (is_of(&rows->items[i - 1], subject, setting))
            return &rows->items[i - 1];
    return NULL;
}

bool summaries_are_equal(struct summary a, struct summary b)
{
    return a.low <= b.high && b.low <= a.high;
}

/* ---- Files ---- */

/* RFC 4180: in quotation marks, those within doubled. */
static void write_words(FILE *file, const char *words)
{
    putc('"', file);
    for (; *words != '\0'; words++) {
        if (*words == '"')
            putc('"', file);
        putc(*words, file);
    }
    putc('"', file);
}

static void write_row(FILE *file, const struct row *row, const char *name)
{
    const char *const *figures = rows_names(row->setting->question);
    const char *words = row->why_not != NULL ? row->why_not : row->note;

    write_words(file, name);
    fprintf(file, ",%d,%zu,%zu,%.0f", row->round, row->clients, row->setting->size, row->setting->rate);
    for (int i = 0; figures[i] != NULL; i++)
        if (row->why_not != NULL)
            putc(',', file);
        else
            fprintf(file, ",%.6g", row->figures[i]);
    putc(',', file);
    write_words(file, words != NULL ? words : "");
    putc('\n', file);
}

static bool write_question(const struct rows *rows, enum question question, const char *const *names, const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(file, "server,round,clients,bytes,rate");
    for (const char *const *figure = rows_names(question); *figure != NULL; figure++)
        fprintf(file, ",%s", *figure);
    fprintf(file, ",note\n");
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].setting->question == question)
            write_row(file, &rows->items[i], names[rows->items[i].subject]);
    const bool is_written = ferror(file) == 0;
    return fclose(file) == 0 && is_written;
}

bool rows_write(const struct rows *rows, const char *const *names, const char *folder)
{
    bool is_written = true;

    for (int question = 0; question < QUESTIONS && is_written; question++) {
        struct text path = {0};
        text_add(&path, "%s/%s.csv", folder, titles[question]);
        is_written = write_question(rows, (enum question)question, names, path.chars);
        text_free(&path);
    }
    return is_written;
}
