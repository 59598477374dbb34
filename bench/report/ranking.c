/* ranking - see ranking.h */
#include "ranking.h"

#include <stdlib.h>

#include "player/memory.h"

enum { MAX_NAMES = 6 }; /* in a sentence that is read */

static int compare(const void *a, const void *b)
{
    const double x = ((const struct ranked *)a)->summary.median, y = ((const struct ranked *)b)->summary.median;

    return (x > y) - (x < y);
}

struct ranking ranking_make(const struct findings *findings, const struct setting *setting, int figure)
{
    struct ranking ranking = {.items = memory_zeroed(findings->subjects->count, sizeof ranking.items[0])};

    for (size_t i = 0; i < findings->subjects->count; i++) {
        const struct summary summary = rows_summary(findings->rows, i, setting, figure);
        if (summary.rounds > 0)
            ranking.items[ranking.count++] = (struct ranked){i, summary};
    }
    qsort(ranking.items, ranking.count, sizeof ranking.items[0], compare);
    return ranking;
}

size_t ranking_first(const struct ranking *ranking)
{
    size_t equal = 0;

    while (equal < ranking->count && summaries_are_equal(ranking->items[0].summary, ranking->items[equal].summary))
        equal++;
    return equal;
}

size_t ranking_last(const struct ranking *ranking)
{
    const size_t last = ranking->count - 1;
    size_t equal = 0;

    while (equal < ranking->count &&
           summaries_are_equal(ranking->items[last].summary, ranking->items[last - equal].summary))
        equal++;
    return equal;
}

bool ranking_tells(const struct ranking *ranking, struct text *text)
{
    if (ranking->count < 2 || ranking->items[0].summary.rounds < 2)
        return false;
    if (ranking_first(ranking) < ranking->count)
        return true;
    text_add(text, "This run cannot tell the servers apart.");
    return false;
}

void ranking_add_names(struct text *text, const struct findings *findings, const struct ranked *first, size_t count)
{
    if (count > MAX_NAMES) {
        text_add(text, "%zu servers", count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        text_add(text, "%s%s",
                 i == 0           ? ""
                 : i + 1 == count ? " and "
                                  : ", ",
                 findings->subjects->items[first[i].subject].name);
}

static void add_end(struct text *text, const struct findings *findings, const char *word, const struct ranked *first,
                    size_t count)
{
    text_add(text, "%s with ", word);
    ranking_add_names(text, findings, first, count);
    text_add(text, ", ");
}

void ranking_add_ends(struct text *text, const struct findings *findings, const struct ranking *ranking,
                      const char *least, const char *most, void (*add)(struct text *text, double number))
{
    const size_t first = ranking_first(ranking), rest = ranking->count - first; /* it tells, so these are some */
    const size_t last = ranking_last(ranking) < rest ? ranking_last(ranking) : rest; /* nobody is at both ends */

    add_end(text, findings, least, ranking->items, first);
    add(text, ranking->items[0].summary.median);
    if (first > 1)
        text_add(text, " (this run cannot tell them apart)");
    text_add(text, ", and ");
    add_end(text, findings, most, &ranking->items[ranking->count - last], last);
    add(text, ranking->items[ranking->count - 1].summary.median);
}
