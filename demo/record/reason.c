/* reason - see reason.h */
#include "reason.h"

#include <string.h>

#include "call_name.h"
#include "words.h"

static const uint64_t millisecond = 1000000;

enum {
    UNTIL_MS = 50, /* what follows something else so soon is because of it, as people see it */
    MAIN_PART_PERCENT = 50, /* of a wait: whatever took more than that is the reason */
    SHORT_VISIT_MS = 1000, /* a shorter wait in a call ends by itself: a timeout */
    MS_A_CALL = 2, /* if a wait has fewer calls than that, they are not what took so long */
    MANY_CALLS = 100 /* under strace: each takes some 50 us more, or several times that on a busy machine */
};

/* ---- What the server did meanwhile, if it has one thread ---- */

/* Calls of one name in which the server sat. */
struct reason {
    const char *call; /* NULL: none is known */
    int client; /* a lane, or -1: several, or nobody's */
    uint64_t time; /* all together, during the wait */
    uint64_t longest; /* of these calls */
    unsigned long times;
};

static uint64_t overlap(const struct call_span *call, const struct lane_wait *wait)
{
    const uint64_t from = call->from > wait->from ? call->from : wait->from;
    const uint64_t to = call->to < wait->to ? call->to : wait->to;

    return to > from ? to - from : 0;
}

/*
 * Does the call keep the server from the client that waits? It does if it is for another client, or for nobody. A call that
 * waits for everybody does not.
 */
static bool keeps_away(const struct model_record *model, const struct call_span *call, const struct lane_wait *wait)
{
    if (!call_is_a_wait(call->call))
        return false;
    return strcmp(call->call, "nanosleep") == 0 || (call->client >= 0 && &model->lanes[call->client] != wait->lane);
}

/* All that kept it away under the name of `call`, for its client or (any_client) for all of them. */
static struct reason sum_up(const struct model_record *model, const struct lane_wait *wait,
                            const struct call_span *call, bool any_client)
{
    const struct thread_lane *thread = &model->threads[0];
    struct reason reason = {.call = call->call, .client = call->client};

    for (size_t i = 0; i < thread->span_count; i++) {
        const struct call_span *other = &thread->spans[i];
        const uint64_t time = overlap(other, wait);
        if (time == 0 || strcmp(other->call, call->call) != 0 || !keeps_away(model, other, wait) ||
            (!any_client && other->client != call->client))
            continue;
        if (other->client != call->client)
            reason.client = -1;
        reason.time += time;
        reason.times += other->times;
        if (other->to - other->from > reason.longest)
            reason.longest = other->to - other->from;
    }
    return reason;
}

/* What took most of a wait for a server's only thread, with one client if that explains it. */
static struct reason reason_of(const struct model_record *model, const struct lane_wait *wait)
{
    const uint64_t enough = (wait->to - wait->from) * MAIN_PART_PERCENT / 100;
    struct reason best = {0};

    if (model->thread_count != 1)
        return best;
    for (int any_client = 0; any_client <= 1 && best.call == NULL; any_client++)
        for (size_t i = 0; i < model->threads[0].span_count; i++) {
            const struct call_span *call = &model->threads[0].spans[i];
            if (overlap(call, wait) == 0 || !keeps_away(model, call, wait))
                continue;
            const struct reason reason = sum_up(model, wait, call, any_client);
            if (reason.time > enough && reason.time > best.time)
                best = reason;
        }
    return best;
}

/* ---- What its threads or processes did, if it has several ---- */

/* Of a thread during a wait: what it did for more than half of it. */
enum occupation {
    IS_ABSENT, /* it was not there */
    SERVES_OTHERS, /* it sat in calls that keep it from the client that waits */
    SERVES_NOBODY, /* it did not serve that client either, though it could have */
    HAS_OTHER_DUTIES /* it never serves anybody: it accepts, or waits for signals */
};

/* All who serve clients, if they are with others. */
struct crew {
    long count;
    const char *call; /* in which they sit; NULL: different ones */
    int client; /* for whom; -1: several */
    bool are_processes;
};

/* Has it ever been with a client? */
static bool serves_clients(const struct thread_lane *thread)
{
    for (size_t i = 0; i < thread->span_count; i++)
        if (thread->spans[i].client >= 0)
            return true;
    return false;
}

static bool accepts(const struct thread_lane *thread)
{
    for (size_t i = 0; i < thread->span_count; i++)
        if (strstr(thread->spans[i].call, "accept") != NULL)
            return true;
    return false;
}

