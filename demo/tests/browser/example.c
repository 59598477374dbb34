/* example - see example.h */
#include "example.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player/memory.h"

static const uint64_t began = 120000000; /* nanoseconds: when every conversation begins */

enum { LISTENER = 3 }; /* its descriptor, in all servers */

static uint64_t ms(unsigned count)
{
    return count * 1000000ULL;
}

static uint64_t us(unsigned count)
{
    return count * 1000ULL;
}

/* ---- Building: each adds one thing behind what is there ---- */

/* A client's lane with the moment up to which it is written. */
struct pen {
    const struct script *script;
    struct lane *lane;
    uint64_t at;
};

static int step_on(const struct script *script, int line, int actor)
{
    for (int i = 0; i < script->step_count; i++)
        if (script->steps[i].line == line && script->steps[i].actor == actor)
            return i;
    return -1;
}

static void mark(struct pen *pen, int line, enum mark_kind kind, struct io_result result, uint64_t waited)
{
    struct lane *lane = pen->lane;

    lane->marks = memory_grown(lane->marks, lane->mark_count, sizeof lane->marks[0]);
    lane->marks[lane->mark_count++] = (struct lane_mark){.at = pen->at,
                                                         .kind = kind,
                                                         .step = step_on(pen->script, line, lane->actor),
                                                         .result = result,
                                                         .waited = waited};
}

static void span(struct pen *pen, int line, enum lane_state state, uint64_t length)
{
    struct lane *lane = pen->lane;

    lane->spans = memory_grown(lane->spans, lane->span_count, sizeof lane->spans[0]);
    lane->spans[lane->span_count++] = (struct lane_span){
        .from = pen->at, .to = pen->at + length, .state = state, .step = step_on(pen->script, line, lane->actor)};
    pen->at += length;
}

/* The same up to a moment, which is given from `began`. */
static void span_until(struct pen *pen, int line, enum lane_state state, uint64_t until)
{
    if (began + until > pen->at)
        span(pen, line, state, began + until - pen->at);
}

static struct io_result moved(size_t bytes)
{
    return (struct io_result){.status = IO_SUCCESS, .bytes = bytes};
}

static struct io_result only(enum io_status status)
{
    return (struct io_result){.status = status};
}

static void connects(struct pen *pen, int line)
{
    span(pen, line, LANE_CONNECTING, us(200));
    mark(pen, line, MARK_CONNECTED, moved(0), 0);
}

/* Sends on `line` and has its answer on the next, `wait` later. */
static void talks(struct pen *pen, int line, size_t bytes, uint64_t wait)
{
    mark(pen, line, MARK_SENT, moved(bytes), 0);
    span(pen, line + 1, LANE_WAITING, wait);
    mark(pen, line + 1, MARK_ANSWERED, moved(bytes), wait);
}

static void sees_the_end(struct pen *pen, int line, uint64_t wait)
{
    span(pen, line, LANE_WAITING, wait);
    mark(pen, line, MARK_CLOSED, only(IO_CONNECTION_CLOSED), wait);
}

static void call(struct thread_lane *thread, uint64_t from, uint64_t to, struct call_span what)
{
    what.from = from;
    what.to = to;
    if (what.times == 0)
        what.times = 1;
    if (what.fd <= LISTENER)
        what.client = -1;
    thread->spans = memory_grown(thread->spans, thread->span_count, sizeof thread->spans[0]);
    thread->spans[thread->span_count++] = what;
}

static struct thread_lane *add_thread(struct model_record *model, int id)
{
    model->threads = memory_grown(model->threads, model->thread_count, sizeof model->threads[0]);
    model->threads[model->thread_count] = (struct thread_lane){.thread = id};
    return &model->threads[model->thread_count++];
}

static struct model_record *add_model(struct example *example, struct model_record model)
{
    struct record *record = &example->record;

    record->models = memory_grown(record->models, record->model_count, sizeof record->models[0]);
    struct model_record *added = &record->models[record->model_count++];
    *added = model;
    if (model.verdict != NULL)
        added->verdict = memory_string(model.verdict);
    added->lane_count = (size_t)example->script->actor_count;
    added->lanes = memory_zeroed(added->lane_count + 1, sizeof added->lanes[0]);
    for (size_t i = 0; i < added->lane_count; i++)
        added->lanes[i].actor = (int)i;
    return added;
}

