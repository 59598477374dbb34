/* page_data - see page_data.h */
#include "page_data.h"

#include <stdio.h>
#include <string.h>

#include "page.h"
#include "page_json.h"
#include "record/words.h"

/* ---- Names ---- */

const char *page_state_name(enum lane_state state)
{
    static const char *const names[] = {
        [LANE_ABSENT] = "absent",   [LANE_CONNECTING] = "connecting",   [LANE_SILENT] = "silent",
        [LANE_WAITING] = "waiting", [LANE_NOT_READING] = "not reading", [LANE_ENDED] = "ended",
    };

    return names[state];
}

const char *page_mark_name(enum mark_kind kind)
{
    static const char *const names[] = {
        [MARK_CONNECTED] = "connected", [MARK_SENT] = "sent",       [MARK_RECEIVED] = "received",
        [MARK_ANSWERED] = "answered",   [MARK_STALLED] = "stalled", [MARK_FAILED] = "failed",
        [MARK_CLOSED] = "closed",       [MARK_RESET] = "reset",     [MARK_LEFT] = "left",
    };

    return names[kind];
}

char *page_data_error(int error, char words[IO_TEXT_SIZE])
{
    static const char prefix[] = "ERROR ";

    io_describe((struct io_result){.status = IO_ERROR, .error = error}, words);
    if (strncmp(words, prefix, sizeof prefix - 1) == 0)
        memmove(words, words + sizeof prefix - 1, strlen(words) - (sizeof prefix - 1) + 1);
    return words;
}

/* ---- What the numbers of a record mean: each call and errno that occurs in it, once ---- */

struct meanings {
    json_t *calls, *errors;
};

static json_int_t number_of_call(const struct meanings *meanings, const char *name)
{
    const size_t count = json_array_size(meanings->calls);

    for (size_t i = 0; i < count; i++)
        if (strcmp(json_string_value(json_array_get(meanings->calls, i)), name) == 0)
            return (json_int_t)i;
    json_array_append_new(meanings->calls, page_json_text(name));
    return (json_int_t)count;
}

static int number_of_error(const struct meanings *meanings, int error)
{
    char key[16];

    snprintf(key, sizeof key, "%d", error);
    if (error > 0 && json_object_get(meanings->errors, key) == NULL) {
        char words[IO_TEXT_SIZE];
        json_object_set_new(meanings->errors, key, page_json_text(page_data_error(error, words)));
    }
    return error;
}

/* ---- What stands in the lists ---- */

static json_int_t microseconds(uint64_t nanoseconds)
{
    return (json_int_t)(nanoseconds / 1000);
}

static json_t *lane_span(const struct lane_span *span)
{
    return json_pack("[I,I,i,i]", microseconds(span->from), microseconds(span->to), span->state, span->step);
}

static json_t *mark(const struct lane_mark *mark, const struct meanings *meanings)
{
    return json_pack("[I,i,i,i,I,i,I]", microseconds(mark->at), mark->kind, mark->step, mark->result.status,
                     (json_int_t)mark->result.bytes, number_of_error(meanings, mark->result.error),
                     microseconds(mark->waited));
}

static json_t *call_span(const struct call_span *span, const struct meanings *meanings)
{
    return json_pack("[I,I,I,i,I,i,i]", microseconds(span->from), microseconds(span->to),
                     number_of_call(meanings, span->call), span->fd, (json_int_t)span->times,
                     number_of_error(meanings, span->error), span->client);
}

/* ---- Models ---- */

static json_t *lane(const struct lane *lane, const struct meanings *meanings)
{
    json_t *spans = json_array(), *marks = json_array();

    for (size_t i = 0; i < lane->span_count; i++)
        json_array_append_new(spans, lane_span(&lane->spans[i]));
    for (size_t i = 0; i < lane->mark_count; i++)
        json_array_append_new(marks, mark(&lane->marks[i], meanings));
    return json_pack("{s:i,s:o,s:o}", "actor", lane->actor, "spans", spans, "marks", marks);
}

static json_t *thread(const struct model_record *model, size_t index, const struct meanings *meanings)
{
    const struct thread_lane *thread = &model->threads[index];
    json_t *spans = json_array();
    struct text name = {0};

    words_add_lane(&name, model, index);
    for (size_t i = 0; i < thread->span_count; i++)
        json_array_append_new(spans, call_span(&thread->spans[i], meanings));
    json_t *object = json_pack("{s:s,s:i,s:i,s:o}", "name", name.chars, "process", thread->process, "thread",
                               thread->thread, "spans", spans);
    text_free(&name);
    return object;
}

