/* page_data - see page_data.h */
#include "page_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "player/memory.h"

/* ---- Names ---- */

const char *page_state_name(enum lane_state state)
{
    switch (state) {
    case LANE_ABSENT:
        return "absent";
    case LANE_CONNECTING:
        return "connecting";
    case LANE_SILENT:
        return "silent";
    case LANE_WAITING:
        return "waiting";
    case LANE_NOT_READING:
        return "not reading";
    case LANE_ENDED:
        return "ended";
    }
    return "unknown";
}

const char *page_mark_name(enum mark_kind kind)
{
    switch (kind) {
    case MARK_CONNECTED:
        return "connected";
    case MARK_SENT:
        return "sent";
    case MARK_RECEIVED:
        return "received";
    case MARK_ANSWERED:
        return "answered";
    case MARK_STALLED:
        return "stalled";
    case MARK_FAILED:
        return "failed";
    case MARK_CLOSED:
        return "closed";
    case MARK_RESET:
        return "reset";
    case MARK_LEFT:
        return "left";
    }
    return "unknown";
}

/* The system calls that occur in a record, each once, in the order in which they were met. */
struct calls {
    const char **names;
    size_t count;
};

static size_t call_index(struct calls *calls, const char *name)
{
    for (size_t i = 0; i < calls->count; i++)
        if (strcmp(calls->names[i], name) == 0)
            return i;
    calls->names = memory_grown(calls->names, calls->count, sizeof calls->names[0]);
    calls->names[calls->count] = name;
    return calls->count++;
}

enum { ERRORS = 1024 }; /* those of every system that this runs on are smaller numbers */

struct errors {
    bool seen[ERRORS]; /* which of them occur */
};

static void note_error(struct errors *errors, int error)
{
    if (error > 0 && error < ERRORS)
        errors->seen[error] = true;
}

char *page_data_error(int error, char words[IO_TEXT_SIZE])
{
    static const char prefix[] = "ERROR ";

    io_describe((struct io_result){.status = IO_ERROR, .error = error}, words);
    if (strncmp(words, prefix, sizeof prefix - 1) == 0)
        memmove(words, words + sizeof prefix - 1, strlen(words) - (sizeof prefix - 1) + 1);
    return words;
}

/* ---- What stands in the lists ---- */

static void write_time(struct json *json, uint64_t nanoseconds)
{
    json_number(json, (int64_t)(nanoseconds / 1000));
}

static void write_lane_span(struct json *json, const struct lane_span *span)
{
    json_open(json, '[');
    write_time(json, span->from);
    write_time(json, span->to);
    json_number(json, span->state);
    json_number(json, span->step);
    json_close(json, ']');
}

static void write_mark(struct json *json, const struct lane_mark *mark, struct errors *errors)
{
    note_error(errors, mark->result.error);
    json_open(json, '[');
    write_time(json, mark->at);
    json_number(json, mark->kind);
    json_number(json, mark->step);
    json_number(json, mark->result.status);
    json_number(json, (int64_t)mark->result.bytes);
    json_number(json, mark->result.error);
    write_time(json, mark->waited);
    json_close(json, ']');
}

static void write_call(struct json *json, const struct call_span *span, struct calls *calls, struct errors *errors)
{
    note_error(errors, span->error);
    json_open(json, '[');
    write_time(json, span->from);
    write_time(json, span->to);
    json_number(json, (int64_t)call_index(calls, span->call));
    json_number(json, span->fd);
    json_number(json, (int64_t)span->times);
    json_number(json, span->error);
    json_number(json, span->client);
    json_close(json, ']');
}

/* ---- Models ---- */

static void write_lane(struct json *json, const struct lane *lane, struct errors *errors)
{
    json_open(json, '{');
    json_number(json_key(json, "actor"), lane->actor);
    json_open(json_key(json, "spans"), '[');
    for (size_t i = 0; i < lane->span_count; i++)
        write_lane_span(json, &lane->spans[i]);
    json_close(json, ']');
    json_open(json_key(json, "marks"), '[');
    for (size_t i = 0; i < lane->mark_count; i++)
        write_mark(json, &lane->marks[i], errors);
    json_close(json, ']');
    json_close(json, '}');
}

static void write_thread(struct json *json, const struct thread_lane *thread, struct calls *calls,
                         struct errors *errors)
{
    json_open(json, '{');
    json_number(json_key(json, "thread"), thread->thread);
    json_open(json_key(json, "spans"), '[');
    for (size_t i = 0; i < thread->span_count; i++)
        write_call(json, &thread->spans[i], calls, errors);
    json_close(json, ']');
    json_close(json, '}');
}

static void write_real_if_known(struct json *json, const char *key, double value)
{
    json_key(json, key);
    if (value < 0)
        json_null(json);
    else
        json_real(json, value, 6);
}