static struct example *begin(const char *path, const char *source)
{
    struct example *example = memory_zeroed(1, sizeof *example);
    char error[300];

    example->script = script_parse(path, SCRIPT_FOR_SERVERS, source, error, sizeof error);
    if (example->script == NULL) {
        fprintf(stderr, "example: %s\n", error);
        abort();
    }
    example->record = (struct record){.script = example->script, .is_traced = true};
    return example;
}

void example_free(struct example *example)
{
    for (size_t i = 0; i < example->record.model_count; i++) {
        struct model_record *model = &example->record.models[i];
        for (size_t k = 0; k < model->lane_count; k++) {
            free(model->lanes[k].spans);
            free(model->lanes[k].marks);
        }
        for (size_t k = 0; k < model->thread_count; k++)
            free(model->threads[k].spans);
        free(model->lanes);
        free(model->threads);
        free(model->verdict);
    }
    free(example->record.models);
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

/* How long the answers take in a model, in milliseconds; and when it ends, in the same, from `began`. */
struct pace {
    unsigned first, second, everything, late;
    unsigned end;
};

static struct pen pen_of(struct example *example, struct model_record *model, int actor)
{
    return (struct pen){.script = example->script, .lane = &model->lanes[actor], .at = began};
}

static void play_talker(struct pen pen, const struct pace *pace)
{
    connects(&pen, 2);
    talks(&pen, 3, 12, ms(pace->first));
    span(&pen, 5, LANE_SILENT, ms(2000));
    talks(&pen, 6, 14, ms(pace->second));
    sees_the_end(&pen, 9, us(400));
}

static void play_silent(struct pen pen, const struct pace *pace)
{
    connects(&pen, 11);
    span_until(&pen, 12, LANE_SILENT, ms(pace->end < 5000 ? pace->end : 5000));
    if (pace->end >= 5000)
        mark(&pen, 13, MARK_LEFT, moved(0), 0);
}

static void play_slow_reader(struct pen pen, const struct pace *pace)
{
    span(&pen, 15, LANE_ABSENT, ms(300));
    connects(&pen, 16);
    mark(&pen, 18, MARK_SENT, moved(65536), 0);
    span(&pen, 19, LANE_NOT_READING, ms(1500));
    mark(&pen, 20, MARK_RECEIVED, moved(1448), 0);
    span(&pen, 21, LANE_WAITING, ms(pace->everything));
    mark(&pen, 21, MARK_ANSWERED, moved(64088), ms(pace->everything));
    span(&pen, 22, LANE_SILENT, ms(30));
    mark(&pen, 22, MARK_LEFT, moved(0), 0);
}

static void play_late(struct pen pen, const struct pace *pace)
{
    span(&pen, 24, LANE_ABSENT, ms(1000));
    connects(&pen, 25);
    if (pace->late < 5000) {
        talks(&pen, 26, 14, ms(pace->late));
        sees_the_end(&pen, 29, us(300));
        return;
    }
    mark(&pen, 26, MARK_SENT, moved(14), 0);
    span(&pen, 27, LANE_WAITING, ms(5000));
    mark(&pen, 27, MARK_STALLED, only(IO_TIMEOUT), ms(5000));
}

/* A model of the class: what is said of it, how long its answers take, what it costs, and what its server does. */
struct entrant {
    const char *name, *idea;
    char *verdict;
    struct pace pace;
    struct costs costs;
    void (*add_calls)(struct model_record *model);
};

/* The longest of the waits, as a recorder would have noted it. */
static void note_longest(struct model_record *model, const struct pace *pace)
{
    const unsigned waits[] = {pace->first, pace->second, pace->everything, pace->late};
    static const int lanes[] = {A, A, C, D};

    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        if (ms(waits[i]) > model->longest_wait) {
            model->longest_wait = ms(waits[i]);
            model->longest_lane = lanes[i];
        }
}

static struct model_record *add_entrant(struct example *example, const struct entrant *entrant)
{
    const struct pace *pace = &entrant->pace;
    const bool stalls = pace->late >= 5000;
    struct model_record *model = add_model(
        example, (struct model_record){.name = entrant->name,
                                       .idea = entrant->idea,
                                       .state = stalls ? "stalls" : "passes",
                                       .problem = "",
                                       .verdict = entrant->verdict,
                                       .is_over = true,
                                       .outcome = stalls ? PLAY_STALLS : PLAY_PASSES,
                                       .began = began,
                                       .ended = began + ms(pace->end),
                                       .costs = entrant->costs,
                                       .everybody_served = stalls ? 0 : ms(2000 + pace->first + pace->second)});

    play_talker(pen_of(example, model, A), pace);
    play_silent(pen_of(example, model, B), pace);
    play_slow_reader(pen_of(example, model, C), pace);
    play_late(pen_of(example, model, D), pace);
    note_longest(model, pace);
    entrant->add_calls(model);
    return model;
}

static void add_calls_of_blocking(struct model_record *model)
{
    struct thread_lane *thread = add_thread(model, 4711);

    call(thread, 0, began + us(180), (struct call_span){.call = "accept", .fd = 3});
    call(thread, began + us(200), began + ms(1), (struct call_span){.call = "recv", .fd = 4, .client = A});
    call(thread, began + ms(1), began + ms(1) + us(90), (struct call_span){.call = "send", .fd = 4, .client = A});
    call(thread, began + ms(1) + us(95), began + ms(2002), (struct call_span){.call = "recv", .fd = 4, .client = A});
    call(thread, began + ms(2003), began + ms(2004), (struct call_span){.call = "close", .fd = 4, .client = A});
    call(thread, began + ms(2005), began + ms(5000), (struct call_span){.call = "recv", .fd = 4, .client = B});
    call(thread, began + ms(5002), began + ms(5103),
         (struct call_span){.call = "send", .fd = 4, .client = C, .times = 46});
    call(thread, began + ms(5103), began + ms(5130),
         (struct call_span){.call = "recv", .fd = 4, .client = C, .error = ECONNRESET});
    call(thread, began + ms(5131), began + ms(6001), (struct call_span){.call = "recv", .fd = 4, .client = D});
}

static void add_calls_of_nonblocking(struct model_record *model)
{
    struct thread_lane *thread = add_thread(model, 4712);

    call(thread, 0, began, (struct call_span){.call = "accept", .fd = 3, .times = 9210, .error = EAGAIN});
    for (unsigned i = 0; i < 20; i++)
        call(thread, began + ms(i * 100), began + ms(i * 100 + 100),
             (struct call_span){.call = i % 5 == 0 ? "accept" : "recv",
                                .fd = i % 5 == 0 ? LISTENER : 5,
                                .client = B,
                                .times = 36680 + i,
                                .error = EAGAIN});
    call(thread, began + ms(2000), began + ms(5000), (struct call_span){.call = CALL_SPINS, .fd = -1});
}

static void add_calls_of_settimeout(struct model_record *model)
{
    struct thread_lane *thread = add_thread(model, 4713);

    for (unsigned i = 0; i < 51; i++) {
        const uint64_t from = ms(i * 100);
        call(thread, from, from + ms(99),
             (struct call_span){.call = "poll", .fd = 4 + (int)(i % 3), .client = (int)(i % 3)});
        call(thread, from + ms(99) + us(20), from + ms(99) + us(60),
             (struct call_span){.call = "recv", .fd = 5, .client = B, .error = EAGAIN});
    }
}

static void add_calls_of_threads(struct model_record *model)
{
    static const unsigned begins[] = {0, 1, 300, 1001}, ends[] = {2004, 5000, 1850, 1004};

    call(add_thread(model, 4714), 0, began + ms(5000), (struct call_span){.call = "accept", .fd = 3, .times = 5});
    for (int i = 0; i < 4; i++)
        call(add_thread(model, 4720 + i), began + ms(begins[i]), began + ms(ends[i]),
             (struct call_span){.call = "recv", .fd = 4 + i, .client = i});
}

static void add_calls_of_select(struct model_record *model)
{
    static const unsigned wakes[] = {0, 1, 300, 1001, 1003, 1801, 1809, 1840, 2001, 2003, 5000};
    struct thread_lane *thread = add_thread(model, 4715);

    for (size_t i = 0; i + 1 < sizeof wakes / sizeof wakes[0]; i++) {
        const uint64_t from = began + ms(wakes[i]);
        call(thread, from, from + us(40), (struct call_span){.call = "recv", .fd = 4});
        call(thread, from + us(50), from + us(80), (struct call_span){.call = "send", .fd = 4});
        call(thread, from + us(90), began + ms(wakes[i + 1]), (struct call_span){.call = "select", .fd = -1});
    }
}

static void add_calls_of_dying(struct model_record *model)
{
    struct thread_lane *thread = add_thread(model, 4716);

    call(thread, 0, began, (struct call_span){.call = "epoll_wait", .fd = -1});
    call(thread, began + us(60), began + ms(1000), (struct call_span){.call = "epoll_wait", .fd = -1});
    call(thread, began + ms(1001), began + ms(1899), (struct call_span){.call = "epoll_wait", .fd = -1});
}

static const struct entrant entrants[] = {
    {"01-blocking",
     "in accept(), recv() and send(), for one client at a time",
     "D waited 5.0 s and gave up, C 3.3 s: the server sat in recv() for B, who said nothing.",
     {1, 1, 3300, 5000, 6001},
     {0.0021, 0.001, 38, 1, 14, 1672, false},
     add_calls_of_blocking},
    {"02-fcntl-nonblock",
     "never: it asks everybody in turn, again and again",
     "Nobody waited longer than 12 ms, but the server never slept: it burnt a whole core.",
     {1, 1, 12, 1, 5000},
     {4.87, 0.97, 1843211, 1, 412, 1704, true},
     add_calls_of_nonblocking},
    {"03-settimeout",
     "a tenth of a second for each, in turn",
     "C waited 214 ms: two others were waited for first, 0.1 s each.",
     {1, 102, 214, 99, 5001},
     {0.0054, 0.001, 312, 1, 121, 1688, false},
     add_calls_of_settimeout},
    {"04-thread-per-client",
     "in a thread for each client",
     "Nobody waited longer than 9 ms: each client had a thread of its own, 5 in all.",
     {1, 1, 9, 1, 5000},
     {0.0061, 0.001, 88, 5, 39, 2212, false},
     add_calls_of_threads},
    {"05-select",
     "in select(), for everybody at once",
     "Nobody waited longer than 8 ms: the server slept in select() until somebody needed it.",
     {1, 1, 8, 1, 5000},
     {0.0019, 0.0004, 61, 1, 22, 1680, false},
     add_calls_of_select},
    {"06-libuv",
     "in a library's loop, which calls back",
     "It served A and D at once, and died 1.9 s after the beginning.",
     {1, 1, 700, 1, 5000},
     {-1, -1, -1, 1, -1, -1, false},
     add_calls_of_dying},
};

/* The server dies at that moment, and every client's lane ends there. */
static void die(struct example *example, struct model_record *model, uint64_t at)
{
    static const int lines[] = {9, 12, 22, 29};

    for (size_t i = 0; i < model->lane_count; i++) {
        struct lane *lane = &model->lanes[i];
        while (lane->mark_count > 0 && lane->marks[lane->mark_count - 1].at >= at)
            lane->mark_count--;
        while (lane->span_count > 0 && lane->spans[lane->span_count - 1].from >= at)
            lane->span_count--;
        struct lane_span *last = &lane->spans[lane->span_count - 1];
        if (last->to < at)
            continue;
        last->to = at;
        struct pen pen = {.script = example->script, .lane = lane, .at = at};
        mark(&pen, lines[i], i == B ? MARK_RESET : MARK_FAILED,
             (struct io_result){.status = IO_ERROR, .error = ECONNRESET}, 0);
    }
    model->ended = at;
    model->state = "died";
    model->problem = "the server was killed by signal 11 (SIGSEGV)";
    model->outcome = PLAY_FAILS;
    model->everybody_served = 0;
    model->longest_wait = ms(1);
    model->longest_lane = A;
}

struct example *example_class(void)
{
    struct example *example = begin("scripts/class.script", class_source);
    struct model_record *last = NULL;

    for (size_t i = 0; i < sizeof entrants / sizeof entrants[0]; i++)
        last = add_entrant(example, &entrants[i]);
    die(example, last, began + ms(1900));
    add_model(example,
              (struct model_record){.name = "07-mine",
                                    .idea = "",
                                    .state = "did not start",
                                    .problem = "server: cannot listen on 127.0.0.1:9000: Address already in use",
                                    .verdict = "It did not start.",
                                    .outcome = PLAY_FAILS,
                                    .is_over = true,
                                    .costs = COSTS_UNKNOWN,
                                    .longest_lane = -1});
    example->record.now = began + ms(6100);
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
static void play_crowd(struct example *example, struct model_record *model, uint64_t each)
{
    const uint64_t round = 50 * each + ms(200);

    for (int i = 0; i < 50; i++) {
        struct pen pen = pen_of(example, model, i);
        connects(&pen, 2);
        talks(&pen, 5, 14, ms(1) + each * (uint64_t)i);
        span_until(&pen, 0, LANE_SILENT, round);
        talks(&pen, 5, 14, ms(1) + each * (uint64_t)i);
        span_until(&pen, 0, LANE_SILENT, 2 * round);
        sees_the_end(&pen, 10, ms(1));
    }
    model->began = began;
    model->ended = began + 2 * round + ms(2);
    model->everybody_served = round + ms(1) + each * 49;
    model->longest_wait = ms(1) + each * 49;
    model->longest_lane = 49;
    model->is_over = true;
}

static void add_busy_thread(struct model_record *model, uint64_t end)
{
    static const char *const calls[] = {"recv", "recv", "accept", "send"};
    struct thread_lane *thread = add_thread(model, 5000);
    uint64_t at = 0;

    for (unsigned i = 0; at + us(900) < end; i++, at += us(700))
        call(thread, at, at + us(100 + 13 * (i % 40)),
             (struct call_span){.call = calls[i % 4],
                                .fd = 4 + (int)(i % 50),
                                .client = (int)(i % 50),
                                .error = i % 4 == 3 ? 0 : EAGAIN});
}

struct example *example_crowd(void)
{
    static const char *const names[] = {"02-fcntl-nonblock", "03-settimeout", "05-select"};
    static const unsigned each[] = {1, 20, 2};
    struct example *example = begin("scripts/crowd.script", crowd_source);

    for (size_t i = 0; i < 3; i++) {
        struct model_record *model =
            add_model(example, (struct model_record){.name = names[i],
                                                     .idea = "in a way of its own",
                                                     .state = "passes",
                                                     .problem = "",
                                                     .verdict = "C50 was served last.",
                                                     .costs = {0.3, 0.1, 4000, 1, 300, 1700, false}});
        play_crowd(example, model, ms(each[i]));
        add_busy_thread(model, model->ended);
        if (example->record.now < model->ended + ms(50))
            example->record.now = model->ended + ms(50);
    }
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
    struct example *example = begin("scripts/o\"d<d>&.script", source);
    struct model_record *model = add_model(
        example, (struct model_record){.name = "<i>\"08\"</script>",
                                       .idea = "\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf tab\there \u4f60\u597d e\u0301",
                                       .state = "FAILS",
                                       .problem = "came: \"\x7f\x1b[31m\"",
                                       .verdict = "</script>\n<h1>verdict</h1>",
                                       .outcome = PLAY_FAILS,
                                       .costs = COSTS_UNKNOWN,
                                       .longest_lane = -1});
    struct pen pen = {.script = example->script, .lane = &model->lanes[0]};

    connects(&pen, 2);
    mark(&pen, 3, MARK_SENT, moved(7), 0);
    span(&pen, 4, LANE_WAITING, 999);
    mark(&pen, 4, MARK_FAILED, (struct io_result){.status = IO_ERROR, .error = 4095}, 999);
    call(add_thread(model, 1), 0, pen.at, (struct call_span){.call = "<call>", .fd = -1, .error = ENOENT});
    add_thread(model, 2);
    add_model(example, (struct model_record){.name = "", .idea = "", .state = "", .problem = "", .longest_lane = -1});
    model = &example->record.models[0]; /* the list has moved */
    model->ended = pen.at;
    example->record.now = pen.at;
    return example;
}

struct example *example_empty(void)
{
    struct example *example = begin("empty.script", "# empty: nobody says anything\nA wait 1ms\n");

    example->script->step_count = 0; /* the parser would not have that, but it is the least that a record can have */
    example->script->actor_count = 0;
    example->record.is_traced = false;
    return example;
}

const struct example_kind example_kinds[EXAMPLE_COUNT] = {
    {"class", example_class}, {"crowd", example_crowd}, {"odd", example_odd}, {"empty", example_empty}};
