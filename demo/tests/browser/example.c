/* example - see example.h */
#include "example.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "player/memory.h"
#include "unit/results.h"

static const uint64_t began = 120000000; /* nanoseconds: when every conversation begins */
static const double before = -120; /* the same as milliseconds from there: when the record begins */

enum { LISTENER = 3 }; /* its descriptor, in all servers */

static uint64_t ms(unsigned count)
{
    return count * 1000000ULL;
}

static uint64_t us(unsigned count)
{
    return count * 1000ULL;
}

static const struct play_result passes = {.outcome = PLAY_PASSES, .step = -1, .problem = "", .said = ""};

/* ---- Telling: one client after the other; the recorder hears of all of them in the order of time ---- */

struct conversation {
    struct recorder *recorder;
    size_t index; /* of the model */
    struct play_event *events; /* sorted by time */
    size_t event_count;
};

/* A client, and the time up to which its doings are told. */
struct client {
    struct conversation *conversation;
    int actor; /* -1: the server */
    uint64_t at; /* since the conversation began */
};

static int step_on(const struct script *script, int line, int actor)
{
    for (int i = 0; i < script->step_count; i++)
        if (script->steps[i].line == line && script->steps[i].actor == actor)
            return i;
    return -1;
}

static void tell(const struct client *client, int line, enum play_event_kind kind, struct io_result result,
                 uint64_t waited)
{
    struct conversation *conversation = client->conversation;
    const struct play_event event = {.time = client->at,
                                     .kind = kind,
                                     .actor = client->actor,
                                     .step = step_on(conversation->recorder->record.script, line, client->actor),
                                     .result = result,
                                     .waited = waited};

    conversation->events =
        memory_grown(conversation->events, conversation->event_count, sizeof conversation->events[0]);
    size_t i = conversation->event_count++;
    for (; i > 0 && conversation->events[i - 1].time > event.time; i--)
        conversation->events[i] = conversation->events[i - 1];
    conversation->events[i] = event;
}

/* Does what takes a time and is no answer. */
static void spends(struct client *client, int line, uint64_t time)
{
    tell(client, line, PLAY_WAITING, only(IO_NO_DATA), 0);
    client->at += time;
    tell(client, line, PLAY_STEP_ENDS, success_of(0), 0);
}

static void connects(struct client *client, int line)
{
    tell(client, line, PLAY_CONNECTING, only(IO_NO_DATA), 0);
    client->at += us(200);
    tell(client, line, PLAY_CONNECTED, success_of(0), 0);
    tell(client, line, PLAY_STEP_ENDS, success_of(0), 0);
}

static void has_answer(struct client *client, int line, size_t bytes, uint64_t wait)
{
    tell(client, line, PLAY_WAITING, only(IO_NO_DATA), 0);
    client->at += wait;
    tell(client, line, PLAY_STEP_ENDS, success_of(bytes), wait);
}

/* Sends on `line` and has its answer on the next, `wait` later. */
static void talks(struct client *client, int line, size_t bytes, uint64_t wait)
{
    tell(client, line, PLAY_SENT, success_of(bytes), 0);
    has_answer(client, line + 1, bytes, wait);
}

static void sees_the_end(struct client *client, int line, uint64_t wait)
{
    tell(client, line, PLAY_WAITING, only(IO_NO_DATA), 0);
    client->at += wait;
    tell(client, line, PLAY_CLOSED, only(IO_CONNECTION_CLOSED), 0);
    tell(client, line, PLAY_STEP_ENDS, only(IO_CONNECTION_CLOSED), wait);
}

static void leaves(struct client *client, int line)
{
    tell(client, line, PLAY_LEFT, success_of(0), 0);
    tell(client, line, PLAY_STEP_ENDS, success_of(0), 0);
}

/* The recorder hears what was told; with `dies_at` only until then: the server dies, and who is still there sees a reset. */
static struct model_record *play(struct conversation *conversation, uint64_t dies_at, struct play_result result)
{
    struct recorder *recorder = conversation->recorder;
    struct model_record *model = &recorder->record.models[conversation->index];
    const struct play_event ready = {.kind = PLAY_READY, .actor = -1, .step = -1};
    struct play_event end = {.kind = dies_at > 0 ? PLAY_EXITED : PLAY_TOLD_TO_END, .actor = -1, .step = -1};