static void write_number_if_known(struct json *json, const char *key, long value)
{
    json_key(json, key);
    if (value < 0)
        json_null(json);
    else
        json_number(json, value);
}

static void write_costs(struct json *json, const struct costs *costs)
{
    json_open(json_key(json, "costs"), '{');
    write_real_if_known(json, "cpuSeconds", costs->cpu_seconds);
    write_real_if_known(json, "cpuShare", costs->cpu_share);
    write_number_if_known(json, "systemCalls", costs->system_calls);
    json_bool(json_key(json, "callsAreMore"), costs->calls_are_more);
    write_number_if_known(json, "threads", costs->threads);
    write_number_if_known(json, "contextSwitches", costs->context_switches);
    write_number_if_known(json, "memoryKib", costs->memory_kib);
    json_close(json, '}');
}

static void write_words(struct json *json, const struct model_record *model)
{
    json_text(json_key(json, "name"), model->name);
    json_text(json_key(json, "idea"), model->idea);
    json_text(json_key(json, "state"), model->state);
    json_text(json_key(json, "problem"), model->problem);
    json_text(json_key(json, "verdict"), model->verdict);
}

static void write_times(struct json *json, const struct model_record *model)
{
    write_time(json_key(json, "began"), model->began);
    write_time(json_key(json, "ended"), model->ended);
    json_key(json, "served");
    if (model->everybody_served == 0)
        json_null(json);
    else
        write_time(json, model->everybody_served);
    write_time(json_key(json, "longestWait"), model->longest_wait);
    json_number(json_key(json, "longestLane"), model->longest_lane);
}

static void write_model(struct json *json, const struct model_record *model, struct calls *calls, struct errors *errors)
{
    json_open(json, '{');
    write_words(json, model);
    write_times(json, model);
    write_costs(json, &model->costs);
    json_open(json_key(json, "lanes"), '[');
    for (size_t i = 0; i < model->lane_count; i++)
        write_lane(json, &model->lanes[i], errors);
    json_close(json, ']');
    json_open(json_key(json, "threads"), '[');
    for (size_t i = 0; i < model->thread_count; i++)
        write_thread(json, &model->threads[i], calls, errors);
    json_close(json, ']');
    json_close(json, '}');
}

/* ---- The whole ---- */

static void write_script(struct json *json, const struct script *script)
{
    json_open(json_key(json, "script"), '{');
    json_text(json_key(json, "name"), script->name);
    json_text(json_key(json, "title"), script->title);
    json_text(json_key(json, "source"), script->source);
    json_open(json_key(json, "actors"), '[');
    for (int i = 0; i < script->actor_count; i++)
        json_text(json, script->actors[i]);
    json_close(json, ']');
    json_open(json_key(json, "steps"), '[');
    for (int i = 0; i < script->step_count; i++) {
        json_open(json, '[');
        json_number(json, script->steps[i].line);
        json_number(json, script->steps[i].actor);
        json_close(json, ']');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void write_names(struct json *json)
{
    json_open(json_key(json, "states"), '[');
    for (int state = LANE_ABSENT; state <= LANE_ENDED; state++)
        json_text(json, page_state_name((enum lane_state)state));
    json_close(json, ']');
    json_open(json_key(json, "kinds"), '[');
    for (int kind = MARK_CONNECTED; kind <= MARK_LEFT; kind++)
        json_text(json, page_mark_name((enum mark_kind)kind));
    json_close(json, ']');
    json_open(json_key(json, "statuses"), '[');
    for (int status = IO_SUCCESS; status <= IO_ERROR; status++)
        json_text(json, io_status_name((enum io_status)status));
    json_close(json, ']');
}

static void write_errors(struct json *json, const struct errors *errors)
{
    char words[IO_TEXT_SIZE], key[16];

    json_open(json_key(json, "errors"), '{');
    for (int error = 0; error < ERRORS; error++) {
        if (!errors->seen[error])
            continue;
        snprintf(key, sizeof key, "%d", error);
        json_text(json_key(json, key), page_data_error(error, words));
    }
    json_close(json, '}');
}

/* What the models' numbers mean stands after them: only then it is known what occurred. */
void page_data_write(struct json *json, const struct record *record)
{
    struct calls calls = {0};
    struct errors errors = {0};

    json_open(json, '{');
    write_script(json, record->script);
    write_time(json_key(json, "now"), record->now);
    json_bool(json_key(json, "traced"), record->is_traced);
    write_names(json);
    json_open(json_key(json, "models"), '[');
    for (size_t i = 0; i < record->model_count; i++)
        write_model(json, &record->models[i], &calls, &errors);
    json_close(json, ']');
    json_open(json_key(json, "calls"), '[');
    for (size_t i = 0; i < calls.count; i++)
        json_text(json, calls.names[i]);
    json_close(json, ']');
    write_errors(json, &errors);
    json_close(json, '}');
    free(calls.names);
}
