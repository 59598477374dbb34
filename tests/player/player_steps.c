/* player_steps - the steps that are about the program under test; see player_parts.h */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "player_parts.h"

enum {
    SHOWN = 60, /* bytes of what came, in a message */
    KILL_LIMIT_MS = 5000, /* from SIGKILL to the end: the kernel may be busy */
    REST_PERCENT = 20 /* of the time: who is busy for less than this, rests */
};

/* ---- Steps begin ---- */

static enum step_state begin_input(struct actor *actor)
{
    struct program *program = &actor->play->program;
    const struct payload_part part = peer_part(actor, 0);

    actor->result.bytes = part.size;
    payload_add(&program->input, part);
    sender_go(&program->sender);
    return STEP_DONE;
}

static enum step_state begin_stop(struct actor *actor)
{
    const uint64_t limit = actor_limit(actor);

    program_tell_to_end(actor->play, limit);
    actor_set_timer(actor, limit + KILL_LIMIT_MS);
    return STEP_WAITS;
}

/* ---- `server rests`: in one window of the given length, looked at in eighths, it is hardly ever busy ---- */

static bool look(struct program *program)
{
    const int i = program->look_count % (REST_PARTS + 1);

    if (!process_busy_time(program->process, &program->looks[i].busy))
        return false;
    program->looks[i].at = uv_hrtime();
    if (program->look_count++ == 0)
        program->first_look = program->looks[i];
    return true;
}

static bool has_rested(const struct program *program, uint64_t duration_ms)
{
    const struct look *newest = &program->looks[(program->look_count - 1) % (REST_PARTS + 1)];
    const struct look *oldest = &program->looks[program->look_count % (REST_PARTS + 1)];
    const uint64_t window = newest->at - oldest->at;
    const uint64_t busy = newest->busy - oldest->busy; /* wraps, and is much, if a thread has ended: look again then */

    if (program->look_count <= REST_PARTS)
        return false;
    return window >= duration_ms * 1000000 && busy < window / 100 * REST_PERCENT;
}

static enum step_state look_again(struct actor *actor)
{
    struct program *program = &actor->play->program;
    const struct step *step = actor_step(actor);

    if (!look(program)) {
        text_free(&actor->play->findings.note);
        text_add(&actor->play->findings.note, "line %d: it is not known here how much CPU time the server uses",
                 step->line);
        return STEP_DONE;
    }
    if (has_rested(program, step->duration_ms))
        return STEP_DONE;
    if (uv_hrtime() - actor->began >= actor_limit(actor) * 1000000)
        return STEP_OUT_OF_TIME;
    actor_set_timer(actor, step->duration_ms / REST_PARTS + 1);
    return STEP_WAITS;
}

static enum step_state begin_rest(struct actor *actor)
{
    actor->play->program.look_count = 0;
    return look_again(actor);
}

enum step_state program_begin(struct actor *actor)
{
    struct program *program = &actor->play->program;

    switch (actor_step(actor)->verb) {
    case VERB_RUN:
        program_start_client(actor);
        return STEP_DONE;
    case VERB_INPUT:
        return begin_input(actor);
    case VERB_INPUT_END:
        sender_end(&program->sender);
        return STEP_DONE;
    case VERB_RESTS:
        return begin_rest(actor);
    case VERB_STOP:
        return begin_stop(actor);
    default:
        return program_check(actor);
    }
}

enum step_state program_time_is_up(struct actor *actor)
{
    return actor_step(actor)->verb == VERB_RESTS ? look_again(actor) : STEP_OUT_OF_TIME;
}

/* ---- Is a step done? ---- */

static enum step_state check_printed(struct actor *actor, size_t size)
{
    struct program *program = &actor->play->program;

    if (program->printed - program->expected >= size) {
        program->expected += size;
        actor->result.bytes = size;
        return STEP_DONE;
    }
    if (process_has_ended(program->process))
        return actor_fails(actor, "the client ended before it had printed that");
    return STEP_WAITS;
}

static enum step_state check_printed_text(struct actor *actor)
{
    const struct program *program = &actor->play->program;
    const struct step *step = actor_step(actor);
    const size_t size = step->sizes[0];
    bool is_right = true;

    if (program->printed - program->expected >= size) {
        char *came = memory_resized(NULL, size);
        payload_read(program_due_output(actor->play), program->expected, came, size);
        is_right = memcmp(came, step->bytes[0], size) == 0;
        free(came);
    }
    return is_right ? check_printed(actor, size) : actor_fails(actor, "the client prints something else");
}

/* Does one of the step's texts stand at `place`? Returns its length, or 0. */
static size_t text_at(const struct step *step, const struct process_stderr *words, size_t place)
{
    for (int i = 0; i < step->texts; i++)
        if (step->sizes[i] <= words->size - place && memcmp(words->bytes + place, step->bytes[i], step->sizes[i]) == 0)
            return step->sizes[i];
    return 0;
}

