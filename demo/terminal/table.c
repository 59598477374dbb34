/* table - see table.h */
#include "table.h"

#include <string.h>

#include "record/words.h"

enum { SHORTEST_NAME = 2 };

enum column { SERVED, WAIT, CPU_TIME, CPU_SHARE, CALLS, THREADS, SWITCHES, MEMORY, COLUMN_COUNT };

static const struct {
    const char *heads[2];
    int width;
} columns[] = {
    [SERVED] = {{"all are", "served"}, 8},     [WAIT] = {{"longest", "wait"}, 8},  [CPU_TIME] = {{"CPU", "time"}, 8},
    [CPU_SHARE] = {{"of a", "core"}, 7},       [CALLS] = {{"system", "calls"}, 9}, [THREADS] = {{"", "threads"}, 9},
    [SWITCHES] = {{"context", "switches"}, 9}, [MEMORY] = {{"", "memory"}, 9},
};

/* ---- Cells ---- */

static void add_served(struct text *cell, const struct model_record *model)
{
    if (model->everybody_served > 0)
        text_add_time(cell, model->everybody_served, TIME_SHORT);
    else if (model->outcome != PLAY_PASSES && strcmp(model->state, RECORD_CUT_SHORT) != 0)
        text_add(cell, "never");
}

static void add_number(struct text *cell, long number)
{
    if (number >= 0)
        words_add_count(cell, number);
}

static void add_calls(struct text *cell, const struct costs *costs)
{
    if (costs->system_calls < 0)
        return;
    if (costs->calls_are_more) {
        text_add(cell, ">");
        words_add_rough(cell, costs->system_calls);
    } else {
        words_add_count(cell, costs->system_calls);
    }
    if (costs->calls_are_batches)
        text_add(cell, "*");
}

/* "6"; "4 proc" of one thread each, otherwise "9 in 4". */
static void add_threads(struct text *cell, const struct costs *costs)
{
    if (costs->threads < 0)
        return;
    words_add_count(cell, costs->threads);
    if (costs->processes > 1 && costs->threads == costs->processes)
        text_add(cell, " proc");
    else if (costs->processes > 1)
        text_add(cell, " in %ld", costs->processes);
}

/* "-" is not known. */
static void add_cell(struct text *cell, const struct model_record *model, enum column column)
{
    const struct costs *costs = &model->costs;

    if (column == SERVED)
        add_served(cell, model);
    else if (column == WAIT && model->began != 0)
        text_add_time(cell, model->longest_wait, TIME_SHORT);
    else if (column == CPU_TIME && costs->cpu_seconds >= 0)
        text_add_time(cell, (uint64_t)(costs->cpu_seconds * 1e9), TIME_SHORT);
    else if (column == CPU_SHARE && costs->cpu_share >= 0)
        words_add_share(cell, costs->cpu_share);
    else if (column == CALLS)
        add_calls(cell, costs);
    else if (column == THREADS)
        add_threads(cell, costs);
    else if (column == SWITCHES)
        add_number(cell, costs->context_switches);
    else if (column == MEMORY && costs->memory_kib >= 0)
        words_add_memory(cell, costs->memory_kib);
    if (cell->length == 0)
        text_add(cell, "-");
}

/* ---- Rows ---- */

struct layout {
    int name; /* columns of the name */
    bool is_shown[COLUMN_COUNT];
};

static int width_of(const struct layout *layout)
{
    int width = layout->name;

    for (int i = 0; i < COLUMN_COUNT; i++)
        width += layout->is_shown[i] ? columns[i].width : 0;
    return width;
}

/*
 * Where there is no room for all: the share of a core goes first, since the CPU time says nearly the same; then names
 * become shorter; then the last columns go.
 */
static struct layout layout_of(const struct record *record, const struct canvas *canvas)
{
    struct layout layout = {.name = (int)strlen("model")};

    for (size_t i = 0; i < record->model_count; i++) {
        const int name = canvas_columns(canvas, record->models[i].name);
        layout.name = name > layout.name ? name : layout.name;
    }
    for (int i = 0; i < COLUMN_COUNT; i++)
        layout.is_shown[i] = true;
    layout.is_shown[CPU_SHARE] = width_of(&layout) <= canvas->style.width;
    while (layout.name > SHORTEST_NAME && width_of(&layout) > canvas->style.width)
        layout.name--;
    for (int i = COLUMN_COUNT - 1; i > 0 && width_of(&layout) > canvas->style.width; i--)
        layout.is_shown[i] = false;
    return layout;
}

/* Puts a word at the right of its column, and returns where the next column begins. */
static int put_right(struct canvas *canvas, int left, int column, const char *text, enum tint tint)
{
    const int end = left + columns[column].width;

    canvas_put(canvas, end - canvas_columns(canvas, text), text, tint);
    return end;
}

static void draw_heads(struct canvas *canvas, const struct layout *layout, int row)
{
    int left = layout->name;

    if (row == 1)
        canvas_put_until(canvas, 0, layout->name, "model", TINT_STRONG);
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (layout->is_shown[i])
            left = put_right(canvas, left, i, columns[i].heads[row], TINT_STRONG);
    canvas_end_row(canvas);
}

static void draw_model(struct canvas *canvas, const struct layout *layout, const struct model_record *model)
{
    int left = layout->name;

    canvas_put_until(canvas, 0, layout->name, model->name, TINT_STRONG);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct text cell = {0};
        if (!layout->is_shown[i])
            continue;
        add_cell(&cell, model, (enum column)i);
        left = put_right(canvas, left, i, cell.chars, TINT_PLAIN);
        text_free(&cell);
    }
    canvas_end_row(canvas);
}

/* ---- Below it ---- */

static void draw_notes(struct canvas *canvas, const struct record *record)
{
    bool some_are_more = false, some_are_batches = false;

    for (size_t i = 0; i < record->model_count; i++) {
        some_are_more = some_are_more || record->models[i].costs.calls_are_more;
        some_are_batches = some_are_batches || record->models[i].costs.calls_are_batches;
    }
    if (some_are_more)
        canvas_wrap(canvas, 0, "> and more: strace would have slowed so many calls down, so it was detached.",
                    TINT_FAINT);
    if (some_are_batches)
        canvas_wrap(canvas, 0,
                    "* one io_uring_enter() hands in many operations: fewer calls are not less work, CPU time tells.",
                    TINT_FAINT);
    if (record->is_traced)
        canvas_wrap(canvas, 0, "strace slows each call a little; the switches that it causes are not counted.",
                    TINT_FAINT);
}

void table_add(const struct record *record, const struct canvas_style *style, struct text *out)
{
    struct canvas canvas;

    canvas_begin(&canvas, out, style);
    const struct layout layout = layout_of(record, &canvas);
    draw_heads(&canvas, &layout, 0);
    draw_heads(&canvas, &layout, 1);
    for (size_t i = 0; i < record->model_count; i++)
        draw_model(&canvas, &layout, &record->models[i]);
    draw_notes(&canvas, record);
    canvas_end(&canvas);
}