static json_t *real_if_known(double value)
{
    return value < 0 ? json_null() : json_real(value);
}

static json_t *number_if_known(long value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static json_t *costs(const struct costs *costs)
{
    json_t *object = json_object();

    json_object_set_new(object, "cpuSeconds", real_if_known(costs->cpu_seconds));
    json_object_set_new(object, "cpuShare", real_if_known(costs->cpu_share));
    json_object_set_new(object, "systemCalls", number_if_known(costs->system_calls));
    json_object_set_new(object, "callsAreMore", json_boolean(costs->calls_are_more));
    json_object_set_new(object, "callsAreBatches", json_boolean(costs->calls_are_batches));
    json_object_set_new(object, "processes", number_if_known(costs->processes));
    json_object_set_new(object, "threads", number_if_known(costs->threads));
    json_object_set_new(object, "contextSwitches", number_if_known(costs->context_switches));
    json_object_set_new(object, "memoryKib", number_if_known(costs->memory_kib));
    return object;
}

static json_t *model(const struct model_record *model, const struct meanings *meanings)
{
    json_t *lanes = json_array(), *threads = json_array();
    json_t *served = model->everybody_served == 0 ? json_null() : json_integer(microseconds(model->everybody_served));

    for (size_t i = 0; i < model->lane_count; i++)
        json_array_append_new(lanes, lane(&model->lanes[i], meanings));
    for (size_t i = 0; i < model->thread_count; i++)
        json_array_append_new(threads, thread(model, i, meanings));
    json_t *object = json_object();
    json_object_set_new(object, "name", page_json_text(model->name));
    json_object_set_new(object, "idea", page_json_text(model->idea));
    json_object_set_new(object, "state", page_json_text(model->state));
    json_object_set_new(object, "problem", page_json_text(model->problem));
    json_object_set_new(object, "verdict", page_json_text(model->verdict));
    json_object_set_new(object, "began", json_integer(microseconds(model->began)));
    json_object_set_new(object, "ended", json_integer(microseconds(model->ended)));
    json_object_set_new(object, "served", served);
    json_object_set_new(object, "longestWait", json_integer(microseconds(model->longest_wait)));
    json_object_set_new(object, "longestLane", json_integer(model->longest_lane));
    json_object_set_new(object, "costs", costs(&model->costs));
    json_object_set_new(object, "lanes", lanes);
    json_object_set_new(object, "threads", threads);
    return object;
}

/* ---- The whole ---- */

static json_t *script_of(const struct script *script)
{
    json_t *actors = json_array(), *steps = json_array();

    for (int i = 0; i < script->actor_count; i++)
        json_array_append_new(actors, page_json_text(script->actors[i]));
    for (int i = 0; i < script->step_count; i++)
        json_array_append_new(steps, json_pack("[i,i]", script->steps[i].line, script->steps[i].actor));
    json_t *object = json_object();
    json_object_set_new(object, "name", page_json_text(script->name));
    json_object_set_new(object, "title", page_json_text(script->title));
    json_object_set_new(object, "source", page_json_text(script->source));
    json_object_set_new(object, "actors", actors);
    json_object_set_new(object, "steps", steps);
    return object;
}

json_t *page_data(const struct record *record)
{
    page_json_begin();
    const struct meanings meanings = {.calls = json_array(), .errors = json_object()};
    json_t *states = json_array(), *kinds = json_array(), *statuses = json_array(), *models = json_array();

    for (int state = LANE_ABSENT; state <= LANE_ENDED; state++)
        json_array_append_new(states, json_string(page_state_name((enum lane_state)state)));
    for (int kind = MARK_CONNECTED; kind <= MARK_LEFT; kind++)
        json_array_append_new(kinds, json_string(page_mark_name((enum mark_kind)kind)));
    for (int status = IO_SUCCESS; status <= IO_ERROR; status++)
        json_array_append_new(statuses, json_string(io_status_name((enum io_status)status)));
    for (size_t i = 0; i < record->model_count; i++)
        json_array_append_new(models, model(&record->models[i], &meanings));
    json_t *object = json_object();
    json_object_set_new(object, "script", script_of(record->script));
    json_object_set_new(object, "now", json_integer(microseconds(record->now)));
    json_object_set_new(object, "traced", json_boolean(record->is_traced));
    json_object_set_new(object, "states", states);
    json_object_set_new(object, "kinds", kinds);
    json_object_set_new(object, "statuses", statuses);
    json_object_set_new(object, "models", models);
    json_object_set_new(object, "calls", meanings.calls);
    json_object_set_new(object, "errors", meanings.errors);
    return object;
}
