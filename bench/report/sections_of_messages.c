/* sections_of_messages - what a message costs, one at a time and with many clients; see section.h */
#include <stdlib.h>

#include "figure.h"
#include "ranking.h"
#include "section_parts.h"

static const double saturated = 0.95; /* the load has hardly slept */

/* ---- One price ---- */

static const char how_price[] =
    "50 clients, messages of 64 bytes, each sent when the last was answered. "
    "The price is the CPU time of the server, user and system, of all its threads and processes. "
    "The floor is what nobody can avoid: one recv() and one send() that never wait, with the same clients "
    "on the same cores. One message in 100, and in 1,000, waits longer than the time given. "
    "Calls are counted under strace, which slows a server down, so that more messages are there "
    "whenever it looks. '>': the load generator was busy all the time, the server could do more.";

/* With 50 clients, or with as many as it serves. */
static const struct setting *price_of(const struct findings *findings, size_t subject)
{
    static const size_t clients[] = {50, 0, 10, 1};

    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        const struct setting *setting = section_setting(findings, PRICE, clients[i]);
        if (section_summary(findings, subject, setting, PRICE_CPU).rounds > 0)
            return setting;
    }
    return NULL;
}

static void put_price(struct section *section, const struct findings *findings, size_t i)
{
    const struct setting *setting = price_of(findings, i);
    const struct setting *calls = section_setting(findings, CALLS, 50);
    struct text price = {0}, rate = {0}, clients = {0};

    if (setting == NULL)
        return;
    text_add(&clients, "%zu", rows_last(findings->rows, i, setting)->clients);
    figure_add_spread(&price, section_summary(findings, i, setting, PRICE_FLOORS));
    if (section_summary(findings, i, setting, PRICE_LOAD_BUSY).median > saturated)
        text_add(&rate, ">");
    figure_add_number(&rate, section_summary(findings, i, setting, PRICE_RATE).median);
    section_put(section, i, 0, &clients);
    section_put(section, i, 1, &price);
    section_put_median(section, i, 2, section_summary(findings, i, setting, PRICE_CPU), figure_add_time);
    section_put_median(section, i, 3, section_summary(findings, i, calls, CALLS_A_MESSAGE), figure_add_number);
    section_put_median(section, i, 4, section_summary(findings, i, setting, PRICE_SWITCHES), figure_add_number);
    section_put(section, i, 5, &rate);
    section_put_median(section, i, 6, section_summary(findings, i, setting, PRICE_P50), figure_add_time);
    section_put_median(section, i, 7, section_summary(findings, i, setting, PRICE_P99), figure_add_time);
    section_put_median(section, i, 8, section_summary(findings, i, setting, PRICE_P999), figure_add_time);
}

static void add_floors(struct text *text, double floors)
{
    text_add(text, "%.2f times the floor", floors);
}

static char *say_price(const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, PRICE, 50);
    struct ranking ranking = ranking_make(findings, setting, PRICE_FLOORS);
    struct text words = {0};

    if (ranking_tells(&ranking, &words)) {
        text_add(&words, "With 50 clients a message is ");
        ranking_add_ends(&words, findings, &ranking, "cheapest", "dearest", add_floors);
        text_add(&words, ". The floor, one recv() and one send(), is ");
        figure_add_time(&words, section_summary(findings, ranking.items[0].subject, setting, PRICE_FLOOR).median);
        text_add(&words, " here.");
    }
    free(ranking.items);
    return text_take(&words);
}

void section_price(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"clients",    "price in floors", "CPU time", "calls",      "switches",
                                        "messages/s", "median wait",     "1 in 100", "1 in 1,000", NULL};

    *section = (struct section){
        .name = "price", .question = "What does a message cost?", .how = how_price, .answer = say_price(findings)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++)
        put_price(section, findings, i);
}

/* ---- More clients ---- */

static const size_t crowds[] = {1, 10, 50, 200, 1000, 10000};

enum { CROWDS = sizeof crowds / sizeof crowds[0] };

