/* view - see view.h */
#include "view.h"

#include <stdio.h>
#include <string.h>

#include "record/words.h"

enum {
    SHOWN_CLIENTS = 6, /* so many have a lane of their own, the others share one */
    SHOWN_THREADS = 5,
    LEAST_SHOWN = 2,
    LONGEST_NAME = 10,
    LABEL_ROOM = 3, /* cells of a wait beside its label */
    MAX_COLUMNS = 400, /* of a lane */
    LIVE_EXTRA_ROWS = 5 /* title, axis, legend (2), keys */
};

static const uint64_t second = 1000000000;

/* ---- The axis ---- */

struct axis {
    uint64_t from, to;
    int left, width; /* in columns */
};

static uint64_t column_time(const struct axis *axis, int column)
{
    return axis->from + (axis->to - axis->from) * (uint64_t)column / (uint64_t)axis->width;
}

static int column_of(const struct axis *axis, uint64_t time)
{
    if (time <= axis->from)
        return 0;
    const uint64_t column = (time - axis->from) * (uint64_t)axis->width / (axis->to - axis->from);
    return column >= (uint64_t)axis->width ? axis->width - 1 : (int)column;
}

static uint64_t beginning(const struct record *record)
{
    uint64_t first = record->now;

    for (size_t i = 0; i < record->model_count; i++)
        if (record->models[i].began != 0 && record->models[i].began < first)
            first = record->models[i].began;
    return first;
}

/* 1, 2, 5, 10 ... times a millisecond: the least that is not less than `least`. */
static uint64_t round_time(uint64_t least)
{
    for (uint64_t unit = second / 1000;; unit *= 10)
        for (int i = 0; i < 3; i++) {
            static const uint64_t steps[] = {1, 2, 5};
            if (unit * steps[i] >= least)
                return unit * steps[i];
        }
}

/* Grows in steps, so that the picture does not shrink with every frame. */
static uint64_t live_length(const struct view *view, uint64_t now)
{
    uint64_t length = view->length > second / 10 ? view->length : second / 10;

    while (length < now)
        length += length / 4;
    return length;
}

static struct axis axis_of(const struct view *view, const struct record *record, int left, bool is_live)
{
    const uint64_t from = beginning(record);
    const uint64_t now = record->now > from ? record->now - from : 1;
    struct axis axis = {.from = from, .to = from + now, .left = left, .width = view->style.width - left - 1};

    if (is_live)
        axis.to = from + live_length(view, now);
    if (axis.width > MAX_COLUMNS)
        axis.width = MAX_COLUMNS;
    return axis;
}

static void draw_axis(struct canvas *canvas, const struct axis *axis)
{
    const uint64_t length = axis->to - axis->from;
    const uint64_t step = round_time(length * 9 / (uint64_t)axis->width + 1);
    const bool is_short = step < second / 10;

    for (uint64_t time = 0; time <= length; time += step) {
        struct text label = {0};
        if (time == 0)
            text_add(&label, "0");
        else if (is_short)
            text_add(&label, "%llu ms", (unsigned long long)(time / (second / 1000)));
        else
            text_add(&label, step < second ? "%.1f s" : "%.0f s", (double)time / (double)second);
        const int column = axis->left + column_of(axis, axis->from + time);
        if (column + canvas_columns(canvas, label.chars) < canvas->style.width) {
            canvas_put_glyph(canvas, column, "|", "\u2502", TINT_FAINT);
            canvas_put(canvas, column + 1, label.chars, TINT_FAINT);
        }
        text_free(&label);
    }
    canvas_end_row(canvas);
}

/* ---- Shapes ---- */

struct shape {
    const char *ascii, *utf8;
    enum tint tint;
    const char *meaning; /* in the legend */
};

