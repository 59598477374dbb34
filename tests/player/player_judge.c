/* player_judge - what happened in a play, and what that means; see player_parts.h */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "player_parts.h"

const char *play_outcome_name(enum play_outcome outcome)
{
    switch (outcome) {
    case PLAY_PASSES:
        return "passes";
    case PLAY_STALLS:
        return "stalls";
    case PLAY_FAILS:
        return "FAILS";
    }
    return "unknown";
}

/* ---- Events ---- */

static uint64_t waited(const struct actor *actor, enum play_event_kind kind)
{
    const bool ends = kind == PLAY_STEP_ENDS || kind == PLAY_STALLED || kind == PLAY_FAILED;

    return ends && actor != NULL && actor->is_waiting ? uv_hrtime() - actor->began : 0;
}

void play_trace(struct play *play, const struct actor *actor, enum play_event_kind kind, struct io_result result,
                size_t total)
{
    const struct play_event event = {.time = play->began != 0 ? uv_hrtime() - play->began : 0,
                                     .kind = kind,
                                     .actor = actor != NULL ? actor->index : -1,
                                     .step = actor != NULL ? actor->step : -1,
                                     .result = result,
                                     .total = total,
                                     .waited = waited(actor, kind)};

    play->events = memory_grown(play->events, play->event_count, sizeof play->events[0]);
    play->events[play->event_count++] = event;
    if (play->options.on_event != NULL)
        play->options.on_event(play, &event, play->options.data);
}

/* ---- Findings ---- */

static const struct actor *whoever_waits(const struct play *play)
{
    const struct actor *first = NULL;

    for (int i = 0; i < play->script->actor_count; i++) {
        const struct actor *actor = &play->actors[i];
        if (actor->is_waiting && (first == NULL || actor->step < first->step))
            first = actor;
    }
    return first;
}

/* A step that lasts for a time has no limit, unless the script gives it one or it waits for the program to rest. */
static bool has_limit(const struct step *step)
{
    return step->within_ms > 0 || step->duration_ms == 0 || verb_is_tested(step->verb);
}

static void describe_expected(const struct actor *actor, struct text *expected)
{
    const struct verb *verb = actor_step(actor)->verb;

    if (verb->expects != NULL)
        text_add(expected, "%s", verb->expects);
    else if (verb->describe_expected != NULL)
        verb->describe_expected(actor, expected);
}

static void add_limit(const struct actor *actor, struct text *expected)
{
    const unsigned long long limit = actor_limit(actor);

    if (expected->length == 0 || !has_limit(actor_step(actor)))
        return;
    if (limit % 1000 == 0)
        text_add(expected, " within %llu s", limit / 1000);
    else
        text_add(expected, " within %llu ms", limit);
}

static void describe_came(const struct actor *actor, struct text *came)
{
    const struct verb *verb = actor_step(actor)->verb;
    struct process *process = actor->program->process;

    if (verb->describe_came != NULL)
        verb->describe_came(actor, came);
    if (came->length > 0)
        return;
    if (!verb_is_tested(verb))
        actor_describe_came(actor, came);
    else if (process != NULL && process_status(process).has_ended)
        text_add(came, "it %s", process_describe_end(process));
    else
        text_add(came, "it still runs");
}

static void note_step(struct play *play, const struct actor *actor, bool with_limit)
{
    struct findings *findings = &play->findings;

    if (actor == NULL || play->stage > STAGE_PLAYS)
        return;
    findings->step = actor->step;
    findings->waited = uv_hrtime() - actor->began;
    describe_expected(actor, &findings->expected);
    if (with_limit)
        add_limit(actor, &findings->expected);
    describe_came(actor, &findings->came);
}

/* The first finding counts, but a failure outweighs a stall: some mistakes show only at the end. */
void play_fail(struct play *play, const struct actor *actor, const char *format, ...)
{
    struct findings *findings = &play->findings;
    const bool has_stalled = findings->outcome == PLAY_STALLS;
    va_list arguments;
    char problem[400];

    if (findings->outcome == PLAY_FAILS)
        return;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    text_free(&findings->problem);
    text_add(&findings->problem, has_stalled ? "%s (and it had stalled before)" : "%s", problem);
    findings->outcome = PLAY_FAILS;
    if (actor == NULL || actor->step == -1)
        actor = whoever_waits(play);
    note_step(play, actor, true);
    play_trace(play, actor, PLAY_FAILED, (struct io_result){.status = IO_ERROR}, 0);
    play_stop(play);
}

void play_fail_wrong(struct play *play, const struct actor *actor, const struct incoming *incoming, const char *whole)
{
    struct text problem = {0};

    incoming_describe_wrong(incoming, whole, &problem);
    play_fail(play, actor, "%s", problem.chars);
    text_free(&problem);
}

static void stall(struct play *play, const struct actor *actor)
{
    play->findings.outcome = PLAY_STALLS;
    play_trace(play, actor, PLAY_STALLED, (struct io_result){.status = IO_TIMEOUT}, 0);
    play_stop(play);
}

void play_stall(struct play *play, const struct actor *actor)
{
    note_step(play, actor, true);
    text_add(&play->findings.problem, "the step's time is up");
    stall(play, actor);
}

void play_stall_slowly(struct play *play)
{
    const struct actor *actor = whoever_waits(play);

    note_step(play, actor, false);
    text_add(&play->findings.problem, "the %s is too slow: after ", play->program.kind);
    text_add_time(&play->findings.problem, play->limit_ms * 1000000, TIME_EXACT);
    text_add(&play->findings.problem, " the script is not done");
    stall(play, actor);
}

