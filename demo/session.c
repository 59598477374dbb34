/* session - see session.h */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "player/memory.h"
#include "player/process.h"
#include "record/verdict.h"

enum {
    TICK_MS = 50,
    TICKS_A_PICTURE = 2,
    START_LIMIT_MS = 3000, /* the conversations begin without a server that takes longer to be ready */
    SETTLE_MS = 250, /* between the last server being ready and the conversations */
    COSTS_MS = 100, /* between two looks at what a server costs; */
    COSTS_SOONER_MS = 20, /* less while something happens, */
    LOOKS_REST = 50, /* but at least this many times as long as a look takes: with a thousand threads it takes long */
    STRACE_LIMIT_MS = 1000, /* for strace to end after its server */
    PAGE_MS = 4000 /* a page of models is shown for this long, unless somebody turns the pages */
};

static const uint64_t millisecond = 1000000;

static uint64_t now_of(const struct session *session)
{
    return uv_hrtime() - session->zero;
}

/* ---- Costs ---- */

static void look_at_costs(struct run *run, uint64_t pause_ms)
{
    const uint64_t now = now_of(run->session);
    const uint64_t pause = pause_ms == 0 ? 0 : pause_ms * millisecond + LOOKS_REST * run->look_took;

    if (run->play == NULL || now - run->looked_at < pause)
        return;
    costs_look(&run->costs, now);
    run->looked_at = now_of(run->session);
    run->look_took = run->looked_at - now;
}

static void tell_costs(struct run *run)
{
    struct model_record *model = &run->session->recorder.record.models[run->index];

    costs_tell(&run->costs, model);
    tracer_tell(&run->tracer, &model->costs);
}

/* ---- The player's events ---- */

static void note_event(struct play *play, const struct play_event *event, void *data)
{
    struct run *run = data;
    struct session *session = run->session;

    if (session->was_ended && event->kind == PLAY_FAILED)
        return; /* nothing has failed: somebody has ended the demo */
    recorder_event(&session->recorder, run->index, event, now_of(session));
    switch (event->kind) {
    case PLAY_READY:
        costs_begin(&run->costs, play_pid(play), now_of(session));
        break;
    case PLAY_STEP_ENDS:
        look_at_costs(run, COSTS_SOONER_MS);
        break;
    case PLAY_TOLD_TO_END: /* the last look at it */
        look_at_costs(run, 0);
        break;
    default:
        break;
    }
}

static void note_end(struct play *play, void *data)
{
    struct run *run = data;
    struct session *session = run->session;
    const struct play_result *result = play_result(play);
    const bool was_cut = session->was_ended && result->outcome == PLAY_FAILS;

    recorder_done(&session->recorder, run->index, was_cut ? NULL : result, now_of(session));
    play_free(play);
    tracer_clean_up(&run->tracer);
    run->play = NULL;
    run->is_done = true;
}

/* ---- The common start ---- */

static void begin_conversations(uv_timer_t *timer)
{
    struct session *session = timer->data;

    session->has_begun = true;
    for (size_t i = 0; i < session->count; i++)
        if (session->runs[i].is_ready && session->runs[i].play != NULL)
            play_go(session->runs[i].play);
}

static bool all_are_ready(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (!session->runs[i].is_ready && !session->runs[i].is_done)
            return false;
    return true;
}

/* All begin together, but a server that is ready too late for that begins alone. */
static void note_ready(struct play *play, void *data)
{
    struct run *run = data;
    struct session *session = run->session;

    run->is_ready = true;
    tracer_begin(&run->tracer, play_pid(play));
    if (session->has_begun)
        play_go(play);
    else if (all_are_ready(session))
        uv_timer_start(&session->start, begin_conversations, SETTLE_MS, 0);
}

/* ---- The picture ---- */

static void draw(struct session *session)
{
    struct text picture = {0};

    if (!session->uses_terminal || terminal_is_busy(&session->terminal))
        return;
    terminal_size(&session->terminal, &session->view.style.width, &session->view.height);
    if (session->view.style.width < VIEW_MIN_WIDTH)
        session->view.style.width = VIEW_MIN_WIDTH; /* the terminal cuts off what it cannot show */
    view_frame(&session->view, &session->recorder.record, &picture);
    terminal_draw(&session->terminal, text_take(&picture));
}