static const struct shape states[] = {
    [LANE_ABSENT] = {" ", " ", TINT_PLAIN, NULL},
    [LANE_CONNECTING] = {":", ":", TINT_WAIT, "connecting"},
    [LANE_SILENT] = {".", "\u00b7", TINT_FAINT, "wants nothing"},
    [LANE_WAITING] = {"=", "\u2588", TINT_WAIT, "waits"},
    [LANE_NOT_READING] = {"~", "~", TINT_FAINT, "does not read"},
    [LANE_ENDED] = {".", "\u00b7", TINT_FAINT, NULL},
};

/* The later in this list, the more it counts: of several in one cell only one is drawn. */
static const struct shape marks[] = {
    [MARK_CONNECTED] = {"(", "(", TINT_STRONG, "connects"},   [MARK_SENT] = {">", ">", TINT_STRONG, "sends"},
    [MARK_RECEIVED] = {"<", "<", TINT_STRONG, "receives"},    [MARK_ANSWERED] = {"#", "\u25c6", TINT_GOOD, "answered"},
    [MARK_STALLED] = {"!", "!", TINT_BAD, "gave up"},         [MARK_FAILED] = {"X", "X", TINT_BAD, "failed"},
    [MARK_CLOSED] = {"]", "]", TINT_STRONG, "server closed"}, [MARK_RESET] = {"%", "%", TINT_BAD, "reset"},
    [MARK_LEFT] = {")", ")", TINT_STRONG, "leaves"},
};

static const int mark_weight[] = {
    [MARK_CONNECTED] = 3, [MARK_SENT] = 2,   [MARK_RECEIVED] = 1, [MARK_ANSWERED] = 6, [MARK_STALLED] = 9,
    [MARK_FAILED] = 8,    [MARK_CLOSED] = 5, [MARK_RESET] = 7,    [MARK_LEFT] = 4,
};

static const struct shape call_begin = {"|", "\u251c", TINT_CALL, NULL};
static const struct shape call_fill = {"-", "\u2500", TINT_CALL, NULL};
static const struct shape busy_fill = {"*", "\u2592", TINT_SPIN, NULL};

static void put_shape(struct canvas *canvas, int column, const struct shape *shape)
{
    canvas_put_glyph(canvas, column, shape->ascii, shape->utf8, shape->tint);
}

/* ---- A client's lane ---- */

/* What a lane shows, cell by cell; `weight`: of the mark in it, 0 without one. */
struct sketch {
    unsigned char state[MAX_COLUMNS];
    unsigned char mark[MAX_COLUMNS];
    int weight[MAX_COLUMNS];
};

static uint64_t overlap(uint64_t from, uint64_t to, uint64_t other_from, uint64_t other_to)
{
    const uint64_t begin = from > other_from ? from : other_from;
    const uint64_t end = to < other_to ? to : other_to;

    return end > begin ? end - begin : 0;
}

/* The state in which a client is for most of the time of a cell. */
static enum lane_state state_between(const struct lane *lane, size_t *first, uint64_t from, uint64_t to)
{
    enum lane_state state = LANE_ABSENT;
    uint64_t longest = 0;

    while (*first < lane->span_count && lane->spans[*first].to <= from)
        (*first)++;
    for (size_t i = *first; i < lane->span_count && lane->spans[i].from < to; i++) {
        const uint64_t time = overlap(lane->spans[i].from, lane->spans[i].to, from, to);
        if (time > longest) {
            longest = time;
            state = lane->spans[i].state;
        }
    }
    return state;
}

/* Adds a lane to a sketch. Of several lanes, whoever waits is seen, then whoever is there. */
static void sketch_lane(struct sketch *sketch, const struct lane *lane, const struct axis *axis)
{
    static const int weight[] = {[LANE_ABSENT] = 0,  [LANE_CONNECTING] = 4,  [LANE_SILENT] = 2,
                                 [LANE_WAITING] = 5, [LANE_NOT_READING] = 3, [LANE_ENDED] = 1};
    size_t first = 0;

    for (int i = 0; i < axis->width; i++) {
        const enum lane_state state = state_between(lane, &first, column_time(axis, i), column_time(axis, i + 1));
        if (weight[state] > weight[sketch->state[i]])
            sketch->state[i] = (unsigned char)state;
    }
    for (size_t i = 0; i < lane->mark_count; i++) {
        const enum mark_kind kind = lane->marks[i].kind;
        const int column = column_of(axis, lane->marks[i].at);
        if (mark_weight[kind] > sketch->weight[column]) {
            sketch->weight[column] = mark_weight[kind];
            sketch->mark[column] = (unsigned char)kind;
        }
    }
}