/* Looks behind what the `says` before has found. */
static enum step_state check_says(struct actor *actor)
{
    struct program *program = &actor->play->program;
    const struct process_stderr words = process_stderr(program->process);

    for (size_t i = program->heard > words.dropped ? program->heard - words.dropped : 0; i < words.size; i++) {
        const size_t found = text_at(actor_step(actor), &words, i);
        if (found > 0) {
            program->heard = words.dropped + i + found;
            return STEP_DONE;
        }
    }
    if (process_has_ended(program->process))
        return actor_fails(actor, "the program ended without saying so");
    return STEP_WAITS;
}

static enum step_state check_exits(struct actor *actor)
{
    struct process *process = actor->play->program.process;

    if (!process_has_ended(process))
        return STEP_WAITS;
    if (process_exit_status(process) == actor_step(actor)->exit_status)
        return STEP_DONE;
    return actor_fails(actor, "the client's exit status is wrong");
}

static enum step_state check_stop(struct actor *actor)
{
    struct process *process = actor->play->program.process;

    if (!process_has_ended(process))
        return STEP_WAITS;
    if (!process_was_killed(process) && process_signal(process) == 0 && process_exit_status(process) == 0)
        return STEP_DONE;
    actor->play->program.end_is_explained = true;
    return actor_fails(actor, "the server should exit with 0 after SIGTERM, but it %s", process_describe_end(process));
}

enum step_state program_check(struct actor *actor)
{
    struct play *play = actor->play;

    switch (actor_step(actor)->verb) {
    case VERB_PRINTS_TEXT:
        return check_printed_text(actor);
    case VERB_PRINTS_EVERYTHING:
        return check_printed(actor, program_all_output(play, play->phase) - play->program.expected);
    case VERB_SAYS:
        return check_says(actor);
    case VERB_EXITS:
        return check_exits(actor);
    case VERB_STOP:
        return check_stop(actor);
    default: /* a rest looks at the clock; all others are done when they have begun */
        return STEP_WAITS;
    }
}

/* ---- In words ---- */

static void describe_rest(const struct program *program, struct text *came)
{
    const struct look *newest = &program->looks[(program->look_count + REST_PARTS) % (REST_PARTS + 1)];
    const uint64_t time = newest->at - program->first_look.at;
    const uint64_t busy = newest->busy > program->first_look.busy ? newest->busy - program->first_look.busy : 0;

    text_add(came, "it never rested: it was busy for %.0f %% of the time",
             time > 0 ? 100.0 * (double)busy / (double)time : 0.0);
}

static void describe_printed(const struct play *play, struct text *came)
{
    char bytes[SHOWN];
    const size_t size = play->program.printed - play->program.expected;
    const size_t shown = size < SHOWN ? size : SHOWN;

    payload_read(program_due_output(play), play->program.expected, bytes, shown);
    if (size == 0) {
        text_add(came, "nothing");
        return;
    }
    text_add(came, "%zu byte%s: ", size, size == 1 ? "" : "s");
    text_add_bytes(came, bytes, shown, SHOWN);
    if (size > SHOWN)
        text_add(came, "...");
}

static void describe_expected(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);
    const struct play *play = actor->play;

    switch (step->verb) {
    case VERB_PRINTS_TEXT:
        text_add_bytes(expected, step->bytes[0], step->sizes[0], SHOWN);
        text_add(expected, " on standard output");
        return;
    case VERB_PRINTS_EVERYTHING:
        text_add(expected, "everything on standard output: %zu bytes",
                 program_all_output(play, play->phase) - play->program.expected);
        return;
    case VERB_SAYS:
        for (int i = 0; i < step->texts; i++) {
            text_add(expected, i == 0 ? "" : " or ");
            text_add_bytes(expected, step->bytes[i], step->sizes[i], SHOWN);
        }
        text_add(expected, " on standard error");
        return;
    case VERB_EXITS:
        text_add(expected, "exit status %d", step->exit_status);
        return;
    case VERB_RESTS:
        text_add(expected, "%llu ms in which it is busy for less than %d %%", (unsigned long long)step->duration_ms,
                 REST_PERCENT);
        return;
    case VERB_STOP:
        text_add(expected, "exit status 0 after SIGTERM");
        return;
    default:
        return;
    }
}

void program_describe(const struct actor *actor, struct text *expected, struct text *came)
{
    const struct program *program = &actor->play->program;
    const enum verb verb = actor_step(actor)->verb;

    describe_expected(actor, expected);
    if (verb == VERB_RESTS)
        describe_rest(program, came);
    else if (verb == VERB_PRINTS_TEXT || verb == VERB_PRINTS_EVERYTHING)
        describe_printed(actor->play, came);
    else if (program->process != NULL && process_has_ended(program->process))
        text_add(came, "it %s", process_describe_end(program->process));
    else
        text_add(came, verb == VERB_SAYS ? "nothing of the kind" : "it still runs");
}
