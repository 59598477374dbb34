/* tell - see tell.h */
#include "tell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "player/memory.h"
#include "player/text.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/section.h"
#include "report/table.h"
#include "trial/machine.h"

static const double busy_machine = 0.1; /* of a core, by others */
static const double saturated = 0.95; /* the load has hardly slept */

static void add_warning(struct text *words, const struct run *run)
{
    if (run->bench.interrupted_by != 0)
        text_add(words, "This run was interrupted. ");
    if (run->others > busy_machine)
        text_add(
            words,
            "Other programs used %.0f %% of a core during this run: on a quiet machine the figures are other ones.",
            run->others * 100);
}

static void add_faults(struct text *words, const struct run *run)
{
    for (size_t i = 0; i < run->subjects.count; i++) {
        const struct subject *subject = &run->subjects.items[i];
        if (subject->is_wrong)
            text_add(words, "%s%s has no figures: %s.", words->length > 0 ? "\n" : "", subject->name, subject->fault);
    }
}

/* How much the load itself took, where it took most. */
static void add_load(struct text *words, const struct run *run)
{
    const struct setting *setting = plan_find(&run->plan, PRICE, 50, 64, 0);
    double cpu = 0, busy = 0;

    for (size_t i = 0; i < run->subjects.count; i++) {
        cpu = fmax(cpu, rows_summary(&run->rows, i, setting, PRICE_LOAD_CPU).median);
        busy = fmax(busy, rows_summary(&run->rows, i, setting, PRICE_LOAD_BUSY).median);
    }
    const struct machine_cores cores = machine_cores();
    if (cores.are_separate)
        text_add(words, "The servers had %d core%s, the load generator another one. ", cores.server,
                 cores.server == 1 ? "" : "s");
    else
        text_add(words, "Servers and load generator shared the core, and the waits hold the time of both. ");
    if (busy == 0)
        return; /* nothing was measured */
    text_add(words,
             "With 50 clients it took up to %.1f us of CPU time a message and was busy for up to %.0f %% of the time",
             cpu, busy * 100);
    text_add(words, "%s", busy > saturated ? ": it, not the server, then set the pace." : ".");
}

static void add_time(struct text *words)
{
    const time_t time_now = time(NULL);
    char line[64] = "";
    struct tm parts;

    if (localtime_r(&time_now, &parts) != NULL && strftime(line, sizeof line, "%Y-%m-%d %H:%M", &parts) > 0)
        text_add(words, "%s", line);
}

static void print_wrapped(const char *words)
{
    struct text out = {0};

    if (words == NULL)
        return;
    table_wrap(&out, words);
    fputs(out.chars, stdout);
    text_free(&out);
}

static bool write_page(struct run *run, const struct report *report, const char *path, const char *command)
{
    struct text machine = {0}, load = {0}, warning = {0}, when = {0};

    machine_describe(&machine);
    add_load(&load, run);
    add_warning(&warning, run);
    add_time(&when);
    print_wrapped(machine.chars);
    print_wrapped(load.chars);
    print_wrapped(warning.chars);
    add_faults(&warning, run); /* the terminal has them just above */
    const struct page_words words = {.warning = warning.chars != NULL ? warning.chars : "",
                                     .machine = machine.chars,
                                     .when = when.chars,
                                     .load = load.chars,
                                     .command = command};
    const bool is_written = page_write(report, &words, run->bench.folder, path);
    if (is_written)
        printf("%s shows it in a browser; every measurement is in %s/*.csv\n", path, run->bench.folder);
    struct text *const texts[] = {&machine, &load, &warning, &when};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text_free(texts[i]);
    return is_written;
}

static bool write_rows(const struct run *run)
{
    const char **names = memory_zeroed(run->subjects.count, sizeof names[0]);

    for (size_t i = 0; i < run->subjects.count; i++)
        names[i] = run->subjects.items[i].name;
    const bool is_written = rows_write(&run->rows, names, run->bench.folder);
    free(names);
    return is_written;
}

bool tell(struct run *run, const char *page_path, const char *command)
{
    const struct findings findings = {&run->plan, &run->rows, &run->subjects, run->no_calls};
    struct text out = {0}, said = {0};
    struct report report;

    report_make(&report, &findings);
    table_add(&out, &report);
    fputs(out.chars, stdout);
    const char *no_plots = plot_all(&run->bench.loop, &findings, run->bench.folder, &said);
    if (no_plots != NULL)
        printf("There are no plots: %s\n", no_plots);
    const bool is_written = write_page(run, &report, page_path, command) && write_rows(run);
    text_free(&out);
    text_free(&said);
    report_free(&report);
    return is_written;
}
