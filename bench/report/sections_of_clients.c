/* sections_of_clients - who waits for whom, what silence costs, and coming and going; see section.h */
#include <stdlib.h>

#include "figure.h"
#include "ranking.h"
#include "section_parts.h"

static const double spins = 0.5; /* of a core, with nothing to do */
static const double stays = 1.1; /* a price that grows by less stays as it is */
static const double at_once = 20e3; /* microseconds: what nobody notices */

/* ---- The newcomer ---- */

static const size_t silent[] = {0, 1, 4, 16, 64};

enum { SILENT = sizeof silent / sizeof silent[0] };

static char *say_newcomer(const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, NEWCOMER, 64);
    struct text soon = {0}, late = {0}, never = {0}, words = {0};

    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct summary wait = section_summary(findings, i, setting, NEWCOMER_WAIT);
        const char *name = findings->subjects->items[i].name;
        if (wait.rounds == 0)
            continue;
        if (section_summary(findings, i, setting, NEWCOMER_GAVE_UP).median > 0)
            section_add_name(&never, name);
        else
            section_add_name(wait.median < at_once ? &soon : &late, name);
    }
    if (soon.length > 0)
        text_add(&words, "Behind 64 silent clients a newcomer is answered within %.0f ms by %s.", at_once / 1e3,
                 soon.chars);
    if (late.length > 0)
        text_add(&words, " Later by %s.", late.chars);
    if (never.length > 0)
        text_add(&words, " Not within %.1f s, when it gave up, by %s.", setting->seconds, never.chars);
    text_free(&soon);
    text_free(&late);
    text_free(&never);
    return text_take(&words);
}

static void put_wait(struct section *section, const struct findings *findings, size_t i, size_t column,
                     const struct setting *setting)
{
    struct text cell = {0};
    const struct summary wait = section_summary(findings, i, setting, NEWCOMER_WAIT);

    if (wait.rounds > 0 && section_summary(findings, i, setting, NEWCOMER_GAVE_UP).median > 0)
        text_add(&cell, ">");
    if (wait.rounds > 0)
        figure_add_time(&cell, wait.median);
    section_put(section, i, column, &cell);
}

static const char how_newcomer[] =
    "So many clients connect and say nothing. Then one comes, sends 64 bytes, and waits for its answer: how "
    "long, from before it connected? '>': that long in vain.";

void section_newcomer(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"behind 0", "1", "4", "16", "64 silent", NULL};

    *section = (struct section){
        .name = "newcomer", .question = "Who waits for whom?", .how = how_newcomer, .answer = say_newcomer(findings)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++)
        for (size_t k = 0; k < SILENT; k++)
            put_wait(section, findings, i, k, section_setting(findings, NEWCOMER, silent[k]));
}

/* ---- Silence ---- */

static const struct setting *silence_of(const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, SILENCE, 1000);

    return setting != NULL ? setting : section_setting(findings, SILENCE, 200);
}

static char *say_silence(const struct findings *findings)
{
    const struct setting *setting = silence_of(findings);
    struct ranking ranking = ranking_make(findings, setting, SILENCE_MEMORY);
    struct text words = {0}, busy = {0};

    if (ranking_tells(&ranking, &words)) {
        text_add(&words, "A silent client takes ");
        ranking_add_ends(&words, findings, &ranking, "least memory", "most", figure_add_memory);
        text_add(&words, ".");
    }
    for (size_t i = 0; i < findings->subjects->count; i++)
        if (section_summary(findings, i, setting, SILENCE_CPU).median > spins)
            section_add_name(&busy, findings->subjects->items[i].name);
    if (busy.length > 0)
        text_add(&words, " A core is kept busy while nobody says a word: %s.", busy.chars);
    free(ranking.items);
    text_free(&busy);
    return text_take(&words);
}

static const char how_silence[] =
    "950 clients connect and are silent. Memory is the server's growth for each of them: what processes "
    "share is shared out (PSS), or counted with each (resident). In the kernel: both ends of the connection, "
    "and whatever else the system did meanwhile. CPU: of a core, while nobody says a word.";