static void draw_sketch(struct canvas *canvas, const struct sketch *sketch, const struct axis *axis)
{
    for (int i = 0; i < axis->width; i++)
        put_shape(canvas, axis->left + i, sketch->weight[i] > 0 ? &marks[sketch->mark[i]] : &states[sketch->state[i]]);
}

/* Writes how long a wait took into it, where there is room. */
static void label_waits(struct canvas *canvas, const struct lane *lane, const struct axis *axis)
{
    for (size_t i = 0; i < lane->span_count; i++) {
        const struct lane_span *span = &lane->spans[i];
        struct text label = {0};
        if (span->state != LANE_WAITING)
            continue;
        text_add(&label, " ");
        text_add_time(&label, span->to - span->from, TIME_SHORT);
        text_add(&label, " ");
        const int from = column_of(axis, span->from);
        const int room = column_of(axis, span->to) - from;
        if (room >= (int)label.length + LABEL_ROOM)
            canvas_put(canvas, axis->left + from + (room - (int)label.length) / 2, label.chars, TINT_WAIT);
        text_free(&label);
    }
}

static void draw_name(struct canvas *canvas, const struct axis *axis, const char *name, enum tint tint)
{
    canvas_put_until(canvas, 2, axis->left - 1, name, tint);
}

static void draw_client(struct canvas *canvas, const struct record *record, const struct lane *lane,
                        const struct axis *axis)
{
    struct sketch sketch = {0};

    draw_name(canvas, axis, record->script->actors[lane->actor], TINT_PLAIN);
    sketch_lane(&sketch, lane, axis);
    draw_sketch(canvas, &sketch, axis);
    label_waits(canvas, lane, axis);
    canvas_end_row(canvas);
}

/* All the clients that have no lane of their own. */
static void draw_other_clients(struct canvas *canvas, const struct model_record *model, size_t first,
                               const struct axis *axis)
{
    struct sketch sketch = {0};
    struct text name = {0};

    text_add(&name, "+%zu more", model->lane_count - first);
    draw_name(canvas, axis, name.chars, TINT_FAINT);
    for (size_t i = first; i < model->lane_count; i++)
        sketch_lane(&sketch, &model->lanes[i], axis);
    draw_sketch(canvas, &sketch, axis);
    canvas_end_row(canvas);
    text_free(&name);
}

/* ---- A server's lane ---- */

/* Cells of a lane that show the same: one long call, or several short ones of the same name. */
struct run {
    int from, to; /* columns */
    const struct call_span *first;
    unsigned long calls;
    uint64_t time;
};

/* The call in which a thread is for most of the time of a cell; NULL: none. */
static const struct call_span *call_between(const struct thread_lane *thread, size_t *first, uint64_t from, uint64_t to)
{
    const struct call_span *call = NULL;
    uint64_t longest = 0;

    while (*first < thread->span_count && thread->spans[*first].to <= from)
        (*first)++;
    for (size_t i = *first; i < thread->span_count && thread->spans[i].from < to; i++) {
        const uint64_t time = overlap(thread->spans[i].from, thread->spans[i].to, from, to);
        if (time > longest) {
            longest = time;
            call = &thread->spans[i];
        }
    }
    return call;
}

/* Is there room for its name? Then it stands alone. */
static bool is_long(const struct call_span *call, const struct axis *axis)
{
    return column_of(axis, call->to) - column_of(axis, call->from) >= (int)strlen(call->call) + LABEL_ROOM;
}