/* The last model that may stand at the top: from there on, all others fit. */
static size_t last_top(const struct session *session)
{
    struct view view = session->view;

    for (view.first = 0; view.first + 1 < session->count; view.first++)
        if (view.first + view_page(&view, &session->recorder.record) >= session->count)
            break;
    return view.first;
}

static void turn_pages(struct session *session, uint64_t now)
{
    struct view *view = &session->view;

    if (session->was_scrolled || now - session->turned_at < PAGE_MS * millisecond)
        return;
    session->turned_at = now;
    view->first += view_page(view, &session->recorder.record);
    if (view->first >= session->count)
        view->first = 0;
    else if (view->first > last_top(session))
        view->first = last_top(session);
}

static void scroll(struct session *session, int step)
{
    session->was_scrolled = true;
    if (step < 0 && session->view.first > 0)
        session->view.first--;
    else if (step > 0 && session->view.first < last_top(session))
        session->view.first++;
    draw(session);
}

static void end_early(struct session *session)
{
    session->was_ended = true;
    for (size_t i = 0; i < session->count; i++)
        if (session->runs[i].play != NULL)
            play_abort(session->runs[i].play);
}

static void on_key(char key, void *data)
{
    struct session *session = data;

    switch (key) {
    case ' ':
        session->view.is_paused = !session->view.is_paused;
        draw(session);
        break;
    case 'u':
    case 'k':
        scroll(session, -1);
        break;
    case 'd':
    case 'j':
        scroll(session, 1);
        break;
    case 'q':
    case 'Q':
        end_early(session);
        break;
    default:
        break;
    }
}

static void on_resize(void *data)
{
    struct session *session = data;

    if (session->view.first > last_top(session))
        session->view.first = last_top(session);
    draw(session);
}

/* ---- Ticks ---- */

static bool all_are_done(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (!session->runs[i].is_done)
            return false;
    return true;
}

static bool strace_writes(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (tracer_is_reading(&session->runs[i].tracer))
            return true;
    return false;
}

/* All servers have ended, and so has strace, or its time is up: nothing keeps the loop running any more. */
static void wind_up(struct session *session, uint64_t now)
{
    if (session->done_at == 0)
        session->done_at = now;
    if (strace_writes(session) && now - session->done_at < STRACE_LIMIT_MS * millisecond)
        return;
    for (size_t i = 0; i < session->count; i++)
        tracer_close(&session->runs[i].tracer);
    uv_timer_stop(&session->ticks);
    uv_timer_stop(&session->start);
}

static void on_tick(uv_timer_t *timer)
{
    struct session *session = timer->data;
    const uint64_t now = now_of(session);

    for (size_t i = 0; i < session->count; i++) {
        struct run *run = &session->runs[i];
        if (run->play == NULL)
            continue;
        tracer_look(&run->tracer, now);
        look_at_costs(run, COSTS_MS);
    }
    recorder_grow(&session->recorder, now);
    if (++session->tick_count % TICKS_A_PICTURE == 0 && !session->view.is_paused) {
        turn_pages(session, now);
        draw(session);
    }
    if (all_are_done(session))
        wind_up(session, now);
}

/* ---- Beginning and end ---- */

/* How far apart strace's clock and ours are. */
static int64_t zero_of_system_clock(const struct session *session)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec - (int64_t)now_of(session);
}

static void start_model(struct session *session, struct run *run)
{
    struct play_options options = {.program = run->choice->model->server,
                                   .args = run->choice->args,
                                   .descriptors = session->descriptors,
                                   .on_ready = note_ready,
                                   .on_event = note_event,
                                   .on_done = note_end,
                                   .data = run};

    if (run->choice->model->left_out != NULL) {
        struct text reason = {0};
        text_add(&reason, "left out: %s", run->choice->model->left_out);
        recorder_leave_out(&session->recorder, run->index, reason.chars);
        text_free(&reason);
        run->is_done = true;
        return;
    }
    tracer_init(&run->tracer, &session->loop, &session->recorder, run->index, zero_of_system_clock(session),
                session->uses_strace);
    options.runner = tracer_runner(&run->tracer);
    run->play = play_start(&session->loop, session->script, &options);
}