    end.time = dies_at > 0 ? dies_at : conversation->events[conversation->event_count - 1].time;
    recorder_event(recorder, conversation->index, &ready, began);
    for (size_t i = 0; i < conversation->event_count && conversation->events[i].time <= end.time; i++)
        recorder_event(recorder, conversation->index, &conversation->events[i], 0);
    recorder_event(recorder, conversation->index, &end, 0);
    for (size_t i = 0; i < model->lane_count && dies_at > 0; i++) {
        const struct lane *lane = &model->lanes[i];
        const struct lane_span *last = &lane->spans[lane->span_count - 1];
        const struct play_event reset = {.time = dies_at,
                                         .kind = PLAY_RESET,
                                         .actor = lane->actor,
                                         .step = last->step,
                                         .result = error_of(ECONNRESET)};
        if (last->state != LANE_ENDED)
            recorder_event(recorder, conversation->index, &reset, 0);
    }
    recorder_done(recorder, conversation->index, &result, began + end.time);
    free(conversation->events);
    return model;
}

/* ---- Building ---- */

/* A call between two times, in milliseconds since the conversation began; some began before it. */
static struct call_span *call(struct thread_lane *thread, double from, double to, const char *name, int fd, int client)
{
    thread->spans = memory_grown(thread->spans, thread->span_count, sizeof thread->spans[0]);
    struct call_span *span = &thread->spans[thread->span_count++];
    *span = (struct call_span){.from = (uint64_t)((double)began + from * 1e6),
                               .to = (uint64_t)((double)began + to * 1e6),
                               .call = name,
                               .fd = fd,
                               .times = 1,
                               .client = client};
    return span;
}

static struct thread_lane *add_thread(struct model_record *model, int id)
{
    model->threads = memory_grown(model->threads, model->thread_count, sizeof model->threads[0]);
    model->threads[model->thread_count] = (struct thread_lane){.thread = id};
    return &model->threads[model->thread_count++];
}

static struct example *begin(const char *path, const char *source, size_t count)
{
    struct example *example = memory_zeroed(1, sizeof *example);
    char error[300];

    example->script = script_parse(path, SCRIPT_FOR_SERVERS, source, error, sizeof error);
    if (example->script == NULL) {
        fprintf(stderr, "example: %s\n", error);
        abort();
    }
    recorder_init(&example->recorder, example->script, count);
    example->recorder.record.is_traced = true;
    return example;
}

void example_free(struct example *example)
{
    recorder_free(&example->recorder);
    script_free(example->script);
    free(example);
}

/* ---- The class ---- */

static const char class_source[] =
    "# class: one talks, one says nothing, one reads late, and one comes late: who waits for whom?\n"
    "A connect\n"
    "A send \"good morning\"\n"
    "A expect \"GOOD MORNING\"\n"
    "A wait 2s\n"
    "A send \"anybody there?\"\n"
    "A expect \"ANYBODY THERE?\"\n"
    "A half-close\n"
    "A expect closed\n"
    "\n"
    "B connect             # and says nothing\n"
    "B wait 5s\n"
    "B close\n"
    "\n"
    "C wait 300ms\n"
    "C connect\n"
    "C stop reading\n"
    "C send 64 KiB\n"
    "C wait 1500ms\n"
    "C read on\n"
    "C expect everything\n"
    "C reset\n"
    "\n"
    "D wait 1s\n"
    "D connect\n"
    "D send \"late, but here\"\n"
    "D expect \"LATE, BUT HERE\" within 5s\n"
    "D half-close\n"
    "D expect closed\n";

enum { A, B, C, D }; /* lanes */

/* How long the answers take in a model, in milliseconds. */
struct pace {
    unsigned first, second, everything, late;
};

static void tell_talker(struct client client, const struct pace *pace)
{
    connects(&client, 2);
    talks(&client, 3, 12, ms(pace->first));
    spends(&client, 5, ms(2000));
    talks(&client, 6, 14, ms(pace->second));
    sees_the_end(&client, 9, us(400));
}

static void tell_silent(struct client client)
{
    connects(&client, 11);
    spends(&client, 12, ms(5000));
    leaves(&client, 13);
}

static void tell_slow_reader(struct client client, const struct pace *pace)
{
    spends(&client, 15, ms(300));
    connects(&client, 16);
    tell(&client, 17, PLAY_STEP_ENDS, success_of(0), 0);
    tell(&client, 18, PLAY_SENT, success_of(65536), 0);
    spends(&client, 19, ms(1500));
    tell(&client, 20, PLAY_RECEIVED, success_of(1448), 0);
    tell(&client, 20, PLAY_STEP_ENDS, success_of(0), 0);
    has_answer(&client, 21, 64088, ms(pace->everything));
    leaves(&client, 22);
}