static bool goes_on(const struct run *run, const struct call_span *call, const struct axis *axis)
{
    if (run->first == NULL || call == NULL || run->first == call)
        return run->first == call;
    return strcmp(run->first->call, call->call) == 0 && !is_long(run->first, axis) && !is_long(call, axis);
}

static bool is_busy(const struct call_span *call)
{
    return strcmp(call->call, CALL_SPINS) == 0 || strcmp(call->call, CALL_WORKS) == 0;
}

enum detail { DETAIL_ALL, DETAIL_DESCRIPTOR, DETAIL_NAME };

/* "recv fd 4 (Silent), 6.5 s", "recv fd 4, 6.5 s" or "recv"; of several "poll, 0.10 s each". */
static void describe_run(struct text *label, const struct record *record, const struct model_record *model,
                         const struct run *run, enum detail detail)
{
    const struct call_span *call = run->first;

    text_add(label, "%s", call->call);
    if (detail == DETAIL_NAME)
        return;
    if (strcmp(call->call, CALL_SPINS) == 0 && detail == DETAIL_ALL)
        text_add(label, ": always busy, never waits");
    if (run->calls == 1 && call->fd >= 0)
        text_add(label, " fd %d", call->fd);
    if (run->calls == 1 && call->client >= 0 && detail == DETAIL_ALL)
        text_add(label, " (%s)", record->script->actors[model->lanes[call->client].actor]);
    text_add(label, ", ");
    text_add_time(label, run->time / run->calls, TIME_SHORT);
    if (run->calls > 1)
        text_add(label, " each");
}

static void draw_run(struct canvas *canvas, const struct record *record, const struct model_record *model,
                     const struct run *run, const struct axis *axis)
{
    const struct shape *fill = is_busy(run->first) ? &busy_fill : &call_fill;
    const int room = run->to - run->from - 1;
    struct text label = {0};

    for (int i = run->from; i < run->to; i++)
        put_shape(canvas, axis->left + i, i == run->from ? &call_begin : fill);
    for (int detail = DETAIL_ALL; detail <= DETAIL_NAME; detail++) {
        text_free(&label);
        describe_run(&label, record, model, run, (enum detail)detail);
        if ((int)label.length <= room)
            break;
    }
    if ((int)label.length <= room)
        canvas_put(canvas, axis->left + run->from + 1, label.chars, fill->tint);
    text_free(&label);
}

static void draw_calls(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       const struct thread_lane *thread, const struct axis *axis)
{
    struct run run = {0};
    const struct call_span *last = NULL;
    size_t first = 0;

    for (int i = 0; i <= axis->width; i++) {
        const struct call_span *call =
            i < axis->width ? call_between(thread, &first, column_time(axis, i), column_time(axis, i + 1)) : NULL;
        run.to = i;
        if (i == axis->width || !goes_on(&run, call, axis)) {
            if (run.first != NULL)
                draw_run(canvas, record, model, &run, axis);
            run = (struct run){.from = i, .first = call};
            last = NULL;
        }
        if (call != NULL && call != last) {
            run.calls++;
            run.time += call->to - call->from;
        }
        last = call;
    }
}

static void draw_thread(struct canvas *canvas, const struct record *record, const struct model_record *model,
                        size_t index, const struct axis *axis)
{
    struct text name = {0};

    if (model->thread_count == 1)
        text_add(&name, "server");
    else
        text_add(&name, "thread %zu", index + 1);
    draw_name(canvas, axis, name.chars, TINT_CALL);
    draw_calls(canvas, record, model, &model->threads[index], axis);
    canvas_end_row(canvas);
    text_free(&name);
}

/* ---- A model ---- */

/* How many lanes of each kind are shown of a model. */
struct limits {
    size_t clients, threads;
};