/* The call that keeps the thread away for the longest time of the wait goes into `*longest`, NULL if there is none. */
static enum occupation occupation_of(const struct model_record *model, const struct thread_lane *thread,
                                     const struct lane_wait *wait, const struct call_span **longest)
{
    const uint64_t enough = (wait->to - wait->from) * MAIN_PART_PERCENT / 100;
    uint64_t present = 0, away = 0, in_futex = 0;

    *longest = NULL;
    for (size_t i = 0; i < thread->span_count; i++) {
        const struct call_span *call = &thread->spans[i];
        const uint64_t time = overlap(call, wait);
        present += time;
        in_futex += strcmp(call->call, "futex") == 0 ? time : 0;
        if (time == 0 || !keeps_away(model, call, wait))
            continue;
        away += time;
        if (*longest == NULL || time > overlap(*longest, wait))
            *longest = call;
    }
    if (present == 0)
        return IS_ABSENT;
    if (away > enough)
        return SERVES_OTHERS;
    /* Who waits for work has perhaps not had any so far. */
    return serves_clients(thread) || (in_futex > enough && !accepts(thread)) ? SERVES_NOBODY : HAS_OTHER_DUTIES;
}

/* Did a new thread come for a client during the wait? Then that is how this server serves, and who is there keeps nobody away. */
static bool came_during(const struct thread_lane *thread, const struct lane_wait *wait)
{
    return thread->span_count > 0 && thread->spans[0].from > wait->from && thread->spans[0].from < wait->to;
}

/* Were all who serve clients with others for most of the wait? */
static bool find_crew(const struct model_record *model, const struct lane_wait *wait, struct crew *crew)
{
    *crew = (struct crew){.client = -1};
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct thread_lane *thread = &model->threads[i];
        const struct call_span *call;
        const enum occupation occupation = occupation_of(model, thread, wait, &call);
        if (came_during(thread, wait) || occupation == SERVES_NOBODY)
            return false;
        if (occupation != SERVES_OTHERS)
            continue;
        if (crew->count == 0 || (crew->call != NULL && strcmp(crew->call, call->call) != 0))
            crew->call = crew->count == 0 ? call->call : NULL;
        crew->client = crew->count == 0 ? call->client : -1;
        crew->are_processes = crew->are_processes || thread->process != model->threads[0].process;
        crew->count++;
    }
    return crew->count > 0;
}

/* "the 4 threads that serve clients sat in recv() for others" */
static void add_crew(struct text *words, const struct record *record, const struct model_record *model,
                     const struct crew *crew)
{
    const char *what = crew->are_processes ? "process" : "thread";

    if (crew->count == 1)
        text_add(words, ": the %s that serves clients ", what);
    else
        text_add(words, ": the %ld %s that serve clients ", crew->count, crew->are_processes ? "processes" : "threads");
    if (crew->call != NULL)
        text_add(words, "sat in %s() for", crew->call);
    else
        text_add(words, "were busy with");
    text_add(words, " %s", crew->client >= 0 ? words_client(record, &model->lanes[crew->client]) : "others");
}

/* Who left when the wait was over: without any trace of the server, that is all that the picture shows. */
static const struct lane *who_left_at(const struct model_record *model, const struct lane_wait *wait)
{
    for (size_t i = 0; i < model->lane_count; i++) {
        const struct lane *lane = &model->lanes[i];
        for (size_t k = 0; k < lane->mark_count && lane != wait->lane; k++) {
            const struct lane_mark *mark = &lane->marks[k];
            if (mark->kind == MARK_LEFT && mark->at <= wait->to && wait->to - mark->at < UNTIL_MS * millisecond)
                return lane;
        }
    }
    return NULL;
}

/* How many calls strace has seen, and slowed, during a wait. */
static unsigned long slowed_calls(const struct model_record *model, const struct lane_wait *wait)
{
    const struct thread_lane *thread = model->threads;
    unsigned long count = 0;

    for (size_t k = 0; k < model->thread_count; k++, thread++)
        for (size_t i = 0; i < thread->span_count; i++)
            if (overlap(&thread->spans[i], wait) > 0)
                count += thread->spans[i].times;
    return count;
}

void reason_add(struct text *words, const struct record *record, const struct model_record *model,
                const struct lane_wait *wait)
{
    const struct reason reason = reason_of(model, wait);
    const struct lane *leaver = who_left_at(model, wait);
    const unsigned long calls = slowed_calls(model, wait);
    struct crew crew;

    if (model->thread_count > 1 && find_crew(model, wait, &crew)) {
        add_crew(words, record, model, &crew);
    } else if (reason.call != NULL && reason.longest >= millisecond) {
        text_add(words, ": the server sat in %s()", reason.call);
        if (reason.client >= 0)
            text_add(words, " for %s", words_client(record, &model->lanes[reason.client]));
        if (reason.longest <= SHORT_VISIT_MS * millisecond && reason.times > 1) {
            text_add(words, ", up to ");
            text_add_time(words, reason.longest, TIME_SHORT);
            text_add(words, " at a time");
        }
    } else if (leaver != NULL && !wait->was_in_vain) {
        text_add(words, ", until %s had left", words_client(record, leaver));
    } else if (calls >= MANY_CALLS && calls * MS_A_CALL * millisecond >= wait->to - wait->from) {
        text_add(words, ", in which strace slowed some ");
        words_add_rough(words, (long)calls);
        text_add(words, " calls");
    }
}
