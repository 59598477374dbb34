/* recorder - see recorder.h */
#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "player/text.h"
#include "player/verb.h"

enum {
    FOLDED_NS = 2 * 1000 * 1000, /* bytes that come so close together are one mark */
    AXIS_BEGINS_NS = 1000 /* when the first conversation begins: not at 0, which says that it has not begun */
};

static void add_mark(struct lane *lane, struct lane_mark mark)
{
    lane->marks = memory_grown(lane->marks, lane->mark_count, sizeof lane->marks[0]);
    lane->marks[lane->mark_count++] = mark;
}

/* ---- Spans: what the client is doing ---- */

static struct lane_span *last_span(const struct lane *lane)
{
    return lane->span_count > 0 ? &lane->spans[lane->span_count - 1] : NULL;
}

static void change_state(struct lane *lane, enum lane_state state, int step, uint64_t at)
{
    struct lane_span *last = last_span(lane);

    if (last != NULL) {
        last->to = at;
        if (last->state == state && last->step == step)
            return;
        if (last->from == at) /* it did not last: the new one takes its place */
            lane->span_count--;
    }
    lane->spans = memory_grown(lane->spans, lane->span_count, sizeof lane->spans[0]);
    lane->spans[lane->span_count++] = (struct lane_span){.from = at, .to = at, .state = state, .step = step};
}

/* The state of a client that waits for nothing. */
static enum lane_state idle_state(const struct lane_pen *pen, int step)
{
    if (!pen->is_connected || pen->is_lost)
        return LANE_ABSENT;
    if (pen->is_not_reading)
        return LANE_NOT_READING;
    return step == -1 ? LANE_ENDED : LANE_SILENT;
}

/* Does the server owe the client something until this step is done? */
static bool is_answer(enum effect effect)
{
    return effect == EFFECT_EXPECTS || effect == EFFECT_EXPECTS_EVERYTHING || effect == EFFECT_EXPECTS_END;
}

/* ---- Marks: what happened to it ---- */

/* The step that sent what the kernel takes now: later ones may have begun meanwhile. */
static int sending_step(const struct script *script, const struct play_event *event)
{
    for (int i = event->step != -1 ? event->step : script->step_count - 1; i >= 0; i--)
        if (script->steps[i].actor == event->actor && script->steps[i].verb->effect == EFFECT_SENDS)
            return i;
    return event->step;
}

/* Bytes on their way: many small portions close together are one mark. */
static void add_bytes(struct lane *lane, struct lane_mark mark)
{
    struct lane_mark *last = lane->mark_count > 0 ? &lane->marks[lane->mark_count - 1] : NULL;

    if (last != NULL && last->kind == mark.kind && last->step == mark.step && mark.at - last->at < FOLDED_NS)
        last->result.bytes += mark.result.bytes;
    else
        add_mark(lane, mark);
}

static void note_wait(struct model_record *model, const struct lane *lane, uint64_t waited)
{
    if (waited <= model->longest_wait)
        return;
    model->longest_wait = waited;
    model->longest_lane = (int)(lane - model->lanes);
}

static void end_of_step(struct model_record *model, struct lane *lane, enum effect effect, struct lane_mark mark)
{
    struct lane_mark *last = lane->mark_count > 0 ? &lane->marks[lane->mark_count - 1] : NULL;

    if (!is_answer(effect))
        return;
    if (effect != EFFECT_EXPECTS_END)
        add_mark(lane, mark);
    else if (last != NULL && (last->kind == MARK_CLOSED || last->kind == MARK_RESET))
        last->waited = mark.waited;
    note_wait(model, lane, mark.waited);
    model->everybody_served = mark.at - model->began; /* so far */
}

/* ---- Events ---- */

/* A client's event, and what it is about. */
struct happening {
    struct model_record *model;
    struct lane *lane;
    struct lane_pen *pen;
    enum effect effect; /* of the present step */
    struct lane_mark mark;
};

static void on_step_end(const struct happening *what, const struct play_event *event)
{
    struct lane_pen *pen = what->pen;

    if (what->effect == EFFECT_STOPS_READING || what->effect == EFFECT_READS_ON)
        pen->is_not_reading = what->effect == EFFECT_STOPS_READING;
    end_of_step(what->model, what->lane, what->effect, what->mark);
    const int step = event->step == pen->last_step ? -1 : event->step;
    change_state(what->lane, idle_state(pen, step), step, what->mark.at);
}