/* A single one that is left over has the place of the words that it is. */
static size_t shown(size_t count, size_t limit)
{
    return count > limit + 1 ? limit : count;
}

static size_t shown_clients(const struct model_record *model, const struct limits *limits)
{
    return shown(model->lane_count, limits->clients);
}

static size_t shown_threads(const struct model_record *model, const struct limits *limits)
{
    return shown(model->thread_count, limits->threads);
}

static bool was_played(const struct model_record *model)
{
    return model->began != 0;
}

static bool has_failed(const struct model_record *model)
{
    return model->outcome == PLAY_FAILS && model->problem[0] != '\0';
}

static int rows_of(const struct model_record *model, const struct limits *limits)
{
    const size_t clients = shown_clients(model, limits);
    const size_t threads = shown_threads(model, limits);
    size_t rows = has_failed(model) ? 2 : 1;

    if (was_played(model))
        rows += clients + (clients < model->lane_count) + threads + (threads < model->thread_count);
    return (int)rows;
}

/* Of those that are over and those that go on. */
static uint64_t longest_wait(const struct model_record *model)
{
    uint64_t longest = model->longest_wait;

    for (size_t i = 0; i < model->lane_count && was_played(model); i++) {
        const struct lane_span *last = &model->lanes[i].spans[model->lanes[i].span_count - 1];
        if (last->state == LANE_WAITING && last->to - last->from > longest)
            longest = last->to - last->from;
    }
    return longest;
}

/* "passes" is a word for checks; who watches wants to know who waited. */
static void describe_state(struct text *words, const struct model_record *model)
{
    const uint64_t longest = longest_wait(model);
    const bool has_waited = longest > 0;

    if (!model->is_over || model->outcome != PLAY_PASSES || !has_waited)
        text_add(words, "%s%s", model->state, has_waited ? ", " : "");
    if (has_waited) {
        text_add(words, "longest wait ");
        text_add_time(words, longest, TIME_SHORT);
    }
}

static void draw_heading(struct canvas *canvas, const struct model_record *model)
{
    struct text words = {0};
    const bool is_bad = model->is_over && model->outcome != PLAY_PASSES;

    describe_state(&words, model);
    const int state = canvas->style.width - 1 - (int)words.length;
    const int column = canvas_put(canvas, 0, model->name, TINT_STRONG);
    canvas_put_cut(canvas, column + 2, state - 2, model->idea, TINT_FAINT);
    canvas_put(canvas, state, words.chars, is_bad ? TINT_BAD : TINT_STRONG);
    canvas_end_row(canvas);
    text_free(&words);
}

static void draw_model(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       const struct axis *axis, const struct limits *limits)
{
    const size_t clients = shown_clients(model, limits);
    const size_t threads = shown_threads(model, limits);

    draw_heading(canvas, model);
    for (size_t i = 0; was_played(model) && i < clients; i++)
        draw_client(canvas, record, &model->lanes[i], axis);
    if (was_played(model) && clients < model->lane_count)
        draw_other_clients(canvas, model, clients, axis);
    for (size_t i = 0; was_played(model) && i < threads; i++)
        draw_thread(canvas, record, model, i, axis);
    if (was_played(model) && threads < model->thread_count) {
        struct text more = {0};
        text_add(&more, "+%zu more threads", model->thread_count - threads);
        canvas_put(canvas, 2, more.chars, TINT_FAINT);
        canvas_end_row(canvas);
        text_free(&more);
    }
    if (has_failed(model)) {
        canvas_put_cut(canvas, 2, canvas->style.width, model->problem, TINT_PLAIN);
        canvas_end_row(canvas);
    }
}

/* ---- Around the models ---- */

static int name_columns(const struct canvas *canvas, const struct record *record)
{
    struct text more = {0};

    text_add(&more, "+%d more", record->script->actor_count);
    int widest = record->script->actor_count > SHOWN_CLIENTS ? (int)more.length : (int)strlen("thread 1");
    text_free(&more);
    for (int i = 0; i < record->script->actor_count; i++) {
        const int columns = canvas_columns(canvas, record->script->actors[i]);
        widest = columns > widest ? columns : widest;
    }
    return 2 + (widest < LONGEST_NAME ? widest : LONGEST_NAME) + 1;
}

