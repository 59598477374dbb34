/* player - see player.h; player_parts.h says what its files do */
#include "player.h"

#include <stdlib.h>

#include "memory.h"
#include "player_parts.h"

enum {
    DEFAULT_LIMIT_MS = 10000, /* of a step */
    DEFAULT_SCRIPT_LIMIT_MS = 60000,
    TICK_MS = 20,
    LATE_MS = 30, /* a tick that comes so long after the last one is late */
    BYTES_A_MS = 1024 /* that even a slow system sends and brings back */
};

const struct play_event *play_events(const struct play *play, size_t *count)
{
    *count = play->event_count;
    return play->events;
}

const struct play_result *play_result(const struct play *play)
{
    return &play->result;
}

/* ---- Steps ---- */

const struct step *actor_step(const struct actor *actor)
{
    return &actor->script->steps[actor->step];
}

uint64_t actor_limit(const struct actor *actor)
{
    const struct step *step = actor_step(actor);
    const uint64_t usual = actor->play->options.limit_ms;

    if (step->within_ms > 0)
        return step->within_ms;
    return step->duration_ms + (usual > 0 ? usual : DEFAULT_LIMIT_MS);
}

static void take_state(struct actor *actor, enum step_state state);
static void advance(struct play *play);

/* How long the step may take by what the script says, in milliseconds. */
static uint64_t own_time(const struct step *step)
{
    const enum effect effect = step->verb->effect;
    const uint64_t pauses = step->piece > 0 ? step->sizes[0] / step->piece * step->every_ms : 0;

    if (effect == EFFECT_SENDS || effect == EFFECT_GIVES_INPUT)
        return pauses + step->sizes[0] / BYTES_A_MS;
    return step->within_ms > 0 ? step->within_ms : step->duration_ms;
}

static uint64_t limit_of(const struct play *play)
{
    if (play->script->time_ms > 0)
        return play->script->time_ms;
    uint64_t limit = play->options.script_limit_ms > 0 ? play->options.script_limit_ms : DEFAULT_SCRIPT_LIMIT_MS;

    for (int i = 0; i < play->script->step_count; i++)
        limit += own_time(&play->script->steps[i]);
    return limit;
}

/* While any actor makes progress, the others may be waiting for their turn, unless their step has a limit of its own. */
static bool may_wait_on(struct actor *actor)
{
    const struct step *step = actor_step(actor);
    const uint64_t quiet = uv_now(actor->play->loop) - actor->play->moved_at;

    if (verb_is_tested(step->verb) || step->within_ms > 0 || step->duration_ms > 0 || quiet >= actor_limit(actor))
        return false;
    actor_set_timer(actor, actor_limit(actor) - quiet);
    return true;
}

/* A player that gets no core sees nothing of what comes meanwhile. To be called at every tick, at least. */
static void note_lost_time(struct play *play)
{
    const uint64_t now = uv_now(play->loop), passed = now - play->ticked_at;

    play->ticked_at = now;
    if (passed >= LATE_MS)
        play->lost_ms += passed - TICK_MS;
}

/* What was lost during the step is added to its limit. */
static bool has_lost_time(struct actor *actor)
{
    note_lost_time(actor->play);
    const uint64_t lost = actor->play->lost_ms - actor->lost_ms;
    actor->lost_ms = actor->play->lost_ms;
    if (lost > 0)
        actor_set_timer(actor, lost);
    return lost > 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct actor *actor = timer->data;

    if (!actor->is_waiting || may_wait_on(actor))
        return;
    const struct verb *verb = actor_step(actor)->verb;
    if (verb->time_is_up == NULL && has_lost_time(actor))
        return;
    take_state(actor, verb->time_is_up != NULL ? verb->time_is_up(actor) : STEP_OUT_OF_TIME);
    advance(actor->play);
}

void actor_set_timer(struct actor *actor, uint64_t milliseconds)
{
    uv_update_time(actor->play->loop); /* libuv reads the clock once a turn of the loop */
    uv_timer_start(&actor->timer, on_timer, milliseconds, 0);
}

static void begin_step(struct actor *actor)
{
    struct play *play = actor->play;
    const struct verb *verb = actor_step(actor)->verb;

    actor->began = uv_hrtime();
    actor->lost_ms = play->lost_ms;
    actor->is_waiting = false;
    actor->result = (struct io_result){.status = IO_SUCCESS};
    if (actor->has_dropped_out)
        return;
    play_trace(play, actor, PLAY_STEP_BEGINS, actor->result, 0);
    enum step_state state = verb->begin != NULL ? verb->begin(actor) : STEP_WAITS;
    if (state == STEP_WAITS && verb->check != NULL && play->stage == STAGE_PLAYS)
        state = verb->check(actor);
    if (play->stage != STAGE_PLAYS)
        return;
    if (state == STEP_WAITS) {
        actor->is_waiting = true;
        play_trace(play, actor, PLAY_WAITING, (struct io_result){.status = IO_NO_DATA}, 0);
        if (!uv_is_active((uv_handle_t *)&actor->timer))
            actor_set_timer(actor, actor_limit(actor));
    }
}

