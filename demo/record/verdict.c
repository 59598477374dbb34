/* verdict - see verdict.h */
#include "verdict.h"

#include <ctype.h>
#include <string.h>

#include "player/text.h"
#include "words.h"

static const uint64_t millisecond = 1000000;

enum {
    AT_ONCE_MS = 50, /* a shorter wait is none, as people see it */
    UNTIL_MS = 50, /* what follows something else so soon is because of it, as people see it */
    MAIN_PART_PERCENT = 50, /* of a wait: whatever took more than that is the reason */
    MUCH_LESS_PERCENT = 10,
    SHORT_VISIT_MS = 1000, /* a shorter wait in a call ends by itself: a timeout */
    NOT_RESTING_PERCENT = 10, /* of a core */
    BUSY_PERCENT = 50, /* of a core: a server that takes more is not resting */
    WHOLE_CORE_PERCENT = 85,
    MS_A_CALL = 2, /* if a wait has fewer calls than that, they are not what took so long */
    LARGE_KIB = 256, /* an answer this large takes its time, whoever gives it */
    MANY_CALLS = 100, /* under strace: each takes some 50 us more, or several times that on a busy machine */
    MAX_NAMES = 2 /* more are only counted */
};

/* ---- Waits ---- */

/* A wait in one lane. */
struct lane_wait {
    const struct lane *lane;
    uint64_t from, to;
    bool was_in_vain; /* its time was up */
};

/* The lane's longest wait; its `to` is 0 if there was none. */
static struct lane_wait longest_wait(const struct lane *lane)
{
    struct lane_wait wait = {.lane = lane};

    for (size_t i = 0; i < lane->span_count; i++) {
        const struct lane_span *span = &lane->spans[i];
        if (span->state == LANE_WAITING && span->to - span->from > wait.to - wait.from) {
            wait.from = span->from;
            wait.to = span->to;
        }
    }
    return wait;
}

/* The wait that was in vain, and made the script stall. Its lane is NULL if it was no client's. */
static struct lane_wait wait_in_vain(const struct model_record *model)
{
    for (size_t i = 0; i < model->lane_count; i++)
        for (size_t k = 0; k < model->lanes[i].mark_count; k++) {
            const struct lane_mark *mark = &model->lanes[i].marks[k];
            if (mark->kind == MARK_STALLED && mark->waited > 0)
                return (struct lane_wait){&model->lanes[i], mark->at - mark->waited, mark->at, true};
        }
    return (struct lane_wait){0};
}

static const char *name_of(const struct record *record, const struct lane *lane)
{
    return record->script->actors[lane->actor];
}

/* ---- What the server did meanwhile ---- */

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

/* What stands for several calls, or for none, is not a call in which somebody waits. */
static bool is_a_wait(const char *call)
{
    return strcmp(call, CALL_SPINS) != 0 && strcmp(call, CALL_WORKS) != 0 && strchr(call, ',') == NULL;
}

/*
 * Does the call keep the server from the client that waits? It does if it is for another client, or for nobody. A call that
 * waits for everybody does not.
 */
static bool keeps_away(const struct model_record *model, const struct call_span *call, const struct lane_wait *wait)
{
    if (!is_a_wait(call->call))
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
    text_add(words, " %s", crew->client >= 0 ? name_of(record, &model->lanes[crew->client]) : "others");
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

static void add_reason(struct text *words, const struct record *record, const struct model_record *model,
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
            text_add(words, " for %s", name_of(record, &model->lanes[reason.client]));
        if (reason.longest <= SHORT_VISIT_MS * millisecond && reason.times > 1) {
            text_add(words, ", up to ");
            text_add_time(words, reason.longest, TIME_SHORT);
            text_add(words, " at a time");
        }
    } else if (leaver != NULL && !wait->was_in_vain) {
        text_add(words, ", until %s had left", name_of(record, leaver));
    } else if (calls >= MANY_CALLS && calls * MS_A_CALL * millisecond >= wait->to - wait->from) {
        text_add(words, ", in which strace slowed some ");
        words_add_rough(words, (long)calls);
        text_add(words, " calls");
    }
}

/* ---- Sentences ---- */

/*
 * "Slow and Late had to wait, too.", or how many they were. A client that waited much less does not count: on a busy
 * machine everybody waits a little, even the one who is being served.
 */
static void add_others(struct text *words, const struct record *record, const struct model_record *model,
                       const struct lane_wait *longest)
{
    const uint64_t much_less = (longest->to - longest->from) * MUCH_LESS_PERCENT / 100;
    struct text names = {0};
    size_t count = 0;

    for (size_t i = 0; i < model->lane_count; i++) {
        const struct lane_wait wait = longest_wait(&model->lanes[i]);
        const uint64_t time = wait.to - wait.from;
        if (wait.lane == longest->lane || time <= AT_ONCE_MS * millisecond || time <= much_less)
            continue;
        text_add(&names, count++ > 0 ? " and %s" : "%s", name_of(record, &model->lanes[i]));
    }
    if (count > MAX_NAMES)
        text_add(words, " %zu others had to wait, too.", count);
    else if (count > 0)
        text_add(words, " %s had to wait, too.", names.chars);
    text_free(&names);
}

/* How much came at the end of the wait, if that is part of why it took so long. */
static void add_size(struct text *words, const struct lane_wait *wait)
{
    for (size_t i = 0; i < wait->lane->mark_count; i++) {
        const struct lane_mark *mark = &wait->lane->marks[i];
        if (mark->kind == MARK_ANSWERED && mark->at == wait->to && mark->result.bytes / 1024 >= LARGE_KIB) {
            text_add(words, " for its ");
            words_add_memory(words, (long)(mark->result.bytes / 1024));
            return;
        }
    }
}