static void on_waiting(const struct happening *what)
{
    const int step = what->mark.step;

    if (is_answer(what->effect))
        change_state(what->lane, LANE_WAITING, step, what->mark.at);
    else if (what->effect != EFFECT_CONNECTS)
        change_state(what->lane, idle_state(what->pen, step), step, what->mark.at);
}

static void on_end_of_play(const struct happening *what)
{
    add_mark(what->lane, what->mark);
    if (is_answer(what->effect))
        note_wait(what->model, what->lane, what->mark.waited);
}

static void on_connection(const struct happening *what)
{
    const struct lane_mark *mark = &what->mark;

    what->pen->is_connected = mark->kind != MARK_LEFT;
    what->pen->is_lost = mark->kind == MARK_RESET;
    if (mark->kind == MARK_CONNECTED || mark->kind == MARK_LEFT)
        what->pen->is_not_reading = false;
    add_mark(what->lane, *mark);
    if (mark->kind != MARK_CLOSED)
        change_state(what->lane, idle_state(what->pen, mark->step), mark->step, mark->at);
}

static void note_connecting(struct model_pen *pen, int lane)
{
    pen->connected = memory_grown(pen->connected, pen->connected_count, sizeof pen->connected[0]);
    pen->connected[pen->connected_count++] = lane;
}

static void on_client(struct recorder *recorder, size_t index, const struct play_event *event)
{
    /* Of the events that leave a mark. */
    static const enum mark_kind kinds[] = {
        [PLAY_STEP_ENDS] = MARK_ANSWERED,  [PLAY_STALLED] = MARK_STALLED, [PLAY_FAILED] = MARK_FAILED,
        [PLAY_CONNECTED] = MARK_CONNECTED, [PLAY_CLOSED] = MARK_CLOSED,   [PLAY_RESET] = MARK_RESET,
        [PLAY_LEFT] = MARK_LEFT,           [PLAY_SENT] = MARK_SENT,       [PLAY_RECEIVED] = MARK_RECEIVED};
    const struct script *script = recorder->record.script;
    struct model_record *model = &recorder->record.models[index];
    struct model_pen *pen = &recorder->pens[index];
    const int number = pen->lane_of_actor[event->actor];
    struct happening what = {.model = model,
                             .lane = &model->lanes[number],
                             .pen = &pen->lanes[number],
                             .effect = event->step != -1 ? script->steps[event->step].verb->effect : EFFECT_NONE,
                             .mark = {.at = model->began + event->time,
                                      .kind = kinds[event->kind],
                                      .step = event->step,
                                      .result = event->result,
                                      .waited = event->waited}};

    switch (event->kind) {
    case PLAY_STEP_ENDS:
        on_step_end(&what, event);
        break;
    case PLAY_WAITING:
        on_waiting(&what);
        break;
    case PLAY_STALLED:
    case PLAY_FAILED:
        on_end_of_play(&what);
        break;
    case PLAY_CONNECTING:
        note_connecting(pen, number);
        change_state(what.lane, LANE_CONNECTING, event->step, what.mark.at);
        break;
    case PLAY_CONNECTED:
    case PLAY_CLOSED:
    case PLAY_RESET:
    case PLAY_LEFT:
        on_connection(&what);
        break;
    case PLAY_SENT:
        what.mark.step = sending_step(script, event);
        add_bytes(what.lane, what.mark);
        break;
    case PLAY_RECEIVED:
        if (last_span(what.lane)->state != LANE_WAITING) /* what a step waits for is a mark when it is complete */
            add_bytes(what.lane, what.mark);
        break;
    default: /* a step begins: what follows says what it is; or it is about the program */
        break;
    }
}

/* ---- A model's conversation ---- */

static void begin(struct model_record *model, uint64_t now)
{
    model->began = now;
    model->ended = now;
    model->state = "plays";
    for (size_t i = 0; i < model->lane_count; i++)
        change_state(&model->lanes[i], LANE_ABSENT, -1, now);
}

static void grow(struct model_record *model, uint64_t now)
{
    if (model->began == 0 || model->is_over)
        return;
    model->ended = now;
    for (size_t i = 0; i < model->lane_count; i++)
        last_span(&model->lanes[i])->to = now;
}

/* A client that is still waiting at the end has waited in vain. */
static void end(struct model_record *model, uint64_t now)
{
    if (model->is_over)
        return;
    grow(model, now);
    for (size_t i = 0; i < model->lane_count; i++) {
        const struct lane_span *last = last_span(&model->lanes[i]);
        if (last != NULL && last->state == LANE_WAITING)
            note_wait(model, &model->lanes[i], last->to - last->from);
    }
    model->is_over = true;
}

