/* view - see view.h */
#include "view.h"

#include <string.h>

#include "lanes.h"
#include "record/recorder.h"

enum {
    SHOWN_CLIENTS = 6, /* so many have a lane of their own, the others share one */
    SHOWN_THREADS = 5,
    MIN_SHOWN = 2,
    LONGEST_NAME = 10,
    LIVE_EXTRA_ROWS = 5, /* title, axis, legend (2), keys */
    LEAST_ROWS = 1 + 2 * (MIN_SHOWN + 1), /* of a model with many clients and many threads */
    NAME_PART = 5 /* names of models take no more than this part of a row */
};

static const uint64_t second = 1000000000;

/* ---- The axis ---- */

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
    const uint64_t from = recorder_beginning(record);
    const uint64_t now = record->now > from ? record->now - from : 1;
    struct axis axis = {.from = from, .to = from + now, .left = left, .width = view->style.width - left - 1};

    if (is_live)
        axis.to = from + live_length(view, now);
    if (axis.width > LANES_MAX_WIDTH)
        axis.width = LANES_MAX_WIDTH;
    return axis;
}

/* ---- A model ---- */

/* How many lanes of each kind are shown of a model. */
struct limits {
    size_t clients, threads;
};

/* A single lane that is left over takes the row that "+1 more" would take. */
static size_t shown(size_t count, size_t limit)
{
    return count > limit + 1 ? limit : count;
}

static bool was_played(const struct model_record *model)
{
    return model->began != 0;
}

static bool has_failed(const struct model_record *model)
{
    return model->outcome == PLAY_FAILS && model->problem[0] != '\0';
}

static struct limits shown_lanes(const struct model_record *model, const struct limits *limits)
{
    return (struct limits){shown(model->lane_count, limits->clients), shown(model->thread_count, limits->threads)};
}

static int rows_of(const struct model_record *model, const struct limits *limits)
{
    const struct limits lanes = shown_lanes(model, limits);
    size_t rows = has_failed(model) ? 2 : 1;

    if (was_played(model))
        rows +=
            lanes.clients + (lanes.clients < model->lane_count) + lanes.threads + (lanes.threads < model->thread_count);
    return (int)rows;
}

/* Of the waits that are over and those that go on. */
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

/* "passes" is a word for checks; somebody who watches wants to know who waited. */
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

static void draw_lanes(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       const struct axis *axis, const struct limits *limits)
{
    const struct limits lanes = shown_lanes(model, limits);
    const bool has_processes =
        model->threads != NULL && model->threads[0].process != model->threads[model->thread_count - 1].process;
    struct text more = {0};

    for (size_t i = 0; i < lanes.clients; i++)
        lanes_draw_client(canvas, record, &model->lanes[i], axis);
    if (lanes.clients < model->lane_count)
        lanes_draw_other_clients(canvas, model, lanes.clients, axis);
    for (size_t i = 0; i < lanes.threads; i++)
        lanes_draw_thread(canvas, record, model, i, axis);
    if (lanes.threads == model->thread_count)
        return;
    text_add(&more, "+%zu more %s", model->thread_count - lanes.threads, has_processes ? "processes" : "threads");
    canvas_put(canvas, 2, more.chars, TINT_FAINT);
    canvas_end_row(canvas);
    text_free(&more);
}

static void draw_model(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       const struct axis *axis, const struct limits *limits)
{
    draw_heading(canvas, model);
    if (was_played(model))
        draw_lanes(canvas, record, model, axis, limits);
    if (has_failed(model)) {
        canvas_put_cut(canvas, 2, canvas->style.width, model->problem, TINT_PLAIN);
        canvas_end_row(canvas);
    }
}

/* A model in one row. */
static void draw_in_a_row(struct canvas *canvas, const struct model_record *model, const struct axis *axis)
{
    canvas_put_until(canvas, 0, axis->left - 1, model->name, TINT_STRONG);
    if (was_played(model))
        lanes_draw_all_clients(canvas, model, axis);
    else
        canvas_put_cut(canvas, axis->left, canvas->style.width, has_failed(model) ? model->problem : model->state,
                       has_failed(model) ? TINT_BAD : TINT_FAINT);
    canvas_end_row(canvas);
}

/* ---- Around the models ---- */

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* With `has_rows`, names of models stand there, too. */
static int name_columns(const struct canvas *canvas, const struct record *record, bool has_rows)
{
    int name = 0;

    struct text more = {0};

    text_add(&more, "+%d more", record->script->actor_count);
    const int lane = (int)strlen("process 1");
    int widest = record->script->actor_count > SHOWN_CLIENTS && (int)more.length > lane ? (int)more.length : lane;
    text_free(&more);
    for (int i = 0; i < record->script->actor_count; i++) {
        widest = max(widest, canvas_columns(canvas, record->script->actors[i]));
    }
    for (size_t i = 0; i < record->model_count && has_rows; i++)
        name = max(name, canvas_columns(canvas, record->models[i].name));
    if (name > canvas->style.width / NAME_PART)
        name = canvas->style.width / NAME_PART;
    return max(2 + (widest < LONGEST_NAME ? widest : LONGEST_NAME), name) + 1;
}