static void add_wait(struct text *words, const struct record *record, const struct model_record *model,
                     const struct lane_wait *wait)
{
    text_add(words, "%s waited ", name_of(record, wait->lane));
    text_add_time(words, wait->to - wait->from, TIME_SHORT);
    if (wait->was_in_vain)
        text_add(words, " in vain");
    else
        add_size(words, wait);
    add_reason(words, record, model, wait);
    text_add(words, ".");
    add_others(words, record, model, wait);
}

/* The call in which the server's only thread spent most of the conversation, resting; NULL: there is none. */
static const char *resting_place(const struct model_record *model)
{
    const struct thread_lane *thread = model->threads;

    if (model->costs.cpu_share * 100 >= NOT_RESTING_PERCENT)
        return NULL;
    for (size_t i = 0; model->thread_count == 1 && i < thread->span_count; i++) {
        const char *call = thread->spans[i].call;
        uint64_t time = 0, longest = 0;
        for (size_t k = i; k < thread->span_count && is_a_wait(call); k++) {
            const uint64_t lasted = thread->spans[k].to - thread->spans[k].from;
            if (strcmp(thread->spans[k].call, call) != 0)
                continue;
            time += lasted;
            longest = lasted > longest ? lasted : longest;
        }
        if (longest >= AT_ONCE_MS * millisecond && time > (model->ended - model->began) * MAIN_PART_PERCENT / 100)
            return call;
    }
    return NULL;
}

/* Did the server's only thread ask again and again for most of the conversation? */
static bool spins(const struct model_record *model)
{
    const struct thread_lane *thread = model->threads;
    uint64_t time = 0;

    for (size_t i = 0; model->thread_count == 1 && i < thread->span_count; i++)
        if (strcmp(thread->spans[i].call, CALL_SPINS) == 0)
            time += thread->spans[i].to - thread->spans[i].from;
    return time > (model->ended - model->began) * MAIN_PART_PERCENT / 100;
}

/* On a busy machine even a server that never rests gets much less than a core. */
static bool is_busy(const struct model_record *model)
{
    return model->costs.cpu_share * 100 >= BUSY_PERCENT || spins(model);
}

static void add_busyness(struct text *words, const struct model_record *model)
{
    const double share = model->costs.cpu_share;

    if (share * 100 < BUSY_PERCENT) {
        text_add(words, "all that it got of a core");
        if (share >= 0) {
            text_add(words, " (");
            words_add_share(words, share);
            text_add(words, ")");
        }
    } else if (share * 100 >= WHOLE_CORE_PERCENT && share < 1.5)
        text_add(words, "a whole core");
    else {
        words_add_share(words, share);
        text_add(words, " of a core");
    }
}

/* What it cost to have nobody wait. */
static void add_price(struct text *words, const struct model_record *model)
{
    const struct costs *costs = &model->costs;
    const char *call = resting_place(model);

    if (is_busy(model)) {
        text_add(words, ", at the price of ");
        add_busyness(words, model);
    } else if (costs->processes > 1) {
        text_add(words, ", with up to %ld processes at a time", costs->processes);
    } else if (costs->threads > 1) {
        text_add(words, ", with up to %ld threads at a time", costs->threads);
    } else if (costs->threads == 1) {
        text_add(words, ", by one thread");
        if (call != NULL)
            text_add(words, " that rested in %s()", call);
    }
    text_add(words, ".");
}

static void add_success(struct text *words, const struct record *record, const struct model_record *model)
{
    if (model->everybody_served == 0) {
        text_add(words, "Nobody asked for an answer");
        if (is_busy(model)) {
            text_add(words, ", and all the same the server was busy with ");
            add_busyness(words, model);
        }
        text_add(words, ".");
    } else if (model->longest_wait <= AT_ONCE_MS * millisecond) {
        text_add(words, "Everybody was served at once (");
        text_add_time(words, model->longest_wait, TIME_SHORT);
        text_add(words, " at most)");
        add_price(words, model);
    } else {
        const struct lane_wait wait = longest_wait(&model->lanes[model->longest_lane]);
        text_add(words, "Everybody was served, but ");
        add_wait(words, record, model, &wait);
    }
}

static void add_stall(struct text *words, const struct record *record, const struct model_record *model)
{
    const struct lane_wait wait = wait_in_vain(model);

    if (wait.lane != NULL) {
        text_add(words, "Not everybody was served: ");
        add_wait(words, record, model, &wait);
        return;
    }
    text_add(words, "It stalled: %s.", model->problem);
    if (is_busy(model)) {
        text_add(words, " The server was busy with ");
        add_busyness(words, model);
        text_add(words, ".");
    }
}

static void add_failure(struct text *words, const struct model_record *model)
{
    if (model->began != 0) {
        text_add(words, "After ");
        text_add_time(words, model->ended - model->began, TIME_SHORT);
        text_add(words, ": %s.", model->problem);
        return;
    }
    text_add(words, "%c%s.", toupper((unsigned char)model->problem[0]), model->problem + 1);
}

char *verdict_of(const struct record *record, size_t index)
{
    const struct model_record *model = &record->models[index];
    struct text words = {0};

    switch (model->outcome) {
    case PLAY_PASSES:
        add_success(&words, record, model);
        break;
    case PLAY_STALLS:
        add_stall(&words, record, model);
        break;
    case PLAY_FAILS:
        add_failure(&words, model);
        break;
    }
    return text_take(&words);
}
