/* sections_of_clients - who waits for whom, what silence costs, and coming and going; see section.h */
#include <stdlib.h>

#include "figure.h"
#include "ranking.h"
#include "section_parts.h"

static const double spins = 0.5; /* of a core, with nothing to do */
static const double at_once = 20e3; /* microseconds: what nobody notices */

/* ---- The newcomer ---- */

static const size_t silent[] = {0, 1, 4, 16, 64};

enum { SILENT = sizeof silent / sizeof silent[0] };

static bool gave_up(const struct findings *findings, size_t subject)
{
    return section_summary(findings, subject, section_setting(findings, NEWCOMER, 64), NEWCOMER_GAVE_UP).median > 0;
}

bool section_lets_wait(const struct findings *findings, size_t subject)
{
    return section_summary(findings, subject, section_setting(findings, NEWCOMER, 64), NEWCOMER_WAIT).median > at_once;
}

static char *say_newcomer(const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, NEWCOMER, 64);
    static const char newcomer[] = "Behind 64 silent clients a newcomer";
    struct text late = {0}, never = {0}, words = {0};
    size_t soon = 0;

    for (size_t i = 0; i < findings->subjects->count; i++) {
        if (gave_up(findings, i))
            section_add_name(&never, findings->subjects->items[i].name);
        else if (section_lets_wait(findings, i))
            section_add_name(&late, findings->subjects->items[i].name);
        else
            soon += section_summary(findings, i, setting, NEWCOMER_WAIT).rounds > 0;
    }
    if (never.length > 0)
        text_add(&words, "%s waits in vain with %s (it gives up after %.1f s).", newcomer, never.chars,
                 setting->seconds);
    if (late.length > 0)
        text_add(&words, "%s waits longer than %.0f ms with %s.", words.length > 0 ? " It" : newcomer, at_once / 1e3,
                 late.chars);
    if (soon > 0)
        text_add(&words, "%s is answered within %.0f ms%s.", words.length > 0 ? " It" : newcomer, at_once / 1e3,
                 words.length > 0 ? " by the others" : "");
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

static const char how_crowd[] =
    "The price of a message in floors and the waits of 50 clients who talk: alone, with 950 silent ones "
    "beside them, and with 9,950 (TIME=long).";

void section_crowd(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"50 alone",  "50 of 1,000", "50 of 10,000", "median wait", "1 in 100",
                                        "of 10,000", NULL};
    const struct setting *alone = section_setting(findings, PRICE, 50), *among = silence_of(findings);
    const struct setting *more = section_setting(findings, SILENCE, 10000);
    const struct change change = {alone, PRICE_FLOORS, among, SILENCE_FLOORS};

    *section = (struct section){
        .name = "crowd",
        .question = "What if most of the clients are silent?",
        .how = how_crowd,
        .answer = change_say(findings, &change, "With 950 silent clients beside them a message of the 50 who talk")};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct summary few_of_many = section_summary(findings, i, among, SILENCE_FLOORS);
        if (few_of_many.rounds > 0) /* otherwise there is nothing to compare it with */
            section_put_median(section, i, 0, section_summary(findings, i, alone, PRICE_FLOORS), figure_add_number);
        section_put_median(section, i, 1, few_of_many, figure_add_number);
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