static void tell_late(struct client client, const struct pace *pace)
{
    spends(&client, 24, ms(1000));
    connects(&client, 25);
    if (pace->late < 5000) {
        talks(&client, 26, 14, ms(pace->late));
        sees_the_end(&client, 29, us(300));
        return;
    }
    tell(&client, 26, PLAY_SENT, success_of(14), 0);
    tell(&client, 27, PLAY_WAITING, only(IO_NO_DATA), 0);
    client.at += ms(5000);
    tell(&client, 27, PLAY_STALLED, only(IO_TIMEOUT), ms(5000));
}

/* A model of the class: what is said of it, how long its answers take, what it costs, and what its server does. */
struct entrant {
    const char *name, *idea, *verdict;
    struct pace pace;
    struct costs costs;
    void (*add_calls)(struct thread_lane *threads); /* as many as it costs */
    unsigned dies_at; /* in milliseconds; 0: it lives */
};

static void add_entrant(struct example *example, size_t index, const struct entrant *entrant)
{
    const struct pace *pace = &entrant->pace;
    struct conversation conversation = {.recorder = &example->recorder, .index = index};
    struct play_result result = passes;

    tell_talker((struct client){&conversation, A, 0}, pace);
    tell_silent((struct client){&conversation, B, 0});
    tell_slow_reader((struct client){&conversation, C, 0}, pace);
    tell_late((struct client){&conversation, D, 0}, pace);
    if (pace->late >= 5000)
        result.outcome = PLAY_STALLS;
    if (entrant->dies_at > 0) {
        result.outcome = PLAY_FAILS;
        result.problem = "the server was killed by signal 11 (SIGSEGV)";
    }
    recorder_name(&example->recorder, index, entrant->name, entrant->idea);
    struct model_record *model = play(&conversation, ms(entrant->dies_at), result);
    model->verdict = memory_string(entrant->verdict);
    model->costs = entrant->costs;
    for (int i = 0; i < entrant->costs.threads; i++) {
        struct thread_lane *thread = add_thread(model, 4711 + 10 * (int)index + i);
        thread->process = entrant->costs.processes > 1 ? thread->thread : 4711 + 10 * (int)index;
    }
    entrant->add_calls(model->threads);
}

static void add_calls_of_blocking(struct thread_lane *thread)
{
    call(thread, before, 0.18, "accept", LISTENER, -1);
    call(thread, 0.2, 1, "recv", 4, A);
    call(thread, 1, 1.09, "send", 4, A);
    call(thread, 1.095, 2002, "recv", 4, A);
    call(thread, 2003, 2004, "close", 4, A);
    call(thread, 2005, 5000, "recv", 4, B);
    call(thread, 5002, 5103, "send", 4, C)->times = 46;
    call(thread, 5103, 5130, "recv", 4, C)->error = ECONNRESET;
    call(thread, 5131, 6001, "recv", 4, D);
}

static void add_calls_of_nonblocking(struct thread_lane *thread)
{
    struct call_span *first = call(thread, before, 0, "accept", LISTENER, -1);

    first->times = 9210;
    first->error = EAGAIN;
    for (unsigned i = 0; i < 20; i++) {
        const bool accepts = i % 5 == 0;
        struct call_span *span =
            call(thread, i * 100, i * 100 + 100, accepts ? "accept" : "recv", accepts ? LISTENER : 5, accepts ? -1 : B);
        span->times = 36680 + i;
        span->error = EAGAIN;
    }
    call(thread, 2000, 5000, CALL_SPINS, -1, -1);
}

static void add_calls_of_settimeout(struct thread_lane *thread)
{
    for (int i = 0; i < 51; i++) {
        const double from = before + i * 100;
        call(thread, from, from + 99, "poll", 4 + i % 3, i % 3);
        call(thread, from + 99.02, from + 99.06, "recv", 5, B)->error = EAGAIN;
    }
}

static void add_calls_of_threads(struct thread_lane *threads)
{
    static const double begins[] = {0, 1, 300, 1001}, ends[] = {2004, 5000, 1850, 1004};

    call(threads, before, 5000, "accept", LISTENER, -1)->times = 5;
    for (int i = 0; i < 4; i++)
        call(&threads[1 + i], begins[i], ends[i], "recv", 4 + i, i);
}

static void add_calls_of_select(struct thread_lane *thread)
{
    static const double wakes[] = {0, 1, 300, 1001, 1003, 1801, 1809, 1840, 2001, 2003, 5000};

    for (size_t i = 0; i + 1 < sizeof wakes / sizeof wakes[0]; i++) {
        call(thread, wakes[i], wakes[i] + 0.04, "recv", 4, A);
        call(thread, wakes[i] + 0.05, wakes[i] + 0.08, "send", 4, A);
        call(thread, wakes[i] + 0.09, wakes[i + 1], "select", -1, -1);
    }
}