/* Is the conversation over, or does a step of the script stop the server? */
static bool is_end(const struct script *script, const struct play_event *event)
{
    if (event->kind == PLAY_STALLED || event->kind == PLAY_FAILED)
        return true;
    return event->kind == PLAY_TOLD_TO_END &&
           (event->step == -1 || script->steps[event->step].verb->effect != EFFECT_STOPS_PROGRAM);
}

void recorder_event(struct recorder *recorder, size_t index, const struct play_event *event, uint64_t now)
{
    struct model_record *model = &recorder->record.models[index];
    struct model_pen *pen = &recorder->pens[index];

    if (event->kind == PLAY_READY)
        begin(model, now);
    if (event->kind == PLAY_TOLD_TO_END)
        pen->was_told_to_end = true;
    if (event->kind == PLAY_EXITED && !pen->was_told_to_end)
        pen->ended_by_itself = true;
    if (model->began == 0 || model->is_over)
        return;
    if (event->actor != -1 && pen->lane_of_actor[event->actor] != -1)
        on_client(recorder, index, event);
    if (event->kind == PLAY_STALLED || event->kind == PLAY_FAILED)
        pen->was_broken_off = true;
    if (is_end(recorder->record.script, event))
        end(model, model->began + event->time);
}

void recorder_grow(struct recorder *recorder, uint64_t now)
{
    struct record *record = &recorder->record;

    for (size_t i = 0; i < record->model_count; i++) {
        grow(&record->models[i], now);
        if (record->models[i].ended > record->now)
            record->now = record->models[i].ended;
    }
}

/* The last line that the server wrote to standard error, or "". */
static const char *last_words(const char *said, int *length)
{
    size_t size = strlen(said);

    while (size > 0 && said[size - 1] == '\n')
        size--;
    const char *line = said + size;
    while (line > said && line[-1] != '\n')
        line--;
    *length = (int)(said + size - line);
    return line;
}

static void set_problem(const struct script *script, struct model_record *model, struct model_pen *pen,
                        const struct play_result *result)
{
    struct text words = {0};
    int length;
    const char *line = last_words(result->said, &length);

    if (result->outcome == PLAY_STALLS && result->step != -1)
        text_add(&words, "\"%s\": ", script->steps[result->step].text);
    text_add(&words, "%.*s", (int)strcspn(result->problem, "\n"), result->problem);
    if (result->outcome == PLAY_FAILS && length > 0)
        text_add(&words, "; it last said: %.*s", length, line);
    free(pen->problem);
    model->problem = pen->problem = text_take(&words);
}

static const char *state_of(const struct model_record *model, const struct model_pen *pen)
{
    if (model->outcome != PLAY_FAILS)
        return play_outcome_name(model->outcome);
    if (model->began == 0)
        return "did not start";
    return pen->ended_by_itself ? "died" : play_outcome_name(model->outcome);
}

void recorder_done(struct recorder *recorder, size_t index, const struct play_result *result, uint64_t now)
{
    static const struct play_result cut_short = {.outcome = PLAY_FAILS, .problem = "the demo was ended", .said = ""};
    struct model_record *model = &recorder->record.models[index];
    struct model_pen *pen = &recorder->pens[index];
    const bool is_cut = result == NULL;

    if (is_cut)
        result = &cut_short;
    end(model, now);
    recorder_grow(recorder, now);
    model->outcome = result->outcome;
    model->state = is_cut ? RECORD_CUT_SHORT : state_of(model, pen);
    if (is_cut || (model->outcome != PLAY_PASSES && (pen->was_broken_off || !pen->was_told_to_end)))
        model->everybody_served = 0; /* but a server may also have served everybody, and then not stop */
    if (model->outcome != PLAY_PASSES)
        set_problem(recorder->record.script, model, pen, result);
}

void recorder_leave_out(struct recorder *recorder, size_t index, const char *problem)
{
    const struct play_result result = {.outcome = PLAY_FAILS, .problem = problem, .said = ""};

    recorder_done(recorder, index, &result, 0);
}

/* ---- The axis ---- */

/* A time that is 0 stays so: it says that something has not been. */
static void move_back(uint64_t *time, uint64_t by)
{
    *time = *time > by ? *time - by : 0;
}

static void move_lane_back(struct lane *lane, uint64_t by)
{
    for (size_t i = 0; i < lane->span_count; i++) {
        move_back(&lane->spans[i].from, by);
        move_back(&lane->spans[i].to, by);
    }
    for (size_t i = 0; i < lane->mark_count; i++)
        move_back(&lane->marks[i].at, by);
}

