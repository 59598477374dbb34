/* plan - see plan.h */
#include "plan.h"

#include <string.h>

#include "player/memory.h"

enum { MAX_PLACES = 12 /* of one call in one model */ };

static void add(struct plan *plan, struct trial trial, int place)
{
    trial.place = place;
    plan->trials = memory_grown(plan->trials, plan->count, sizeof plan->trials[0]);
    plan->trials[plan->count++] = trial;
}

/*
 * At most `max` of the places, evenly spread. They lie in the first half of their share: how often a server waits is a matter
 * of chance, and a place that it did not reach this time would show nothing.
 */
static void add_places(struct plan *plan, struct trial trial, const int *places, size_t count, size_t max,
                       const struct wishes *wishes)
{
    const size_t chosen = count < max ? count : max;

    for (size_t i = 0; i < chosen && wishes->place == 0; i++)
        add(plan, trial, places[(4 * i + 1) * count / (4 * chosen)]);
    for (size_t i = 0; i < count && wishes->place != 0; i++)
        if (places[i] == wishes->place)
            add(plan, trial, wishes->place);
}

static void add_call(struct plan *plan, struct trial trial, const struct traced_call *call, const struct wishes *wishes)
{
    int places[TRACE_PLACES];
    size_t count = traced_places(call, true, places);

    trial.call = call->name;
    trial.moment = AT_START;
    add_places(plan, trial, places, count, wishes->is_long ? MAX_PLACES : 1, wishes);
    count = traced_places(call, false, places);
    trial.moment = ONCE;
    add_places(plan, trial, places, count, wishes->is_long ? MAX_PLACES : 1, wishes);
    trial.moment = AGAIN;
    if (trial.row->lasts)
        add_places(plan, trial, places, count, wishes->is_long ? 3 : 1, wishes);
}

/* A client has no handler for the signal to stop, and needs none. */
static bool is_wanted(const struct error_row *row, const struct subject *subject, const struct wishes *wishes)
{
    if (row->is_signal && (subject->is_client || (!wishes->is_long && wishes->error == NULL)))
        return false;
    if (strcmp(row->error, "-") == 0 || (wishes->call != NULL && !error_is_of(row, wishes->call)))
        return false;
    return wishes->error == NULL || strcmp(row->error, wishes->error) == 0;
}

void plan_add(struct plan *plan, const struct errors *errors, const struct subject *subject,
              const struct wishes *wishes)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct error_row *row = &errors->rows[i];
        for (size_t j = 0; j < subject->trace.count; j++) {
            const struct traced_call *call = &subject->trace.calls[j];
            const struct trial trial = {.subject = subject, .row = row};
            if (error_is_of(row, call->name) && is_wanted(row, subject, wishes))
                add_call(plan, trial, call, wishes);
        }
    }
}
