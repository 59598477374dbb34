/* verdict - see verdict.h */
#include "verdict.h"

#include <ctype.h>
#include <string.h>

#include "call_name.h"
#include "player/text.h"
#include "reason.h"
#include "words.h"

static const uint64_t millisecond = 1000000;

enum {
    AT_ONCE_MS = 50, /* a shorter wait is none, as people see it */
    MAIN_PART_PERCENT = 50, /* of a conversation: that is where the server was */
    MUCH_LESS_PERCENT = 10,
    NOT_RESTING_PERCENT = 10, /* of a core */
    BUSY_PERCENT = 50, /* of a core: a server that takes more is not resting */
    WHOLE_CORE_PERCENT = 85,
    LARGE_KIB = 256, /* an answer this large takes its time, whoever gives it */
    MAX_NAMES = 2 /* more are only counted */
};

/* ---- Waits ---- */

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
        text_add(&names, count++ > 0 ? " and %s" : "%s", words_client(record, &model->lanes[i]));
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
    text_add(words, "%s waited ", words_client(record, wait->lane));
    text_add_time(words, wait->to - wait->from, TIME_SHORT);
    if (wait->was_in_vain)
        text_add(words, " in vain");
    else
        add_size(words, wait);
    reason_add(words, record, model, wait);
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
        for (size_t k = i; k < thread->span_count && call_is_a_wait(call); k++) {
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
