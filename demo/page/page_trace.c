/*
 * page_trace - the record in the Trace Event format; see page.h
 *
 * The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
#include <stdlib.h>

#include "page.h"
#include "page_data.h"
#include "page_file.h"
#include "page_json.h"
#include "player/memory.h"
#include "player/text.h"
#include "record/words.h"

/* What happens at a moment of the record. */
struct event {
    uint64_t at;
    size_t order; /* in the record: what happened at the same moment keeps its order */
    json_t *json;
};

struct trace {
    const struct record *record;
    json_t *metadata; /* events that say what processes and threads are called, and where they stand */
    struct event *events; /* all others */
    size_t event_count;
};

/* A client or a thread of a server, numbered through from 1. Number 0 is the model as a whole. */
struct place {
    const struct model_record *model;
    int process, thread;
};

/* ---- Events ---- */

static json_t *microseconds(uint64_t nanoseconds)
{
    return json_real((double)nanoseconds / 1e3);
}

static json_t *event_in(const struct place *place, const char *phase, const char *name)
{
    return json_pack("{s:s,s:o,s:i,s:i}", "ph", phase, "name", page_json_text(name), "pid", place->process, "tid",
                     place->thread);
}

/* The event, which is the trace's from here on, gets its time and its details. Returned for what is special about it. */
static json_t *add_event(struct trace *trace, json_t *event, uint64_t at, const char *category, json_t *details)
{
    json_object_set_new(event, "ts", microseconds(at));
    json_object_set_new(event, "cat", json_string(category));
    json_object_set_new(event, "args", details);
    trace->events = memory_grown(trace->events, trace->event_count, sizeof trace->events[0]);
    trace->events[trace->event_count] = (struct event){.at = at, .order = trace->event_count, .json = event};
    trace->event_count++;
    return event;
}

static void set_duration(json_t *event, uint64_t from, uint64_t to)
{
    json_object_set_new(event, "dur", microseconds(to > from ? to - from : 0));
}

static json_t *details_of_step(const struct script *script, int step)
{
    json_t *details = json_object();

    if (step >= 0 && step < script->step_count) {
        json_object_set_new(details, "line", json_integer(script->steps[step].line));
        json_object_set_new(details, "step", page_json_text(script->steps[step].text));
    }
    return details;
}

static void add_span(struct trace *trace, const struct place *place, const struct lane_span *span)
{
    json_t *event = add_event(trace, event_in(place, "X", page_state_name(span->state)), span->from, "client",
                              details_of_step(trace->record->script, span->step));

    set_duration(event, span->from, span->to);
}

static void add_mark(struct trace *trace, const struct place *place, const struct lane_mark *mark)
{
    json_t *details = details_of_step(trace->record->script, mark->step);
    json_t *event = add_event(trace, event_in(place, "i", page_mark_name(mark->kind)), mark->at, "client", details);
    char words[IO_TEXT_SIZE];

    json_object_set_new(event, "s", json_string("t")); /* its scope: the thread */
    json_object_set_new(details, "status", page_json_text(io_describe(mark->result, words)));
    if (mark->waited > 0)
        json_object_set_new(details, "waited_ms", json_real((double)mark->waited / 1e6));
}

static void add_call(struct trace *trace, const struct place *place, const struct call_span *call)
{
    json_t *details = json_object();
    json_t *event = add_event(trace, event_in(place, "X", call->call), call->from, "server", details);

    set_duration(event, call->from, call->to);
    if (call->fd >= 0)
        json_object_set_new(details, "fd", json_integer(call->fd));
    if (call->client >= 0 && (size_t)call->client < place->model->lane_count)
        json_object_set_new(details, "client",
                            page_json_text(words_client(trace->record, &place->model->lanes[call->client])));
    json_object_set_new(details, "times", json_integer((json_int_t)call->times));
    if (call->error != 0) {
        char words[IO_TEXT_SIZE];
        json_object_set_new(details, "error", page_json_text(page_data_error(call->error, words)));
    }
}

/* ---- Models ---- */

static void add_metadata(struct trace *trace, const struct place *place, const char *what, const char *key,
                         json_t *value)
{
    json_t *event = event_in(place, "M", what);

    json_object_set_new(event, "args", json_pack("{s:o}", key, value));
    json_array_append_new(trace->metadata, event);
}

static void add_thread_name(struct trace *trace, const struct place *place, const char *name)
{
    add_metadata(trace, place, "thread_name", "name", page_json_text(name));
    add_metadata(trace, place, "thread_sort_index", "sort_index", json_integer(place->thread));
}

static void add_lane(struct trace *trace, const struct place *place, const struct lane *lane)
{
    add_thread_name(trace, place, words_client(trace->record, lane));
    for (size_t i = 0; i < lane->span_count; i++)
        add_span(trace, place, &lane->spans[i]);
    for (size_t i = 0; i < lane->mark_count; i++)
        add_mark(trace, place, &lane->marks[i]);
}

static void add_thread(struct trace *trace, const struct place *place, size_t index)
{
    const struct thread_lane *thread = &place->model->threads[index];
    struct text name = {0};

    text_add(&name, place->model->thread_count > 1 ? "server, " : "");
    words_add_lane(&name, place->model, index);
    text_add(&name, " (%d)", thread->thread);
    add_thread_name(trace, place, name.chars);
    text_free(&name);
    for (size_t i = 0; i < thread->span_count; i++)
        add_call(trace, place, &thread->spans[i]);
}

static void add_model(struct trace *trace, const struct model_record *model, int process)
{
    struct place place = {.model = model, .process = process};

    add_metadata(trace, &place, "process_name", "name", page_json_text(model->name));
    add_metadata(trace, &place, "process_sort_index", "sort_index", json_integer(process));
    for (size_t i = 0; i < model->lane_count; i++) {
        place.thread++;
        add_lane(trace, &place, &model->lanes[i]);
    }
    for (size_t i = 0; i < model->thread_count; i++) {
        place.thread++;
        add_thread(trace, &place, i);
    }
}

/* ---- The whole ---- */

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

bool page_write_trace(const struct record *record, const char *path)
{
    FILE *file = page_file_open(path);

    if (file == NULL)
        return false;
    page_json_begin();
    struct trace trace = {.record = record, .metadata = json_array()};
    for (size_t i = 0; i < record->model_count; i++)
        add_model(&trace, &record->models[i], (int)i + 1);
    if (trace.event_count > 0)
        qsort(trace.events, trace.event_count, sizeof trace.events[0], by_time);
    for (size_t i = 0; i < trace.event_count; i++)
        json_array_append_new(trace.metadata, trace.events[i].json);
    free(trace.events);
    page_json_write(json_pack("{s:s,s:{s:o},s:o}", "displayTimeUnit", "ms", "otherData", "script",
                              page_json_text(record->script->name), "traceEvents", trace.metadata),
                    file);
    return page_file_close(file, path, true);
}
