/* lanes - see lanes.h */
#include "lanes.h"

#include <string.h>

enum { LABEL_ROOM = 3 /* cells of a wait beside its label */ };

static const uint64_t second = 1000000000;

/* ---- The axis ---- */

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

/* 1, 2, 5, 10 ... times a millisecond: the smallest that is not less than `min`. */
static uint64_t round_time(uint64_t min)
{
    for (uint64_t unit = second / 1000;; unit *= 10)
        for (int i = 0; i < 3; i++) {
            static const uint64_t steps[] = {1, 2, 5};
            if (unit * steps[i] >= min)
                return unit * steps[i];
        }
}

void lanes_draw_axis(struct canvas *canvas, const struct axis *axis)
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
struct cells {
    unsigned char state[LANES_MAX_WIDTH];
    unsigned char mark[LANES_MAX_WIDTH];
    int weight[LANES_MAX_WIDTH];
};

static uint64_t overlap(uint64_t from, uint64_t to, uint64_t other_from, uint64_t other_to)
{
    const uint64_t begin = from > other_from ? from : other_from;
    const uint64_t end = to < other_to ? to : other_to;

    return end > begin ? end - begin : 0;
}

/* The state in which a client spends most of a cell's time. */
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

/* Adds a lane to the cells. Of several lanes, whoever waits is seen, then whoever is there. */
static void add_to_cells(struct cells *cells, const struct lane *lane, const struct axis *axis)
{
    static const int weight[] = {[LANE_ABSENT] = 0,  [LANE_CONNECTING] = 4,  [LANE_SILENT] = 2,
                                 [LANE_WAITING] = 5, [LANE_NOT_READING] = 3, [LANE_ENDED] = 1};
    size_t first = 0;

    for (int i = 0; i < axis->width; i++) {
        const enum lane_state state = state_between(lane, &first, column_time(axis, i), column_time(axis, i + 1));
        if (weight[state] > weight[cells->state[i]])
            cells->state[i] = (unsigned char)state;
    }
    for (size_t i = 0; i < lane->mark_count; i++) {
        const enum mark_kind kind = lane->marks[i].kind;
        const int column = column_of(axis, lane->marks[i].at);
        if (mark_weight[kind] > cells->weight[column]) {
            cells->weight[column] = mark_weight[kind];
            cells->mark[column] = (unsigned char)kind;
        }
    }
}

static void draw_cells(struct canvas *canvas, const struct cells *cells, const struct axis *axis)
{
    for (int i = 0; i < axis->width; i++)
        put_shape(canvas, axis->left + i, cells->weight[i] > 0 ? &marks[cells->mark[i]] : &states[cells->state[i]]);
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

void lanes_draw_client(struct canvas *canvas, const struct record *record, const struct lane *lane,
                       const struct axis *axis)
{
    struct cells cells = {0};

    draw_name(canvas, axis, record->script->actors[lane->actor], TINT_PLAIN);
    add_to_cells(&cells, lane, axis);
    draw_cells(canvas, &cells, axis);
    label_waits(canvas, lane, axis);
    canvas_end_row(canvas);
}

/* All the clients that have no lane of their own. */
void lanes_draw_other_clients(struct canvas *canvas, const struct model_record *model, size_t first,
                              const struct axis *axis)
{
    struct cells cells = {0};
    struct text name = {0};

    text_add(&name, "+%zu more", model->lane_count - first);
    draw_name(canvas, axis, name.chars, TINT_FAINT);
    for (size_t i = first; i < model->lane_count; i++)
        add_to_cells(&cells, &model->lanes[i], axis);
    draw_cells(canvas, &cells, axis);
    canvas_end_row(canvas);
    text_free(&name);
}

/* ---- A server's lane ---- */

/* Cells of a lane that show the same: one long call, or several short ones of the same name. */
struct stretch {
    int from, to; /* columns */
    const struct call_span *first;
    unsigned long calls;
    uint64_t time;
};

/* The call in which a thread spends most of a cell's time; NULL: none. */
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

static bool goes_on(const struct stretch *stretch, const struct call_span *call, const struct axis *axis)
{
    if (stretch->first == NULL || call == NULL || stretch->first == call)
        return stretch->first == call;
    return strcmp(stretch->first->call, call->call) == 0 && !is_long(stretch->first, axis) && !is_long(call, axis);
}

static bool is_busy(const struct call_span *call)
{
    return strcmp(call->call, CALL_SPINS) == 0 || strcmp(call->call, CALL_WORKS) == 0;
}

enum detail { DETAIL_ALL, DETAIL_DESCRIPTOR, DETAIL_NAME };

/* "recv fd 4 (Silent), 6.5 s", "recv fd 4, 6.5 s" or "recv"; of several "poll, 0.10 s each". */
static void describe_stretch(struct text *label, const struct record *record, const struct model_record *model,
                             const struct stretch *stretch, enum detail detail)
{
    const struct call_span *call = stretch->first;

    text_add(label, "%s", call->call);
    if (detail == DETAIL_NAME)
        return;
    if (strcmp(call->call, CALL_SPINS) == 0 && detail == DETAIL_ALL)
        text_add(label, ": always busy, never waits");
    if (stretch->calls == 1 && call->fd >= 0)
        text_add(label, " fd %d", call->fd);
    if (stretch->calls == 1 && call->client >= 0 && detail == DETAIL_ALL)
        text_add(label, " (%s)", record->script->actors[model->lanes[call->client].actor]);
    text_add(label, ", ");
    text_add_time(label, stretch->time / stretch->calls, TIME_SHORT);
    if (stretch->calls > 1)
        text_add(label, " each");
}

static void draw_stretch(struct canvas *canvas, const struct record *record, const struct model_record *model,
                         const struct stretch *stretch, const struct axis *axis)
{
    const struct shape *fill = is_busy(stretch->first) ? &busy_fill : &call_fill;
    const int room = stretch->to - stretch->from - 1;
    struct text label = {0};

    for (int i = stretch->from; i < stretch->to; i++)
        put_shape(canvas, axis->left + i, i == stretch->from ? &call_begin : fill);
    for (int detail = DETAIL_ALL; detail <= DETAIL_NAME; detail++) {
        text_free(&label);
        describe_stretch(&label, record, model, stretch, (enum detail)detail);
        if ((int)label.length <= room)
            break;
    }
    if ((int)label.length <= room)
        canvas_put(canvas, axis->left + stretch->from + 1, label.chars, fill->tint);
    text_free(&label);
}

static void draw_calls(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       const struct thread_lane *thread, const struct axis *axis)
{
    struct stretch stretch = {0};
    const struct call_span *last = NULL;
    size_t first = 0;

    for (int i = 0; i <= axis->width; i++) {
        const struct call_span *call =
            i < axis->width ? call_between(thread, &first, column_time(axis, i), column_time(axis, i + 1)) : NULL;
        stretch.to = i;
        if (i == axis->width || !goes_on(&stretch, call, axis)) {
            if (stretch.first != NULL)
                draw_stretch(canvas, record, model, &stretch, axis);
            stretch = (struct stretch){.from = i, .first = call};
            last = NULL;
        }
        if (call != NULL && call != last) {
            stretch.calls++;
            stretch.time += call->to - call->from;
        }
        last = call;
    }
}

void lanes_draw_thread(struct canvas *canvas, const struct record *record, const struct model_record *model,
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

/* ---- The legend ---- */

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
void lanes_draw_legend(struct canvas *canvas, const struct record *record, const struct axis *axis)
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
