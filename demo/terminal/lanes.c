/* lanes - see lanes.h */
#include "lanes.h"

#include <string.h>

#include "record/words.h"

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
    const char *meaning; /* in the legend */
    enum tint tint;
    int weight; /* of several in one cell only the heaviest is drawn */
};

/* Whoever waits is seen, then whoever is there. */
static const struct shape states[] = {
    [LANE_ABSENT] = {" ", " ", NULL, TINT_PLAIN, 0},
    [LANE_ENDED] = {".", "\u00b7", NULL, TINT_FAINT, 1},
    [LANE_SILENT] = {".", "\u00b7", "wants nothing", TINT_FAINT, 2},
    [LANE_NOT_READING] = {"~", "~", "does not read", TINT_FAINT, 3},
    [LANE_CONNECTING] = {":", ":", "connecting", TINT_WAIT, 4},
    [LANE_WAITING] = {"=", "\u2588", "waits", TINT_WAIT, 5},
};

static const struct shape marks[] = {
    [MARK_RECEIVED] = {"<", "<", "receives", TINT_STRONG, 1},
    [MARK_SENT] = {">", ">", "sends", TINT_STRONG, 2},
    [MARK_CONNECTED] = {"(", "(", "connects", TINT_STRONG, 3},
    [MARK_LEFT] = {")", ")", "leaves", TINT_STRONG, 4},
    [MARK_CLOSED] = {"]", "]", "server closed", TINT_STRONG, 5},
    [MARK_ANSWERED] = {"#", "\u25c6", "answered", TINT_GOOD, 6},
    [MARK_RESET] = {"%", "%", "reset", TINT_BAD, 7},
    [MARK_FAILED] = {"X", "X", "failed", TINT_BAD, 8},
    [MARK_STALLED] = {"!", "!", "gave up", TINT_BAD, 9},
};

enum { STATE_COUNT = sizeof states / sizeof states[0], MARK_COUNT = sizeof marks / sizeof marks[0] };

static const struct shape call_begin = {"|", "\u251c", NULL, TINT_CALL, 0};
static const struct shape call_fill = {"-", "\u2500", NULL, TINT_CALL, 0};
static const struct shape busy_fill = {"*", "\u2592", "server is always busy", TINT_SPIN, 4};

static void put_shape(struct canvas *canvas, int column, const struct shape *shape)
{
    canvas_put_glyph(canvas, column, shape->ascii, shape->utf8, shape->tint);
}

/* ---- A client's lane ---- */

/* What a lane shows, cell by cell. */
struct cells {
    const struct shape *state[LANES_MAX_WIDTH]; /* NULL: none */
    const struct shape *mark[LANES_MAX_WIDTH]; /* drawn over it; NULL: none */
};

/* Keeps the heavier one. */
static void add_to_cell(const struct shape **cell, const struct shape *shape)
{
    if (*cell == NULL || shape->weight > (*cell)->weight)
        *cell = shape;
}

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

/* Of its marks those that weigh at least `least`. */
static void add_to_cells(struct cells *cells, const struct lane *lane, const struct axis *axis, int least)
{
    size_t first = 0;

    for (int i = 0; i < axis->width; i++) {
        const enum lane_state state = state_between(lane, &first, column_time(axis, i), column_time(axis, i + 1));
        add_to_cell(&cells->state[i], &states[state]);
    }
    for (size_t i = 0; i < lane->mark_count; i++)
        if (marks[lane->marks[i].kind].weight >= least)
            add_to_cell(&cells->mark[column_of(axis, lane->marks[i].at)], &marks[lane->marks[i].kind]);
}

static void draw_cells(struct canvas *canvas, const struct cells *cells, const struct axis *axis)
{
    for (int i = 0; i < axis->width; i++) {
        const struct shape *shape = cells->mark[i] != NULL ? cells->mark[i] : cells->state[i];
        if (shape != NULL)
            put_shape(canvas, axis->left + i, shape);
    }
}

/* Writes how long a wait took into it, if there is room. */
static void label_wait(struct canvas *canvas, const struct lane_span *wait, const struct axis *axis)
{
    struct text label = {0};

    text_add(&label, " ");
    text_add_time(&label, wait->to - wait->from, TIME_SHORT);
    text_add(&label, " ");
    const int from = column_of(axis, wait->from);
    const int room = column_of(axis, wait->to) - from;
    if (room >= (int)label.length + LABEL_ROOM)
        canvas_put(canvas, axis->left + from + (room - (int)label.length) / 2, label.chars, TINT_WAIT);
    text_free(&label);
}

static void label_waits(struct canvas *canvas, const struct lane *lane, const struct axis *axis)
{
    for (size_t i = 0; i < lane->span_count; i++)
        if (lane->spans[i].state == LANE_WAITING)
            label_wait(canvas, &lane->spans[i], axis);
}

static void draw_name(struct canvas *canvas, const struct axis *axis, const char *name, enum tint tint)
{
    canvas_put_until(canvas, 2, axis->left - 1, name, tint);
}

void lanes_draw_client(struct canvas *canvas, const struct record *record, const struct lane *lane,
                       const struct axis *axis)
{
    struct cells cells = {0};

    draw_name(canvas, axis, words_client(record, lane), TINT_PLAIN);
    add_to_cells(&cells, lane, axis, 0);
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
        add_to_cells(&cells, &model->lanes[i], axis, 0);
    draw_cells(canvas, &cells, axis);
    canvas_end_row(canvas);
    text_free(&name);
}

