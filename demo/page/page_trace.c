/*
 * page_trace - the record in the Trace Event format; see page.h
 *
 * The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
#include <stdlib.h>

#include "json.h"
#include "page.h"
#include "page_data.h"
#include "page_file.h"
#include "player/memory.h"
#include "player/text.h"

/* Something of the record that becomes an event; one of the last three is not NULL. */
struct event {
    uint64_t at;
    size_t order; /* in the record: what happened at the same moment keeps its order */
    int process, thread;
    const struct lane_span *span;
    const struct lane_mark *mark;
    const struct call_span *call;
};

struct events {
    struct event *all;
    size_t count;
};

/* ---- Collecting ---- */

static size_t count_model(const struct model_record *model)
{
    size_t count = 0;

    for (size_t i = 0; i < model->lane_count; i++)
        count += model->lanes[i].span_count + model->lanes[i].mark_count;
    for (size_t i = 0; i < model->thread_count; i++)
        count += model->threads[i].span_count;
    return count;
}

static void add(struct events *events, struct event event)
{
    event.order = events->count;
    events->all[events->count++] = event;
}

static void add_lane(struct events *events, const struct lane *lane, int process, int thread)
{
    for (size_t i = 0; i < lane->span_count; i++)
        add(events,
            (struct event){.at = lane->spans[i].from, .process = process, .thread = thread, .span = &lane->spans[i]});
    for (size_t i = 0; i < lane->mark_count; i++)
        add(events,
            (struct event){.at = lane->marks[i].at, .process = process, .thread = thread, .mark = &lane->marks[i]});
}

static void add_thread(struct events *events, const struct thread_lane *lane, int process, int thread)
{
    for (size_t i = 0; i < lane->span_count; i++)
        add(events,
            (struct event){.at = lane->spans[i].from, .process = process, .thread = thread, .call = &lane->spans[i]});
}

/* Threads are numbered through: first the clients, then the server's. */
static void add_model(struct events *events, const struct model_record *model, int process)
{
    int thread = 1;

    for (size_t i = 0; i < model->lane_count; i++)
        add_lane(events, &model->lanes[i], process, thread++);
    for (size_t i = 0; i < model->thread_count; i++)
        add_thread(events, &model->threads[i], process, thread++);
}

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static struct events collect(const struct record *record)
{
    struct events events = {0};
    size_t count = 1; /* so that there is something to allocate and to sort */

    for (size_t i = 0; i < record->model_count; i++)
        count += count_model(&record->models[i]);
    events.all = memory_zeroed(count, sizeof events.all[0]);
    for (size_t i = 0; i < record->model_count; i++)
        add_model(&events, &record->models[i], (int)i + 1);
    qsort(events.all, events.count, sizeof events.all[0], by_time);
    return events;
}

/* ---- Writing ---- */

static void write_place(struct json *json, int process, int thread)
{
    json_number(json_key(json, "pid"), process);
    json_number(json_key(json, "tid"), thread);
}

static void begin_event(struct json *json, const struct event *event, const char *phase, const char *name)
{
    json_open(json, '{');
    json_text(json_key(json, "ph"), phase);
    json_text(json_key(json, "name"), name);
    write_place(json, event->process, event->thread);
    json_microseconds(json_key(json, "ts"), event->at);
}

static void write_duration(struct json *json, uint64_t from, uint64_t to)
{
    json_microseconds(json_key(json, "dur"), to > from ? to - from : 0);
}

static void write_step(struct json *json, const struct script *script, int step)
{
    if (step < 0 || step >= script->step_count)
        return;
    json_number(json_key(json, "line"), script->steps[step].line);
    json_text(json_key(json, "step"), script->steps[step].text);
}

static void write_span(struct json *json, const struct script *script, const struct event *event)
{
    begin_event(json, event, "X", page_state_name(event->span->state));
    write_duration(json, event->span->from, event->span->to);
    json_text(json_key(json, "cat"), "client");
    json_open(json_key(json, "args"), '{');
    write_step(json, script, event->span->step);
    json_close(json, '}');
    json_close(json, '}');
}