static void draw_title(struct canvas *canvas, const struct view *view, const struct record *record)
{
    struct text words = {0};
    const int column = canvas_put(canvas, 0, record->script->name, TINT_STRONG);

    text_add(&words, "  ");
    if (view->is_paused)
        text_add(&words, "(drawing is paused)  ");
    text_add_time(&words, record->now - recorder_beginning(record), TIME_SHORT);
    const int right = canvas->style.width - 1 - (int)words.length;
    canvas_put_cut(canvas, column + 2, right, record->script->title, TINT_PLAIN);
    canvas_put(canvas, right, words.chars, TINT_STRONG);
    canvas_end_row(canvas);
    text_free(&words);
}

static void draw_keys(struct canvas *canvas, const struct view *view, const struct record *record, size_t page,
                      bool has_rows)
{
    struct text words = {0};

    text_add(&words, page == 1 ? "model %zu" : "models %zu-%zu", view->first + 1, view->first + page);
    text_add(&words, " of %zu", record->model_count);
    if (has_rows)
        text_add(&words, " with all lanes");
    if (page < record->model_count && view->has_keys)
        text_add(&words, " (up, down)");
    if (view->has_keys)
        text_add(&words, view->is_paused ? "   space: go on   q: end" : "   space: pause   q: end");
    canvas_put(canvas, 0, words.chars, TINT_FAINT);
    text_free(&words);
}

/* ---- Whole pictures ---- */

static const struct limits generous = {SHOWN_CLIENTS, SHOWN_THREADS};

/* What is left for one model if all others have a row each. */
static int room_beside_rows(const struct view *view, const struct record *record)
{
    return view->height - LIVE_EXTRA_ROWS - ((int)record->model_count - 1);
}

static bool has_room_for_rows(const struct view *view, const struct record *record)
{
    return room_beside_rows(view, record) >= LEAST_ROWS;
}

/* Fewer lanes a model, until each model fits beside the others' rows, or at least on a page. */
static struct limits limits_of(const struct view *view, const struct record *record)
{
    const int room = has_room_for_rows(view, record) ? room_beside_rows(view, record) : view->height - LIVE_EXTRA_ROWS;
    struct limits limits = generous;

    for (size_t i = 0; i < record->model_count; i++)
        while (rows_of(&record->models[i], &limits) > room &&
               (limits.clients > MIN_SHOWN || limits.threads > MIN_SHOWN)) {
            size_t *larger = limits.clients > limits.threads ? &limits.clients : &limits.threads;
            (*larger)--;
        }
    return limits;
}

size_t view_page(const struct view *view, const struct record *record)
{
    const struct limits limits = limits_of(view, record);
    const int others = has_room_for_rows(view, record) ? 1 : 0;
    int room = view->height - LIVE_EXTRA_ROWS - others * (int)record->model_count;
    size_t count = 0;

    for (size_t i = view->first; i < record->model_count; i++, count++) {
        room -= rows_of(&record->models[i], &limits) - others;
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
    const size_t page = view_page(view, record);
    const bool has_rows = page < record->model_count && has_room_for_rows(view, record);
    const struct axis axis = axis_of(view, record, name_columns(&canvas, record, has_rows), true);
    const struct limits limits = limits_of(view, record);
    draw_title(&canvas, view, record);
    lanes_draw_axis(&canvas, &axis);
    int rows = 2;
    for (size_t i = 0; i < record->model_count; i++) {
        const struct model_record *model = &record->models[i];
        if (i >= view->first && i < view->first + page) {
            draw_model(&canvas, record, model, &axis, &limits);
            rows += rows_of(model, &limits);
        } else if (has_rows) {
            draw_in_a_row(&canvas, model, &axis);
            rows++;
        }
    }
    for (; rows < view->height - 3; rows++)
        canvas_end_row(&canvas);
    lanes_draw_legend(&canvas, record, &axis);
    canvas.out = &keys;
    canvas.style.line_end = "";
    draw_keys(&canvas, view, record, page, has_rows);
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
    const struct axis axis = axis_of(view, record, name_columns(&canvas, record, false), false);
    lanes_draw_axis(&canvas, &axis);
    for (size_t i = 0; i < record->model_count; i++) {
        draw_model(&canvas, record, &record->models[i], &axis, &generous);
        canvas_end_row(&canvas);
    }
    lanes_draw_legend(&canvas, record, &axis);
    canvas_end(&canvas);
}