static void move_thread_back(struct thread_lane *thread, uint64_t by)
{
    for (size_t i = 0; i < thread->span_count; i++) {
        move_back(&thread->spans[i].from, by);
        move_back(&thread->spans[i].to, by);
    }
}

uint64_t recorder_beginning(const struct record *record)
{
    uint64_t first = record->now;

    for (size_t i = 0; i < record->model_count; i++)
        if (record->models[i].began != 0 && record->models[i].began < first)
            first = record->models[i].began;
    return first;
}

void recorder_begin_axis(struct recorder *recorder)
{
    struct record *record = &recorder->record;
    const uint64_t first = recorder_beginning(record);

    if (first <= AXIS_BEGINS_NS)
        return;
    const uint64_t by = first - AXIS_BEGINS_NS;
    for (size_t i = 0; i < record->model_count; i++) {
        struct model_record *model = &record->models[i];
        move_back(&model->began, by);
        move_back(&model->ended, by);
        for (size_t k = 0; k < model->lane_count; k++)
            move_lane_back(&model->lanes[k], by);
        for (size_t k = 0; k < model->thread_count; k++)
            move_thread_back(&model->threads[k], by);
    }
    move_back(&record->now, by);
}

int recorder_connection(const struct recorder *recorder, size_t index, size_t number)
{
    const struct model_pen *pen = &recorder->pens[index];

    return number < pen->connected_count ? pen->connected[number] : -1;
}

/* ---- Making and freeing ---- */

/* A client is a name that has a step which is not about the program. */
static void make_lanes(const struct script *script, struct model_record *model, struct model_pen *pen)
{
    const size_t actors = (size_t)script->actor_count;

    model->lanes = memory_zeroed(actors + 1, sizeof model->lanes[0]);
    pen->lanes = memory_zeroed(actors + 1, sizeof pen->lanes[0]);
    pen->lane_of_actor = memory_zeroed(actors + 1, sizeof pen->lane_of_actor[0]);
    for (size_t i = 0; i < actors; i++)
        pen->lane_of_actor[i] = -1;
    for (int i = 0; i < script->step_count; i++) {
        int *number = &pen->lane_of_actor[script->steps[i].actor];
        if (verb_is_tested(script->steps[i].verb))
            continue;
        if (*number == -1) {
            *number = (int)model->lane_count++;
            model->lanes[*number].actor = script->steps[i].actor;
        }
        pen->lanes[*number].last_step = i;
    }
}

void recorder_init(struct recorder *recorder, const struct script *script, size_t count)
{
    *recorder = (struct recorder){.record = {.script = script, .model_count = count}};
    recorder->record.models = memory_zeroed(count + 1, sizeof recorder->record.models[0]);
    recorder->pens = memory_zeroed(count + 1, sizeof recorder->pens[0]);
    for (size_t i = 0; i < count; i++) {
        struct model_record *model = &recorder->record.models[i];
        *model = (struct model_record){
            .name = "", .idea = "", .state = "starts", .problem = "", .costs = COSTS_UNKNOWN, .longest_lane = -1};
        make_lanes(script, model, &recorder->pens[i]);
    }
}

void recorder_name(struct recorder *recorder, size_t index, const char *name, const char *idea)
{
    struct model_record *model = &recorder->record.models[index];
    struct model_pen *pen = &recorder->pens[index];

    model->name = pen->name = memory_string(name);
    model->idea = pen->idea = memory_string(idea);
}

static void free_model(struct model_record *model, struct model_pen *pen)
{
    for (size_t i = 0; i < model->lane_count; i++) {
        free(model->lanes[i].spans);
        free(model->lanes[i].marks);
    }
    for (size_t i = 0; i < model->thread_count; i++)
        free(model->threads[i].spans);
    free(model->lanes);
    free(model->threads);
    free(model->verdict);
    free(pen->lanes);
    free(pen->lane_of_actor);
    free(pen->connected);
    free(pen->name);
    free(pen->idea);
    free(pen->problem);
}

void recorder_free(struct recorder *recorder)
{
    struct record *record = &recorder->record;

    for (size_t i = 0; i < record->model_count; i++)
        free_model(&record->models[i], &recorder->pens[i]);
    for (size_t i = 0; i < record->call_name_count; i++)
        free(record->call_names[i]);
    free(record->call_names);
    free(record->models);
    free(recorder->pens);
}
