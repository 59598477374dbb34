/* plan - see plan.h */
#include "plan.h"

#include <string.h>

/* How long a trial lasts, and how often it is repeated. */
struct pace {
    const char *time;
    int rounds;
    double seconds; /* for a price; other questions take their part of it */
    double patience; /* for a newcomer */
};

static const struct pace paces[] = {{"short", 1, 0.08, 0.2}, {"normal", 3, 0.2, 0.7}, {"long", 5, 0.4, 2}};

static const double overhead = 0.2; /* a server's start and end, in seconds */

static void add(struct plan *plan, struct setting setting)
{
    plan->settings[plan->count++] = setting;
}

static void add_short(struct plan *plan, const struct pace *pace)
{
    add(plan, (struct setting){PRICE, 50, SMALL_MESSAGE, 0, pace->seconds, 1});
    add(plan, (struct setting){PRICE, 0, SMALL_MESSAGE, 0, pace->seconds, 1});
    add(plan, (struct setting){SILENCE, 200, SMALL_MESSAGE, 0, 2 * pace->seconds, 1});
    add(plan, (struct setting){NEWCOMER, 1, SMALL_MESSAGE, 0, pace->patience, 1});
    add(plan, (struct setting){VISITS, 10, SMALL_MESSAGE, 0, pace->seconds, 1});
}

static void add_all(struct plan *plan, const struct pace *pace)
{
    static const size_t crowds[] = {1, 10, 50, 200, 1000, 10000}, silent[] = {0, 1, 4, 16, 64};
    const size_t most = pace->rounds > 3 ? 6 : 5;

    for (size_t i = 0; i < most; i++) /* upwards: where a server meets its limit, more is not tried */
        add(plan, (struct setting){PRICE, crowds[i], SMALL_MESSAGE, 0, pace->seconds, pace->rounds});
    add(plan, (struct setting){PRICE, 0, SMALL_MESSAGE, 0, pace->seconds, pace->rounds});
    add(plan, (struct setting){PRICE, 50, LARGE_MESSAGE, 0, pace->seconds, pace->rounds});
    add(plan, (struct setting){PRICE, 50, SMALL_MESSAGE, 5000, 2 * pace->seconds, pace->rounds});
    for (size_t i = 4; i < most; i++)
        add(plan, (struct setting){SILENCE, crowds[i], SMALL_MESSAGE, 0, pace->seconds, pace->rounds});
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        add(plan, (struct setting){NEWCOMER, silent[i], SMALL_MESSAGE, 0, pace->patience, pace->rounds});
    add(plan, (struct setting){VISITS, 10, SMALL_MESSAGE, 0, pace->seconds, pace->rounds});
    add(plan, (struct setting){CALLS, 1, SMALL_MESSAGE, 0, pace->seconds, 1});
    add(plan, (struct setting){CALLS, 50, SMALL_MESSAGE, 0, pace->seconds, 1});
}

bool plan_make(struct plan *plan, const char *time)
{
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        if (strcmp(time, paces[i].time) != 0)
            continue;
        *plan = (struct plan){.rounds = paces[i].rounds};
        if (plan->rounds == 1)
            add_short(plan, &paces[i]);
        else
            add_all(plan, &paces[i]);
        return true;
    }
    return false;
}

const struct setting *plan_find(const struct plan *plan, enum question question, size_t clients, size_t size,
                                double rate)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct setting *setting = &plan->settings[i];
        if (setting->question == question && setting->clients == clients && setting->size == size &&
            (setting->rate > 0) == (rate > 0))
            return setting;
    }
    return NULL;
}

double plan_seconds(const struct setting *setting)
{
    switch (setting->question) {
    case PRICE:
    case VISITS:
        return overhead + 1.3 * setting->seconds;
    case SILENCE:
        return overhead + 2.6 * setting->seconds;
    case NEWCOMER:
        return overhead; /* usually it is answered at once */
    case CALLS:
        return 3 * overhead + setting->seconds;
    }
    return 0;
}