static void add_calls_of_dying(struct thread_lane *thread)
{
    call(thread, before, 0, "epoll_wait", -1, -1);
    call(thread, 0.06, 1000, "epoll_wait", -1, -1);
    call(thread, 1001, 1899, "epoll_wait", -1, -1);
}

/* Each child has its connection under the same number. */
static void add_calls_of_processes(struct thread_lane *processes)
{
    static const double begins[] = {0, 1, 300, 1001}, ends[] = {2004, 5000, 1850, 1004};

    call(processes, before, 5000, "accept", LISTENER, -1)->times = 5;
    call(processes, 5000, 5001, "waitpid", -1, -1)->times = 4;
    for (int i = 0; i < 4; i++)
        call(&processes[1 + i], begins[i], ends[i], "recv", 4, i);
}

static void add_calls_of_ring(struct thread_lane *thread)
{
    static const double wakes[] = {0, 1, 300, 1001, 1801, 2001, 5000};

    for (size_t i = 0; i + 1 < sizeof wakes / sizeof wakes[0]; i++)
        call(thread, wakes[i], wakes[i + 1] - 0.1, "io_uring_enter", -1, -1);
}

static const struct entrant entrants[] = {
    {"01-blocking",
     "in accept(), recv() and send(), for one client at a time",
     "D waited 5.0 s and gave up, C 3.3 s: the server sat in recv() for B, who said nothing.",
     {1, 1, 3300, 5000},
     {0.0021, 0.001, 38, 1, 1, 14, 1672, false, false},
     add_calls_of_blocking,
     0},
    {"02-fcntl-nonblock",
     "never: it asks everybody in turn, again and again",
     "Nobody waited longer than 12 ms, but the server never slept: it burnt a whole core.",
     {1, 1, 12, 1},
     {4.87, 0.97, 1843211, 1, 1, 412, 1704, true, false},
     add_calls_of_nonblocking,
     0},
    {"03-settimeout",
     "a tenth of a second for each, in turn",
     "C waited 214 ms: two others were waited for first, 0.1 s each.",
     {1, 102, 214, 99},
     {0.0054, 0.001, 312, 1, 1, 121, 1688, false, false},
     add_calls_of_settimeout,
     0},
    {"04-thread-per-client",
     "in a thread for each client",
     "Nobody waited longer than 9 ms: each client had a thread of its own, 5 in all.",
     {1, 1, 9, 1},
     {0.0061, 0.001, 88, 1, 5, 39, 2212, false, false},
     add_calls_of_threads,
     0},
    {"05-select",
     "in select(), for everybody at once",
     "Nobody waited longer than 8 ms: the server slept in select() until somebody needed it.",
     {1, 1, 8, 1},
     {0.0019, 0.0004, 61, 1, 1, 22, 1680, false, false},
     add_calls_of_select,
     0},
    {"06-libuv",
     "in a library's loop, which calls back",
     "It served A and D at once, and died 1.9 s after the beginning.",
     {1, 1, 700, 1},
     {-1, -1, -1, 1, 1, -1, -1, false, false},
     add_calls_of_dying,
     1900},
    {"07-process-per-client",
     "in a process for each client",
     "Nobody waited longer than 10 ms: each client had a process of its own.",
     {1, 1, 10, 1},
     {0.0081, 0.002, 96, 5, 5, 41, 1912, false, false},
     add_calls_of_processes,
     0},
    {"11-io_uring",
     "in io_uring_enter(), until something is done",
     "Nobody waited longer than 8 ms: the server slept in io_uring_enter().",
     {1, 1, 8, 1},
     {0.0018, 0.0004, 17, 1, 1, 20, 1700, false, true},
     add_calls_of_ring,
     0},
};

enum { ENTRANTS = sizeof entrants / sizeof entrants[0] };

struct example *example_class(void)
{
    struct example *example = begin("scripts/class.script", class_source, ENTRANTS + 1);

    for (size_t i = 0; i < ENTRANTS; i++)
        add_entrant(example, i, &entrants[i]);
    recorder_name(&example->recorder, ENTRANTS, "99-mine", "");
    recorder_leave_out(&example->recorder, ENTRANTS, "server: cannot listen on 127.0.0.1:9000: Address already in use");
    example->recorder.record.models[ENTRANTS].verdict = memory_string("It did not start.");
    example->recorder.record.now = began + ms(6100);
    return example;
}

/* ---- The crowd ---- */