static bool is_in_state(const struct lane *lane, enum lane_state state, uint64_t least)
{
    for (size_t i = 0; i < lane->span_count; i++)
        if (lane->spans[i].state == state && lane->spans[i].to - lane->spans[i].from >= least)
            return true;
    return false;
}

/* Is a client in that state for long enough to be seen? */
static bool has_state(const struct record *record, enum lane_state state, const struct axis *axis)
{
    const uint64_t least = column_time(axis, 1) - column_time(axis, 0);

    for (size_t i = 0; i < record->model_count; i++)
        for (size_t k = 0; k < record->models[i].lane_count; k++)
            if (is_in_state(&record->models[i].lanes[k], state, least))
                return true;
    return false;
}

static bool is_marked(const struct lane *lane, enum mark_kind kind)
{
    for (size_t i = 0; i < lane->mark_count; i++)
        if (lane->marks[i].kind == kind)
            return true;
    return false;
}

static bool has_mark(const struct record *record, enum mark_kind kind)
{
    for (size_t i = 0; i < record->model_count; i++)
        for (size_t k = 0; k < record->models[i].lane_count; k++)
            if (is_marked(&record->models[i].lanes[k], kind))
                return true;
    return false;
}

static int add_to_legend(struct canvas *canvas, int column, const struct shape *shape)
{
    if (shape->meaning == NULL)
        return column;
    const int columns = 2 + canvas_columns(canvas, shape->meaning);
    if (column > 0 && column + columns > canvas->style.width) {
        canvas_end_row(canvas);
        column = 0;
    }
    put_shape(canvas, column, shape);
    return canvas_put(canvas, column + 2, shape->meaning, TINT_FAINT) + 3;
}

/* Only what there is to be seen, so that it stays short. */
static void draw_legend(struct canvas *canvas, const struct record *record, const struct axis *axis)
{
    int column = 0;

    for (int i = LANE_CONNECTING; i <= LANE_NOT_READING; i++)
        if (has_state(record, (enum lane_state)i, axis))
            column = add_to_legend(canvas, column, &states[i]);
    for (int i = MARK_CONNECTED; i <= MARK_LEFT; i++)
        if (has_mark(record, (enum mark_kind)i))
            column = add_to_legend(canvas, column, &marks[i]);
    canvas_end_row(canvas);
}

static void draw_title(struct canvas *canvas, const struct view *view, const struct record *record)
{
    struct text words = {0};
    const int column = canvas_put(canvas, 0, record->script->name, TINT_STRONG);

    text_add(&words, "  ");
    if (view->is_paused)
        text_add(&words, "(drawing is paused)  ");
    text_add_time(&words, record->now - beginning(record), TIME_SHORT);
    const int right = canvas->style.width - 1 - (int)words.length;
    canvas_put_cut(canvas, column + 2, right, record->script->title, TINT_PLAIN);
    canvas_put(canvas, right, words.chars, TINT_STRONG);
    canvas_end_row(canvas);
    text_free(&words);
}

static void draw_keys(struct canvas *canvas, const struct view *view, const struct record *record, size_t page)
{
    struct text words = {0};

    text_add(&words, page == 1 ? "model %zu" : "models %zu-%zu", view->first + 1, view->first + page);
    text_add(&words, " of %zu", record->model_count);
    if (page < record->model_count && view->has_keys)
        text_add(&words, " (up, down)");
    if (view->has_keys)
        text_add(&words, view->is_paused ? "   space: go on   q: end" : "   space: pause   q: end");
    canvas_put(canvas, 0, words.chars, TINT_FAINT);
    text_free(&words);
}

/* ---- Whole pictures ---- */