/* ---- A server's lane ---- */

/* Cells of a lane that show the same: one long call, or several short ones of the same name. */
struct stretch {
    int from, to; /* columns */
    const struct call_span *first;
    int client; /* whom all of them are for; -1: several, or nobody */
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

enum detail { DETAIL_ALL, DETAIL_FOR_WHOM, DETAIL_NO_TIME, DETAIL_NAME };

/*
 * "recv fd 4 (Silent), 6.5 s", "recv (Silent), 6.5 s", "recv (Silent)" or "recv"; of several "poll, 0.10 s each". Whom it is for
 * says more than on which descriptor.
 */
static void describe_stretch(struct text *label, const struct record *record, const struct model_record *model,
                             const struct stretch *stretch, enum detail detail)
{
    const struct call_span *call = stretch->first;

    text_add(label, "%s", call->call);
    if (detail == DETAIL_NAME)
        return;
    if (strcmp(call->call, CALL_SPINS) == 0 && detail == DETAIL_ALL)
        text_add(label, ": always busy, never waits");
    if (stretch->calls == 1 && call->fd >= 0 && (detail == DETAIL_ALL || stretch->client == -1))
        text_add(label, " fd %d", call->fd);
    if (stretch->client >= 0)
        text_add(label, " (%s)", words_client(record, &model->lanes[stretch->client]));
    if (detail == DETAIL_NO_TIME)
        return;
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
            stretch = (struct stretch){.from = i, .first = call, .client = call != NULL ? call->client : -1};
            last = NULL;
        }
        if (call != NULL && call != last) {
            stretch.calls++;
            stretch.time += call->to - call->from;
            if (call->client != stretch.client)
                stretch.client = -1;
        }
        last = call;
    }
}

void lanes_draw_thread(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       size_t index, const struct axis *axis)
{
    struct text name = {0};

    words_add_lane(&name, model, index);
    draw_name(canvas, axis, name.chars, TINT_CALL);
    draw_calls(canvas, record, model, &model->threads[index], axis);
    canvas_end_row(canvas);
    text_free(&name);
}

/* ---- A model in one row ---- */

static void add_busyness_to_cells(struct cells *cells, const struct thread_lane *thread, const struct axis *axis)
{
    size_t first = 0;

    for (int i = 0; i < axis->width; i++) {
        const struct call_span *call = call_between(thread, &first, column_time(axis, i), column_time(axis, i + 1));
        if (call != NULL && is_busy(call))
            add_to_cell(&cells->state[i], &busy_fill);
    }
}

/* NULL: nobody has waited. */
static const struct lane_span *longest_wait(const struct model_record *model)
{
    const struct lane_span *longest = NULL;

    for (size_t i = 0; i < model->lane_count; i++)
        for (size_t k = 0; k < model->lanes[i].span_count; k++) {
            const struct lane_span *span = &model->lanes[i].spans[k];
            if (span->state == LANE_WAITING && (longest == NULL || span->to - span->from > longest->to - longest->from))
                longest = span;
        }
    return longest;
}

void lanes_draw_all_clients(struct canvas *canvas, const struct model_record *model, const struct axis *axis)
{
    const struct lane_span *wait = longest_wait(model);
    struct cells cells = {0};

    for (size_t i = 0; i < model->lane_count; i++)
        add_to_cells(&cells, &model->lanes[i], axis, marks[MARK_ANSWERED].weight);
    for (size_t i = 0; i < model->thread_count; i++)
        add_busyness_to_cells(&cells, &model->threads[i], axis);
    draw_cells(canvas, &cells, axis);
    if (wait != NULL)
        label_wait(canvas, wait, axis);
}

/* ---- The legend ---- */

/* What there is to be seen. */
struct legend {
    bool has_state[STATE_COUNT], has_mark[MARK_COUNT], has_busy;
};

/* A state counts if it lasts for a cell. */
static void look_for_shapes(struct legend *legend, const struct lane *lane, const struct axis *axis)
{
    const uint64_t cell = column_time(axis, 1) - column_time(axis, 0);

    for (size_t i = 0; i < lane->span_count; i++)
        if (lane->spans[i].to - lane->spans[i].from >= cell)
            legend->has_state[lane->spans[i].state] = true;
    for (size_t i = 0; i < lane->mark_count; i++)
        legend->has_mark[lane->marks[i].kind] = true;
}

static void look_for_busyness(struct legend *legend, const struct thread_lane *thread)
{
    for (size_t i = 0; i < thread->span_count; i++)
        legend->has_busy = legend->has_busy || is_busy(&thread->spans[i]);
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
    struct legend legend = {0};
    int column = 0;

    for (size_t i = 0; i < record->model_count; i++) {
        for (size_t k = 0; k < record->models[i].lane_count; k++)
            look_for_shapes(&legend, &record->models[i].lanes[k], axis);
        for (size_t k = 0; k < record->models[i].thread_count; k++)
            look_for_busyness(&legend, &record->models[i].threads[k]);
    }
    for (int i = 0; i < STATE_COUNT; i++)
        if (legend.has_state[i])
            column = add_to_legend(canvas, column, &states[i]);
    for (int i = 0; i < MARK_COUNT; i++)
        if (legend.has_mark[i])
            column = add_to_legend(canvas, column, &marks[i]);
    if (legend.has_busy)
        add_to_legend(canvas, column, &busy_fill);
    canvas_end_row(canvas);
}