static const char crowd_source[] = "# crowd: what if 50 clients talk at once?\n"
                                   "C1..C50 connect\n"
                                   "repeat 2\n"
                                   "    sync\n"
                                   "    C1..C50 send \"Thread-{n} ping\"\n"
                                   "    C1..C50 expect \"THREAD-{n} PING\"\n"
                                   "end\n"
                                   "sync\n"
                                   "C1..C50 half-close\n"
                                   "C1..C50 expect closed\n";

/* Each waits `each` longer than the one before it. */
static struct model_record *play_crowd(struct example *example, size_t index, uint64_t each)
{
    const uint64_t round = 50 * each + ms(200);
    struct conversation conversation = {.recorder = &example->recorder, .index = index};

    for (int i = 0; i < 50; i++) {
        struct client client = {&conversation, i, 0};
        connects(&client, 2);
        talks(&client, 5, 14, ms(1) + each * (uint64_t)i);
        client.at = round;
        talks(&client, 5, 14, ms(1) + each * (uint64_t)i);
        client.at = 2 * round;
        sees_the_end(&client, 10, ms(1));
    }
    return play(&conversation, 0, passes);
}

/* To the end of the model's conversation. */
static void add_busy_thread(struct model_record *model)
{
    static const char *const calls[] = {"recv", "recv", "accept", "send"};
    const double end = (double)(model->ended - began) / 1e6;
    struct thread_lane *thread = add_thread(model, 5000);

    for (int i = 0; before + 0.7 * i + 0.9 < end; i++) {
        const double at = before + 0.7 * i;
        call(thread, at, at + 0.1 + 0.013 * (i % 40), calls[i % 4], 4 + i % 50, i % 50)->error =
            i % 4 == 3 ? 0 : EAGAIN;
    }
}

/* 50 clients and three models, one of them with thousands of calls, most of them too short to be seen. */
static struct example *example_crowd(void)
{
    static const char *const names[] = {"02-fcntl-nonblock", "03-settimeout", "05-select"};
    static const unsigned each[] = {1, 20, 2};
    struct example *example = begin("scripts/crowd.script", crowd_source, 3);

    for (size_t i = 0; i < 3; i++) {
        recorder_name(&example->recorder, i, names[i], "in a way of its own");
        struct model_record *model = play_crowd(example, i, ms(each[i]));
        model->verdict = memory_string("C50 was served last.");
        model->costs = (struct costs){0.3, 0.1, 4000, 1, 1, 300, 1700, false, false};
        add_busy_thread(model);
    }
    example->recorder.record.now += ms(50);
    return example;
}

/* ---- Odd ones ---- */

struct example *example_odd(void)
{
    static const char source[] = "# odd: </script><script>document.title = 'broken out'</script> \"quoted\" \\ <!-- & "
                                 "\x01 \xff\xc3( \xe2\x82\xac\n"
                                 "A connect   # <img src=x onerror=alert(1)>\n"
                                 "A send \"<b>\\\"&amp;\\\\\"\n"
                                 "A expect everything\n";
    const struct play_result result = {
        .outcome = PLAY_FAILS, .step = -1, .problem = "came: \"\x7f\x1b[31m\"", .said = ""};
    struct example *example = begin("scripts/o\"d<d>&.script", source, 2);
    struct conversation conversation = {.recorder = &example->recorder};
    struct client client = {&conversation, 0, 0};

    recorder_name(&example->recorder, 0, "<i>\"08\"</script>",
                  "\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf tab\there \u4f60\u597d e\u0301");
    connects(&client, 2);
    tell(&client, 3, PLAY_SENT, success_of(7), 0);
    tell(&client, 4, PLAY_WAITING, only(IO_NO_DATA), 0);
    client.at += 999;
    tell(&client, 4, PLAY_FAILED, error_of(4095), 999);
    struct model_record *model = play(&conversation, 0, result);
    model->verdict = memory_string("</script>\n<h1>verdict</h1>");
    call(add_thread(model, 1), 0, 0.2, "<call>", -1, -1)->error = ENOENT;
    add_thread(model, 2);
    recorder_begin_axis(&example->recorder);
    return example;
}

struct example *example_empty(void)
{
    struct example *example = begin("empty.script", "# empty: nobody says anything\nA wait 1ms\n", 0);

    example->script->step_count = 0; /* the parser would not have that, but it is the least that a record can have */
    example->script->actor_count = 0;
    example->recorder.record.is_traced = false;
    return example;
}

const struct example_kind example_kinds[EXAMPLE_COUNT] = {
    {"class", example_class}, {"crowd", example_crowd}, {"odd", example_odd}, {"empty", example_empty}};