/* Of one price to another, so that it does not matter where the floor was at either moment. */
static struct change growth_of(const struct findings *findings)
{
    return (struct change){section_setting(findings, PRICE, 50), PRICE_CPU, section_setting(findings, PRICE, 1000),
                           PRICE_CPU};
}

bool section_grows(const struct findings *findings, size_t subject)
{
    const struct change change = growth_of(findings);

    return change_growth(findings, subject, &change) != 1;
}

static const char how_growth[] =
    "The same price in floors, with 1 to 10,000 clients who all send (10,000 with TIME=long). A server with one "
    "client sleeps after each message, and to be woken costs it many times a message. The last column: 50 clients "
    "send 16 KiB at a time, where the floor is that of 16 KiB, and every model receives 900 bytes a call.";

void section_growth(struct section *section, const struct findings *findings)
{
    const struct change change = growth_of(findings);
    static const char *const heads[] = {"1", "10", "50", "200", "1,000", "10,000 clients", "16 KiB", NULL};
    const struct setting *large = plan_find(findings->plan, PRICE, 50, LARGE_MESSAGE, 0);

    *section = (struct section){.name = "growth",
                                .question = "What if there are more clients?",
                                .how = how_growth,
                                .answer = change_say(findings, &change, "With 1,000 clients instead of 50 a message")};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        for (size_t k = 0; k < CROWDS; k++)
            section_put_median(section, i, k,
                               section_summary(findings, i, section_setting(findings, PRICE, crowds[k]), PRICE_FLOORS),
                               figure_add_number);
        section_put_median(section, i, CROWDS, section_summary(findings, i, large, PRICE_FLOORS), figure_add_number);
    }
}

/* ---- Messages that come on time ---- */

static char *say_punctuality(const struct findings *findings, const struct setting *on_time)
{
    struct ranking ranking = ranking_make(findings, on_time, PRICE_P99);
    struct text words = {0};

    if (ranking_tells(&ranking, &words)) {
        text_add(&words,
                 "When %.0f messages a second come whether a server is ready or not, the longest wait of 99 in 100 is ",
                 on_time->rate);
        ranking_add_ends(&words, findings, &ranking, "shortest", "longest", figure_add_time);
        text_add(&words, ".");
    }
    free(ranking.items);
    return text_take(&words);
}

static const char how_punctuality[] =
    "An open loop: messages become due at a fixed rate, and each wait is counted from that moment. In the closed "
    "loop, as above, clients who wait ask a slow server less often, so that its worst moments are hardly seen "
    "(coordinated omission).";

void section_punctuality(struct section *section, const struct findings *findings)
{
    static const char *const heads[] = {"median wait", "1 in 100", "1 in 1,000", "1 in 100, closed loop",
                                        "CPU time",    "clients",  NULL};
    const struct setting *on_time = plan_find(findings->plan, PRICE, 50, SMALL_MESSAGE, 1);

    *section = (struct section){.name = "punctuality",
                                .question = "And if messages do not wait for the server?",
                                .how = how_punctuality,
                                .answer = say_punctuality(findings, on_time)};
    section_begin(section, findings, heads);
    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct summary median = section_summary(findings, i, on_time, PRICE_P50);
        struct text clients = {0};
        if (median.rounds == 0)
            continue;
        text_add(&clients, "%zu", rows_last(findings->rows, i, on_time)->clients);
        section_put_median(section, i, 0, median, figure_add_time);
        section_put_median(section, i, 1, section_summary(findings, i, on_time, PRICE_P99), figure_add_time);
        section_put_median(section, i, 2, section_summary(findings, i, on_time, PRICE_P999), figure_add_time);
        section_put_median(section, i, 3, section_summary(findings, i, price_of(findings, i), PRICE_P99),
                           figure_add_time);
        section_put_median(section, i, 4, section_summary(findings, i, on_time, PRICE_CPU), figure_add_time);
        section_put(section, i, 5, &clients);
    }
}