static const struct limits generous = {SHOWN_CLIENTS, SHOWN_THREADS};

/* Fewer lanes a model, until each model fits onto a page. */
static struct limits limits_of(const struct view *view, const struct record *record)
{
    const int room = view->height - LIVE_EXTRA_ROWS;
    struct limits limits = generous;

    for (size_t i = 0; i < record->model_count; i++)
        while (rows_of(&record->models[i], &limits) > room &&
               (limits.clients > LEAST_SHOWN || limits.threads > LEAST_SHOWN)) {
            size_t *larger = limits.clients > limits.threads ? &limits.clients : &limits.threads;
            (*larger)--;
        }
    return limits;
}

size_t view_page(const struct view *view, const struct record *record)
{
    const struct limits limits = limits_of(view, record);
    int room = view->height - LIVE_EXTRA_ROWS;
    size_t count = 0;

    for (size_t i = view->first; i < record->model_count; i++, count++) {
        room -= rows_of(&record->models[i], &limits);
        if (room < 0)
            break;
    }
    return count > 0 || view->first >= record->model_count ? count : 1;
}

uint64_t view_expected_length(const struct script *script)
{
    uint64_t longest = 0;

    for (int actor = 0; actor < script->actor_count; actor++) {
        uint64_t length = 0;
        for (int i = 0; i < script->step_count; i++)
            if (script->steps[i].actor == actor)
                length += script->steps[i].duration_ms * (second / 1000);
        longest = length > longest ? length : longest;
    }
    return longest + longest / 4;
}

/* Empties what the picture does not fill, and cuts off what does not fit: the keys' line is always the last. */
static void finish_frame(struct text *out, const struct text *body, int rows)
{
    const char *line = body->chars;

    for (int i = 0; i < rows; i++) {
        const char *end = line != NULL ? strchr(line, '\n') : NULL;
        if (end != NULL)
            text_add(out, "%.*s\033[K\r\n", (int)(end - line), line);
        else
            text_add(out, "\033[K\r\n");
        line = end != NULL ? end + 1 : NULL;
    }
}

void view_frame(const struct view *view, const struct record *record, struct text *out)
{
    struct text body = {0};
    struct text keys = {0};
    struct canvas canvas;
    struct canvas_style style = view->style;

    style.line_end = "\n";
    canvas_begin(&canvas, &body, &style);
    const struct axis axis = axis_of(view, record, name_columns(&canvas, record), true);
    const struct limits limits = limits_of(view, record);
    const size_t page = view_page(view, record);
    draw_title(&canvas, view, record);
    draw_axis(&canvas, &axis);
    int rows = 2;
    for (size_t i = view->first; i < view->first + page; i++) {
        draw_model(&canvas, record, &record->models[i], &axis, &limits);
        rows += rows_of(&record->models[i], &limits);
    }
    for (; rows < view->height - 3; rows++)
        canvas_end_row(&canvas);
    draw_legend(&canvas, record, &axis);
    canvas.out = &keys;
    canvas.style.line_end = "";
    draw_keys(&canvas, view, record, page);
    canvas_end_row(&canvas);
    text_add(out, "\033[H");
    finish_frame(out, &body, view->height - 1);
    text_add(out, "%s\033[K", keys.chars);
    canvas_end(&canvas);
    text_free(&body);
    text_free(&keys);
}

void view_lanes(const struct view *view, const struct record *record, struct text *out)
{
    struct canvas canvas;
    struct canvas_style style = view->style;

    style.line_end = "\n";
    canvas_begin(&canvas, out, &style);
    const struct axis axis = axis_of(view, record, name_columns(&canvas, record), false);
    draw_axis(&canvas, &axis);
    for (size_t i = 0; i < record->model_count; i++) {
        draw_model(&canvas, record, &record->models[i], &axis, &generous);
        canvas_end_row(&canvas);
    }
    draw_legend(&canvas, record, &axis);
    canvas_end(&canvas);
}