static void end_step(struct actor *actor)
{
    play_trace(actor->play, actor, PLAY_STEP_ENDS, actor->result, 0);
    actor->is_waiting = false;
    uv_timer_stop(&actor->timer);
    actor->step = actor->play->next_step[actor->step];
    actor->play->steps_left--;
}

/* The actor's steps of this phase, until one has to wait. */
static void run_actor(struct actor *actor)
{
    struct play *play = actor->play;

    while (play->stage == STAGE_PLAYS && actor->step != -1 && actor_step(actor)->phase == play->phase) {
        begin_step(actor);
        if (actor->is_waiting || play->stage != STAGE_PLAYS)
            return;
        end_step(actor);
    }
}

static void run_out_of_time(struct actor *actor)
{
    const bool is_client = !verb_is_tested(actor_step(actor)->verb);

    if (is_client && actor_drops_out(actor, (struct io_result){.status = IO_TIMEOUT}))
        take_state(actor, STEP_DONE);
    else
        play_stall(actor->play, actor);
}

static void take_state(struct actor *actor, enum step_state state)
{
    if (actor->play->stage != STAGE_PLAYS)
        return;
    switch (state) {
    case STEP_WAITS:
        return;
    case STEP_DONE:
        end_step(actor);
        run_actor(actor);
        return;
    case STEP_OUT_OF_TIME:
        run_out_of_time(actor);
        return;
    }
}

void actor_recheck(struct actor *actor, bool progress)
{
    if (progress)
        actor->play->moved_at = uv_now(actor->play->loop);
    if (actor->play->stage != STAGE_PLAYS || !actor->is_waiting)
        return;
    const struct verb *verb = actor_step(actor)->verb;
    take_state(actor, verb->check != NULL ? verb->check(actor) : STEP_WAITS);
    advance(actor->play);
    if (progress && actor->play->stage == STAGE_PLAYS && actor->is_waiting) {
        const struct step *step = actor_step(actor);
        if (step->within_ms == 0 && step->duration_ms == 0)
            actor_set_timer(actor, actor_limit(actor));
    }
}

/* ---- Phases: what stands between two `sync` ---- */

static void begin_phase(struct play *play)
{
    const struct script *script = play->script;

    play->steps_left = 0;
    while (play->phase_start < script->step_count && script->steps[play->phase_start].phase == play->phase) {
        play->phase_start++;
        play->steps_left++;
    }
    for (int i = 0; i < script->actor_count; i++)
        run_actor(&play->actors[i]);
}

static void advance(struct play *play)
{
    while (play->stage == STAGE_PLAYS && play->steps_left == 0) {
        if (++play->phase < play->script->phase_count)
            begin_phase(play);
        else
            play_stop(play);
    }
}

/* For how long has a server worked, or waited for a core, since it was ready? That is not counted by `limit time`. */
static uint64_t worked_ms(const struct play *play)
{
    const struct program *program = &play->program;
    uint64_t busy;

    if (play->script->time_ms == 0 || program->process == NULL || !process_busy_time(program->process, &busy))
        return 0;
    return busy > program->busy_at_first ? (busy - program->busy_at_first) / 1000000 : 0;
}

static void on_tick(uv_timer_t *timer)
{
    struct play *play = timer->data;

    note_lost_time(play);
    const uint64_t spent = (uv_hrtime() - play->began) / 1000000, limit = play->limit_ms + play->lost_ms;
    if (spent >= limit && spent >= limit + worked_ms(play))
        play_stall_slowly(play);
}

void play_begin(struct play *play)
{
    play->stage = STAGE_PLAYS;
    play->began = uv_hrtime();
    play_trace(play, NULL, PLAY_READY, (struct io_result){.status = IO_SUCCESS}, 0);
    play->limit_ms = limit_of(play);
    uv_update_time(play->loop);
    play->ticked_at = uv_now(play->loop);
    uv_timer_start(&play->timer, on_tick, TICK_MS, TICK_MS);
    begin_phase(play);
    advance(play);
}

void play_go(struct play *play)
{
    if (play->stage == STAGE_STARTS && play->program.process != NULL && process_status(play->program.process).is_ready)
        play_begin(play);
}