void section_silence(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"memory",    "resident",  "in the kernel",    "threads",
                                        "processes", "CPU, idle", "memory in 10,000", NULL};
    const struct setting *setting = silence_of(findings), *more = section_setting(findings, SILENCE, 10000);

    *section = (struct section){.name = "silence",
                                .question = "What do clients cost that say nothing?",
                                .how = how_silence,
                                .answer = say_silence(findings)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        section_put_median(section, i, 0, section_summary(findings, i, setting, SILENCE_MEMORY), figure_add_memory);
        section_put_median(section, i, 1, section_summary(findings, i, setting, SILENCE_RESIDENT), figure_add_memory);
        section_put_median(section, i, 2, section_summary(findings, i, setting, SILENCE_KERNEL), figure_add_memory);
        section_put_median(section, i, 3, section_summary(findings, i, setting, SILENCE_THREADS), figure_add_count);
        section_put_median(section, i, 4, section_summary(findings, i, setting, SILENCE_PROCESSES), figure_add_count);
        section_put_median(section, i, 5, section_summary(findings, i, setting, SILENCE_CPU), figure_add_share);
        section_put_median(section, i, 6, section_summary(findings, i, more, SILENCE_MEMORY), figure_add_memory);
    }
}

/* ---- Few who talk among many who do not ---- */

/* Those whose price the silent ones have raised, and those whose they have not. */
static char *say_crowd(const struct findings *findings)
{
    const struct setting *alone = section_setting(findings, PRICE, 50), *among = silence_of(findings);
    struct text pays = {0}, rest = {0}, words = {0};

    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct summary before = section_summary(findings, i, alone, PRICE_FLOORS);
        const struct summary after = section_summary(findings, i, among, SILENCE_FLOORS);
        const char *name = findings->subjects->items[i].name;
        if (before.rounds < 2 || after.rounds < 2)
            continue;
        if (after.median > before.median * stays && !summaries_are_equal(before, after))
            text_add(&pays, "%s%s %.1f times", pays.length > 0 ? ", " : "", name, after.median / before.median);
        else
            section_add_name(&rest, name);
    }
    if (pays.length > 0)
        text_add(&words, "With 950 silent clients beside them, a message of the 50 who talk costs more: %s. ",
                 pays.chars);
    if (rest.length > 0)
        text_add(&words, "Silent clients cost the others nothing with %s.", rest.chars);
    text_free(&pays);
    text_free(&rest);
    return text_take(&words);
}

static const char how_crowd[] =
    "The price of a message in floors and the waits of 50 clients who talk: alone, with 950 silent ones "
    "beside them, and with 9,950 (TIME=long).";

void section_crowd(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"50 alone",  "50 of 1,000", "50 of 10,000", "median wait", "1 in 100",
                                        "of 10,000", NULL};
    const struct setting *alone = section_setting(findings, PRICE, 50), *among = silence_of(findings);
    const struct setting *more = section_setting(findings, SILENCE, 10000);

    *section = (struct section){.name = "crowd",
                                .question = "What if most of the clients are silent?",
                                .how = how_crowd,
                                .answer = say_crowd(findings)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        section_put_median(section, i, 0, section_summary(findings, i, alone, PRICE_FLOORS), figure_add_number);
        section_put_median(section, i, 1, section_summary(findings, i, among, SILENCE_FLOORS), figure_add_number);
        section_put_median(section, i, 2, section_summary(findings, i, more, SILENCE_FLOORS), figure_add_number);
        section_put_median(section, i, 3, section_summary(findings, i, among, SILENCE_P50), figure_add_time);
        section_put_median(section, i, 4, section_summary(findings, i, among, SILENCE_P99), figure_add_time);
        section_put_median(section, i, 5, section_summary(findings, i, more, SILENCE_P99), figure_add_time);
    }
}

/* ---- Coming and going ---- */

static char *say_visits(const struct findings *findings, const struct setting *setting)
{
    struct ranking ranking = ranking_make(findings, setting, VISITS_CPU);
    struct text words = {0};

    if (ranking_tells(&ranking, &words)) {
        text_add(&words, "A visit is ");
        ranking_add_ends(&words, findings, &ranking, "cheapest", "dearest", figure_add_time);
        text_add(&words, " of CPU time.");
    }
    free(ranking.items);
    return text_take(&words);
}

static const char how_visits[] =
    "Ten at a time connect, send 64 bytes, get their answer, half-close, and wait until the server has "
    "closed the connection. The times are those of whole visits.";

void section_visits(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"visits/s", "CPU time a visit", "median", "1 in 100", NULL};
    const struct setting *setting = section_setting(findings, VISITS, 10);

    *section = (struct section){.name = "visits",
                                .question = "What does it cost that clients come and go?",
                                .how = how_visits,
                                .answer = say_visits(findings, setting)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        section_put_median(section, i, 0, section_summary(findings, i, setting, VISITS_RATE), figure_add_number);
        section_put_median(section, i, 1, section_summary(findings, i, setting, VISITS_CPU), figure_add_time);
        section_put_median(section, i, 2, section_summary(findings, i, setting, VISITS_P50), figure_add_time);
        section_put_median(section, i, 3, section_summary(findings, i, setting, VISITS_P99), figure_add_time);
    }
}