static void write_mark(struct json *json, const struct script *script, const struct event *event)
{
    char words[IO_TEXT_SIZE];

    begin_event(json, event, "i", page_mark_name(event->mark->kind));
    json_text(json_key(json, "s"), "t"); /* its scope: the thread */
    json_text(json_key(json, "cat"), "client");
    json_open(json_key(json, "args"), '{');
    write_step(json, script, event->mark->step);
    json_text(json_key(json, "status"), io_describe(event->mark->result, words));
    if (event->mark->waited > 0) {
        json_real(json_key(json, "waited_ms"), (double)event->mark->waited / 1e6, 6);
    }
    json_close(json, '}');
    json_close(json, '}');
}

/* Whose connection the call was about: the name of a client of `model`, if that is known. */
static void write_client(struct json *json, const struct script *script, const struct model_record *model, int client)
{
    if (client < 0 || (size_t)client >= model->lane_count)
        return;
    json_text(json_key(json, "client"), script->actors[model->lanes[client].actor]);
}

static void write_call(struct json *json, const struct record *record, const struct event *event)
{
    begin_event(json, event, "X", event->call->call);
    write_duration(json, event->call->from, event->call->to);
    json_text(json_key(json, "cat"), "server");
    json_open(json_key(json, "args"), '{');
    if (event->call->fd >= 0) {
        json_number(json_key(json, "fd"), event->call->fd);
    }
    write_client(json, record->script, &record->models[event->process - 1], event->call->client);
    json_number(json_key(json, "times"), (int64_t)event->call->times);
    if (event->call->error != 0) {
        char words[IO_TEXT_SIZE];
        json_text(json_key(json, "error"), page_data_error(event->call->error, words));
    }
    json_close(json, '}');
    json_close(json, '}');
}

static void write_event(struct json *json, const struct record *record, const struct event *event)
{
    if (event->span != NULL)
        write_span(json, record->script, event);
    else if (event->mark != NULL)
        write_mark(json, record->script, event);
    else
        write_call(json, record, event);
}

/* A metadata event: what a process or a thread is called, or where it stands. */
static void begin_metadata(struct json *json, const char *what, int process, int thread)
{
    json_open(json, '{');
    json_text(json_key(json, "ph"), "M");
    json_text(json_key(json, "name"), what);
    write_place(json, process, thread);
    json_open(json_key(json, "args"), '{');
}

static void write_name(struct json *json, const char *what, int process, int thread, const char *name)
{
    begin_metadata(json, what, process, thread);
    json_text(json_key(json, "name"), name);
    json_close(json, '}');
    json_close(json, '}');
}

static void write_order(struct json *json, const char *what, int process, int thread)
{
    begin_metadata(json, what, process, thread);
    json_number(json_key(json, "sort_index"), thread > 0 ? thread : process);
    json_close(json, '}');
    json_close(json, '}');
}

static void write_thread_names(struct json *json, const struct script *script, const struct model_record *model,
                               int process)
{
    int thread = 1;

    for (size_t i = 0; i < model->lane_count; i++, thread++) {
        write_name(json, "thread_name", process, thread, script->actors[model->lanes[i].actor]);
        write_order(json, "thread_sort_index", process, thread);
    }
    for (size_t i = 0; i < model->thread_count; i++, thread++) {
        struct text name = {0};
        text_add(&name, "server, thread %d", model->threads[i].thread);
        write_name(json, "thread_name", process, thread, name.chars);
        write_order(json, "thread_sort_index", process, thread);
        text_free(&name);
    }
}

static void write_all_names(struct json *json, const struct record *record)
{
    for (size_t i = 0; i < record->model_count; i++) {
        const int process = (int)i + 1;
        write_name(json, "process_name", process, 0, record->models[i].name);
        write_order(json, "process_sort_index", process, 0);
        write_thread_names(json, record->script, &record->models[i], process);
    }
}

bool page_write_trace(const struct record *record, const char *path)
{
    FILE *file = page_file_open(path);

    if (file == NULL)
        return false;
    struct json json = {.file = file};
    struct events events = collect(record);
    json_open(&json, '{');
    json_text(json_key(&json, "displayTimeUnit"), "ms");
    json_open(json_key(&json, "otherData"), '{');
    json_text(json_key(&json, "script"), record->script->name);
    json_close(&json, '}');
    json_open(json_key(&json, "traceEvents"), '[');
    write_all_names(&json, record);
    for (size_t i = 0; i < events.count; i++)
        write_event(&json, record, &events.all[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    free(events.all);
    return page_file_close(file, path, true);
}