/* The article's words for it: the first comment of server.c begins with "NAME - what it does." */
static char *idea_of(const char *name)
{
    struct text path = {0}, idea = {0};
    char line[256];

    text_add(&path, "%s/server.c", name);
    FILE *file = fopen(path.chars, "r");
    text_free(&path);
    for (int i = 0; i < 3 && file != NULL && idea.length == 0 && fgets(line, sizeof line, file) != NULL; i++) {
        const char *dash = strstr(line, " - ");
        if (dash != NULL)
            text_add(&idea, "%.*s", (int)strcspn(dash + 3, "\n"), dash + 3);
    }
    if (file != NULL)
        fclose(file);
    return text_take(&idea);
}

static void begin_record(struct session *session, const struct model_choice *choices)
{
    recorder_init(&session->recorder, session->script, session->count);
    session->recorder.record.is_traced = session->uses_strace;
    for (size_t i = 0; i < session->count; i++) {
        char *idea = idea_of(choices[i].model->name);
        recorder_name(&session->recorder, i, choices[i].name, idea);
        free(idea);
    }
}

static void leave_screen(struct session *session)
{
    if (session->uses_terminal)
        terminal_end(&session->terminal);
    session->uses_terminal = false;
}

static void kill_children(void *data)
{
    struct session *session = data;

    if (session->uses_terminal)
        terminal_restore(&session->terminal);
    for (size_t i = 0; i < session->count; i++) {
        if (session->runs[i].play != NULL)
            play_abort(session->runs[i].play);
        tracer_clean_up(&session->runs[i].tracer);
    }
    tracer_reap_orphans();
}

static void begin(struct session *session, const struct model_choice *choices)
{
    uv_loop_init(&session->loop);
    interrupt_watch(&session->interrupt, &session->loop, kill_children, session);
    session->descriptors = process_raise_descriptors();
    session->zero = uv_hrtime();
    session->view.length = view_expected_length(session->script);
    session->terminal = (struct terminal){.on_key = on_key, .on_resize = on_resize, .data = session};
    session->uses_terminal = session->uses_terminal && terminal_begin(&session->terminal, &session->loop);
    session->view.has_keys = session->uses_terminal && session->terminal.has_keys;
    session->ticks.data = session->start.data = session;
    uv_timer_init(&session->loop, &session->ticks);
    uv_timer_init(&session->loop, &session->start);
    uv_timer_start(&session->ticks, on_tick, TICK_MS, TICK_MS);
    uv_timer_start(&session->start, begin_conversations, START_LIMIT_MS, 0);
    for (size_t i = 0; i < session->count; i++) {
        session->runs[i] = (struct run){.session = session, .index = i, .choice = &choices[i]};
        start_model(session, &session->runs[i]);
    }
}

static void judge(struct session *session)
{
    struct record *record = &session->recorder.record;

    for (size_t i = 0; i < session->count; i++) {
        if (record->models[i].began == 0)
            continue;
        syscalls_finish(&session->runs[i].tracer.syscalls);
        tell_costs(&session->runs[i]);
    }
    recorder_begin_axis(&session->recorder);
    for (size_t i = 0; i < session->count; i++)
        record->models[i].verdict = verdict_of(record, i);
}

void session_run(struct session *session, const struct model_choice *choices, size_t count)
{
    session->count = count;
    session->runs = memory_zeroed(count + 1, sizeof session->runs[0]);
    begin_record(session, choices);
    begin(session, choices);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    leave_screen(session);
    interrupt_close(&session->interrupt);
    uv_close((uv_handle_t *)&session->ticks, NULL);
    uv_close((uv_handle_t *)&session->start, NULL);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    uv_loop_close(&session->loop);
    judge(session);
}

void session_free(struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        tracer_free(&session->runs[i].tracer);
        costs_free(&session->runs[i].costs);
    }
    free(session->runs);
    recorder_free(&session->recorder);
}