bool actor_drops_out(struct actor *actor, struct io_result why)
{
    if (!actor->play->options.others_go_on)
        return false;
    actor->has_dropped_out = true;
    play_trace(actor->play, actor, why.status == IO_TIMEOUT ? PLAY_STALLED : PLAY_FAILED, why, 0);
    return true;
}

void actor_note(const struct actor *actor, const char *what)
{
    struct text *note = &actor->play->findings.note;

    text_free(note);
    text_add(note, "line %d: %s", actor_step(actor)->line, what);
}

/* ---- How the program ended ---- */

static void describe_end(struct play *play)
{
    struct process *process = play->program.process;
    const struct process_status status = process_status(process);
    struct text *ended = &play->findings.ended;

    text_add(ended, "the %s %s", play->program.kind, process_describe_end(process));
    if (status.is_ready && status.was_told) {
        text_add(ended, ", ");
        text_add_time(ended, status.stop_time, TIME_EXACT);
        text_add(ended, " after %s", status.told == SIGINT ? "SIGINT" : "SIGTERM");
    }
    text_add(&play->findings.said, "%s", process_stderr(process).bytes);
}

/*
 * A server of the reader's own need not handle SIGTERM: it may be ended by that very signal. A client is told to end only
 * when the script is done with it.
 */
static bool may_end_by_sigterm(const struct play *play)
{
    return play->script->kind == SCRIPT_FOR_CLIENTS || play->options.command != NULL;
}

static bool ended_well(const struct play *play)
{
    const struct process_status status = process_status(play->program.process);
    const bool is_server = play->script->kind == SCRIPT_FOR_SERVERS;

    if (status.was_told && status.signal == SIGTERM)
        return may_end_by_sigterm(play);
    if (status.signal != 0)
        return false;
    return !is_server || (status.was_told && status.exit_status == 0);
}

/*
 * When a server crashes, its connections may end before the player learns of the crash. The crash is the reason for what
 * was found, so it is named first.
 */
static void put_end_first(struct play *play)
{
    struct text problem = {0};

    text_add(&problem, "the %s %s (first seen: %s)", play->program.kind, process_describe_end(play->program.process),
             play->findings.problem.chars);
    text_free(&play->findings.problem);
    play->findings.problem = problem;
}

static void judge_exit(struct play *play)
{
    struct process *process = play->program.process;

    if (play->program.end_is_explained || ended_well(play))
        return;
    if (play->findings.outcome == PLAY_FAILS && process_status(process).was_killed)
        text_add(&play->findings.problem, "; and the %s had to be killed", play->program.kind);
    else if (play->findings.outcome == PLAY_FAILS)
        put_end_first(play);
    else if (process_status(process).was_told)
        play_fail(play, NULL, "the %s should end on SIGTERM with exit status 0, but it %s", play->program.kind,
                  process_describe_end(process));
    else
        play_fail(play, NULL, "the %s %s without being told to", play->program.kind, process_describe_end(process));
}

static void judge_family(struct play *play)
{
    const struct process *process = play->program.process;
    const size_t left = process_status(process).left;

    if (left > 0)
        play_fail(play, NULL, "%zu of the %s's processes %s still there 1 s after it had ended: %s", left,
                  play->program.kind, left == 1 ? "was" : "were", process_describe_left(process));
}

/* UBSan reports an error, and the program still exits with 0. */
static void judge_stderr(struct play *play)
{
    static const char *const reports[] = {"Sanitizer: ", ": runtime error: "};
    const struct text *said = &play->findings.said;

    for (size_t i = 0; i < sizeof reports / sizeof reports[0] && said->length > 0; i++)
        if (strstr(said->chars, reports[i]) != NULL)
            play_fail(play, NULL, "a sanitizer reports an error of the %s", play->program.kind);
}

static void judge_leftovers(struct play *play)
{
    const struct program *program = &play->program;
    struct text problem = {0};
    bool found = incoming_unexpected(&program->output) > 0;

    if (play->findings.outcome != PLAY_PASSES || play->program.was_stopped_by_step)
        return;
    if (found)
        text_add(&problem, "at the end the client had printed %zu bytes that no step expected",
                 incoming_unexpected(&program->output));
    for (int i = 0; i < play->script->actor_count && !found; i++)
        found = actor_has_leftovers(&play->actors[i], &problem);
    if (found)
        play_fail(play, NULL, "%s", problem.chars);
    text_free(&problem);
}

void play_judge_end(struct play *play)
{
    if (play->program.process != NULL) {
        describe_end(play);
        judge_exit(play);
        judge_family(play);
        judge_stderr(play);
    }
    judge_leftovers(play);
}

/* ---- The result ---- */

static const char *string(const struct text *text)
{
    return text->chars != NULL ? text->chars : "";
}

void play_conclude(struct play *play)
{
    const struct findings *findings = &play->findings;

    play->result = (struct play_result){.outcome = findings->outcome,
                                        .step = findings->step,
                                        .problem = string(&findings->problem),
                                        .expected = string(&findings->expected),
                                        .came = string(&findings->came),
                                        .waited = findings->waited,
                                        .ended = string(&findings->ended),
                                        .said = string(&findings->said),
                                        .note = string(&findings->note)};
}