int play_pid(const struct play *play)
{
    return play->program.process != NULL ? process_pid(play->program.process) : -1;
}

/* ---- The end ---- */

void play_stop(struct play *play)
{
    if (play->stage >= STAGE_STOPS)
        return;
    play->stage = STAGE_STOPS;
    uv_timer_stop(&play->timer);
    uv_timer_stop(&play->room_timer);
    for (int i = 0; i < play->script->actor_count; i++) {
        play->actors[i].is_waiting = false;
        uv_timer_stop(&play->actors[i].timer);
    }
    program_stop(play);
}

void play_note_closed(struct play *play)
{
    if (--play->open_things > 0 || play->stage != STAGE_CLOSES)
        return;
    play->stage = STAGE_DONE;
    play_conclude(play);
    play->options.on_done(play, play->options.data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    play_note_closed(handle->data);
}

static void on_actor_closed(uv_handle_t *handle)
{
    const struct actor *actor = handle->data;

    play_note_closed(actor->play);
}

void play_close(struct play *play)
{
    if (play->stage >= STAGE_CLOSES)
        return;
    play->stage = STAGE_CLOSES;
    for (struct connection *connection = play->connections; connection != NULL; connection = connection->next)
        connection_close(connection);
    for (int i = 0; i < play->script->actor_count; i++) {
        actor_end_flood(&play->actors[i]);
        uv_close((uv_handle_t *)&play->actors[i].timer, on_actor_closed);
    }
    uv_close((uv_handle_t *)&play->timer, on_handle_closed);
    uv_close((uv_handle_t *)&play->room_timer, on_handle_closed);
    uv_close((uv_handle_t *)&play->listener, on_handle_closed);
    program_close(play);
}

void play_abort(struct play *play)
{
    if (play->stage >= STAGE_CLOSES)
        return;
    play->program.end_is_explained = true;
    play_fail(play, NULL, "given up");
    if (play->program.process != NULL)
        process_kill(play->program.process);
}

void play_free(struct play *play)
{
    while (play->connections != NULL) {
        struct connection *connection = play->connections;
        play->connections = connection->next;
        connection_free(connection);
    }
    payload_free(&play->program.input);
    text_free(&play->findings.problem);
    text_free(&play->findings.expected);
    text_free(&play->findings.came);
    text_free(&play->findings.ended);
    text_free(&play->findings.said);
    text_free(&play->findings.note);
    free(play->events);
    free(play->next_step);
    free(play->actors);
    free(play);
}

/* ---- The start ---- */

static void on_start(uv_timer_t *timer)
{
    struct play *play = timer->data;

    if (play->script->kind == SCRIPT_FOR_SERVERS) {
        program_start_server(play);
        return;
    }
    const int error = play_open_listener(play);
    if (error != 0)
        play_fail(play, NULL, "the player cannot listen on 127.0.0.1: %s", uv_strerror(error));
    else
        play_begin(play);
}

/* Every actor's steps, chained in order. */
static void chain_steps(struct play *play)
{
    const struct script *script = play->script;

    play->next_step = memory_zeroed((size_t)script->step_count, sizeof play->next_step[0]);
    for (int i = script->step_count - 1; i >= 0; i--) {
        struct actor *actor = &play->actors[script->steps[i].actor];
        play->next_step[i] = actor->step;
        actor->step = i;
        if (verb_is_tested(script->steps[i].verb))
            play->program.actor = actor;
    }
}

struct play *play_start(uv_loop_t *loop, const struct script *script, const struct play_options *options)
{
    static const struct payload nothing = {0};
    struct play *play = memory_zeroed(1, sizeof *play);

    play->loop = loop;
    play->script = script;
    play->options = *options;
    play->findings.step = -1;
    play->program.kind = script->kind == SCRIPT_FOR_SERVERS ? "server" : "client";
    play->program.output.due = &nothing;
    play->actors = memory_zeroed((size_t)script->actor_count, sizeof play->actors[0]);
    for (int i = 0; i < script->actor_count; i++) {
        struct actor *actor = &play->actors[i];
        *actor = (struct actor){.play = play,
                                .script = script,
                                .program = &play->program,
                                .name = script->actors[i],
                                .index = i,
                                .step = -1};
        actor->timer.data = actor;
        uv_timer_init(loop, &actor->timer);
    }
    chain_steps(play);
    play->timer.data = play->room_timer.data = play->listener.data = play;
    uv_tcp_init(loop, &play->listener);
    uv_timer_init(loop, &play->timer);
    uv_timer_init(loop, &play->room_timer);
    uv_timer_start(&play->timer, on_start, 0, 0);
    play->open_things = script->actor_count + 3;
    return play;
}
