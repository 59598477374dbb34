/* section - see section.h */
#include "section.h"

#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "section_parts.h"

static const double stays = 1.1; /* a price that grows by less stays as it is */

/* ---- For all sections ---- */

struct summary section_summary(const struct findings *findings, size_t subject, const struct setting *setting,
                               int figure)
{
    return setting != NULL ? rows_summary(findings->rows, subject, setting, figure) : (struct summary){0};
}

const struct setting *section_setting(const struct findings *findings, enum question question, size_t clients)
{
    return plan_find(findings->plan, question, clients, SMALL_MESSAGE, 0);
}

void section_begin(struct section *section, const struct findings *findings, const char *const *heads)
{
    struct table *table = &section->table;

    while (heads[table->columns] != NULL) {
        table->heads[table->columns] = heads[table->columns];
        table->columns++;
    }
    table->rows = memory_zeroed(findings->subjects->count, sizeof table->rows[0]);
    for (size_t i = 0; i < findings->subjects->count; i++)
        for (size_t k = 0; k < table->columns; k++)
            table->rows[i][k] = memory_string("-");
}

void section_put(struct section *section, size_t row, size_t column, struct text *cell)
{
    if (cell->length == 0)
        return;
    free(section->table.rows[row][column]);
    section->table.rows[row][column] = text_take(cell);
}

void section_put_median(struct section *section, size_t row, size_t column, struct summary summary,
                        void (*add)(struct text *text, double number))
{
    struct text cell = {0};

    if (summary.rounds > 0)
        add(&cell, summary.median);
    section_put(section, row, column, &cell);
}

void section_add_name(struct text *list, const char *name)
{
    text_add(list, "%s%s", list->length > 0 ? ", " : "", name);
}

/* ---- What it costs that something is different ---- */

double change_growth(const struct findings *findings, size_t subject, const struct change *change)
{
    const struct summary before = section_summary(findings, subject, change->before, change->figure_before);
    const struct summary after = section_summary(findings, subject, change->after, change->figure_after);

    if (before.rounds < 2 || after.rounds < 2)
        return 0;
    return after.median > before.median * stays && !summaries_are_equal(before, after) ? after.median / before.median
                                                                                       : 1;
}

/* It was tried, and did not work once. */
static bool is_not_served(const struct findings *findings, size_t subject, const struct setting *setting)
{
    return setting != NULL && findings->subjects->items[subject].fault == NULL &&
           rows_last(findings->rows, subject, setting) != NULL &&
           rows_summary(findings->rows, subject, setting, 0).rounds == 0;
}

char *change_say(const struct findings *findings, const struct change *change, const char *beginning)
{
    struct text grows = {0}, not_served = {0}, words = {0};
    bool some_stay = false;

    for (size_t i = 0; i < findings->subjects->count; i++) {
        const double growth = change_growth(findings, i, change);
        const char *name = findings->subjects->items[i].name;
        if (growth > 1)
            text_add(&grows, "%s%s %.1f times", grows.length > 0 ? ", " : "", name, growth);
        else if (is_not_served(findings, i, change->after))
            section_add_name(&not_served, name);
        some_stay = some_stay || growth == 1;
    }
    if (grows.length > 0)
        text_add(&words, "%s costs more: %s.%s", beginning, grows.chars,
                 some_stay ? " With the others it costs the same." : "");
    else if (some_stay)
        text_add(&words, "%s costs the same.", beginning);
    if (words.length > 0 && not_served.length > 0)
        text_add(&words, " So many are not served by %s.", not_served.chars);
    text_free(&grows);
    text_free(&not_served);
    return text_take(&words);
}

/* ---- What could not be measured ---- */

static bool is_new(const struct text *reasons, const char *line)
{
    return reasons->chars == NULL || strstr(reasons->chars, line) == NULL;
}

/* Each reason once. */
static void add_reasons_of(struct text *reasons, const struct findings *findings, size_t subject)
{
    for (size_t i = 0; i < findings->rows->count; i++) {
        const struct row *row = &findings->rows->items[i];
        struct text line = {0};
        if (row->subject != subject || row->why_not == NULL ||
            rows_summary(findings->rows, subject, row->setting, 0).rounds > 0)
            continue; /* it worked in another round */
        text_add(&line, "%s: %s\n", findings->subjects->items[subject].name, row->why_not);
        if (is_new(reasons, line.chars))
            text_add(reasons, "%s", line.chars);
        text_free(&line);
    }
}

static char *make_reasons(const struct findings *findings)
{
    struct text reasons = {0};

    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct subject *subject = &findings->subjects->items[i];
        if (subject->fault != NULL)
            text_add(&reasons, "%s has no figures: %s\n", subject->name, subject->fault);
        else
            add_reasons_of(&reasons, findings, i);
        if (subject->is_deaf)
            text_add(&reasons, "%s does not end on SIGTERM: it had to be killed\n", subject->name);
    }
    if (findings->no_calls != NULL)
        text_add(&reasons, "System calls are not counted: %s\n", findings->no_calls);
    return text_take(&reasons);
}

/* ---- All ---- */

bool table_is_empty(const struct report *report, const struct table *table, size_t column)
{
    for (size_t row = 0; row < report->subjects->count; row++)
        if (strcmp(table->rows[row][column], "-") != 0)
            return false;
    return true;
}

bool section_is_empty(const struct report *report, const struct section *section)
{
    for (size_t column = 0; column < section->table.columns; column++)
        if (!table_is_empty(report, &section->table, column))
            return false;
    return true;
}

void report_make(struct report *report, const struct findings *findings)
{
    static void (*const sections[])(struct section *, const struct findings *) = {
        section_price,   section_newcomer,    section_crowd, section_growth,
        section_silence, section_punctuality, section_visits};

    *report = (struct report){.count = sizeof sections / sizeof sections[0], .reasons = make_reasons(findings)};
    for (size_t i = 0; i < report->count; i++)
        sections[i](&report->sections[i], findings);
    report->subjects = findings->subjects;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct section *section = &report->sections[i];
        for (size_t row = 0; row < report->subjects->count; row++)
            for (size_t column = 0; column < section->table.columns; column++)
                free(section->table.rows[row][column]);
        free(section->table.rows);
        free(section->answer);
    }
    free(report->reasons);
    *report = (struct report){0};
}
