/* verbs_tested - the verbs of the program under test; the table is at the end, and verb.h says what its rows mean */
#include <signal.h>
#include <string.h>

#include "actor.h"
#include "script_parts.h"
#include "text.h"
#include "verb.h"

enum {
    SHOWN = 60, /* bytes of a text, in a message */
    KILL_LIMIT_MS = 5000, /* from SIGKILL to the end: the kernel may be busy */
    GROWTH_LOOK_MS = 50, /* from one look to the next */
    REST_PERCENT = 20 /* of the time: a program that is busy for less than this rests */
};

/* ---- run ---- */

static bool can_run(struct checker *c)
{
    if (c->own->connection != NOT_YET)
        return script_is_wrong(c, "client runs once in a script, and it has been run above");
    c->own->connection = OPEN;
    c->own->input_is_given = c->step->texts > 0;
    return true;
}

static bool is_running(struct checker *c)
{
    if (c->own->connection == NOT_YET)
        return script_is_wrong(c, "client does not run yet: \"client run\" comes first");
    return true;
}

/* ---- input, input ends ---- */

static bool can_take_input(struct checker *c)
{
    if (!is_running(c))
        return false;
    if (c->own->connection == OVER)
        return script_is_wrong(c, "client has ended above and takes no input");
    if (c->own->input_is_given)
        return script_is_wrong(c, "client takes no more input: it was run with messages, or its input ended above");
    return true;
}

static enum step_state begin_input(struct actor *actor)
{
    actor->result.bytes = actor_step(actor)->sizes[0];
    script_add_input(actor_step(actor), &actor->program->input);
    sender_go(&actor->program->sender);
    return STEP_DONE;
}

static bool can_end_input(struct checker *c)
{
    if (!can_take_input(c))
        return false;
    c->own->input_is_given = true;
    return true;
}

static enum step_state begin_end_of_input(struct actor *actor)
{
    sender_end(&actor->program->sender);
    return STEP_DONE;
}

/* ---- prints "TEXT", prints everything ---- */

static bool can_print_text(struct checker *c)
{
    c->own->arrived += c->step->sizes[0];
    return is_running(c);
}

static bool can_print_everything(struct checker *c)
{
    if (c->due_output > c->own->arrived)
        c->step->sizes[0] = c->due_output - c->own->arrived;
    return can_print_text(c);
}

/* Only their number matters: every byte was compared when it came. */
static enum step_state check_printed(struct actor *actor)
{
    const size_t size = actor_step(actor)->sizes[0];

    if (incoming_expect(&actor->program->output, size)) {
        actor->result.bytes = size;
        return STEP_DONE;
    }
    if (process_status(actor->program->process).has_ended)
        return actor_fails(actor, "the client ended before it had printed that");
    return STEP_WAITS;
}

static enum step_state check_printed_text(struct actor *actor)
{
    const struct incoming *output = &actor->program->output;
    const struct step *step = actor_step(actor);

    if (incoming_unexpected(output) >= step->sizes[0] && !incoming_is(output, step->bytes[0], step->sizes[0]))
        return actor_fails(actor, "the client prints something else");
    return check_printed(actor);
}

static void describe_text(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);

    text_add_bytes(expected, step->bytes[0], step->sizes[0], SHOWN);
    text_add(expected, " on standard output");
}

static void describe_everything(const struct actor *actor, struct text *expected)
{
    text_add(expected, "everything on standard output: %zu bytes", actor_step(actor)->sizes[0]);
}

static void describe_printed(const struct actor *actor, struct text *came)
{
    incoming_describe(&actor->program->output, came);
}

/* ---- says ---- */

static bool can_say(struct checker *c)
{
    return c->script->kind == SCRIPT_FOR_SERVERS || is_running(c);
}

/* Does one of the step's texts stand at `place`? Returns its length, or 0. */
static size_t text_at(const struct step *step, const struct process_stderr *written, size_t place)
{
    for (int i = 0; i < step->texts; i++)
        if (step->sizes[i] <= written->size - place &&
            memcmp(written->bytes + place, step->bytes[i], step->sizes[i]) == 0)
            return step->sizes[i];
    return 0;
}

/* Looks behind what the previous `says` found. */
static enum step_state check_says(struct actor *actor)
{
    struct program *program = actor->program;
    const struct process_stderr written = process_stderr(program->process);
    size_t i = program->stderr_seen > written.dropped ? program->stderr_seen - written.dropped : 0;

    for (; i < written.size; i++) {
        const size_t found = text_at(actor_step(actor), &written, i);
        if (found > 0) {
            program->stderr_seen = written.dropped + i + found;
            return STEP_DONE;
        }
    }
    if (process_status(program->process).has_ended)
        return actor_fails(actor, "the program ended without saying so");
    return STEP_WAITS;
}

static void describe_saying(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);

    for (int i = 0; i < step->texts; i++) {
        text_add(expected, i == 0 ? "" : " or ");
        text_add_bytes(expected, step->bytes[i], step->sizes[i], SHOWN);
    }
    text_add(expected, " on standard error");
}

static void describe_said(const struct actor *actor, struct text *came)
{
    if (!process_status(actor->program->process).has_ended)
        text_add(came, "nothing of the kind");
}

/* ---- exits ---- */

static bool can_exit(struct checker *c)
{
    if (!is_running(c))
        return false;
    if (c->own->connection == OVER)
        return script_is_wrong(c, "client has ended above");
    c->own->connection = OVER;
    return true;
}

static enum step_state check_exits(struct actor *actor)
{
    const struct process_status status = process_status(actor->program->process);

    if (!status.has_ended)
        return STEP_WAITS;
    if (status.exit_status == actor_step(actor)->exit_status)
        return STEP_DONE;
    return actor_fails(actor, "the client's exit status is wrong");
}

static void describe_exit(const struct actor *actor, struct text *expected)
{
    text_add(expected, "exit status %d", actor_step(actor)->exit_status);
}

/* ---- rests: in one window of the given length, looked at in eighths, it is hardly ever busy ---- */

static bool is_not_stopped(struct checker *c)
{
    return !c->server_is_down || script_is_wrong(c, "the server was stopped above");
}

static bool look(struct program *program)
{
    const int i = program->look_count % (REST_PARTS + 1);

    if (!process_busy_time(program->process, &program->looks[i].busy))
        return false;
    program->looks[i].at = uv_hrtime();
    program->looks[i].is_running = process_is_running(program->process);
    if (program->look_count++ == 0)
        program->first_look = program->looks[i];
    return true;
}

/* One that spins and gets no core has used no time yet; but it is running, or waits for a core, whenever it is looked at. */
static bool seems_to_spin(const struct program *program)
{
    int running = 0;

    for (int i = 0; i <= REST_PARTS; i++)
        running += program->looks[i].is_running;
    return running > REST_PARTS / 2;
}

static bool has_rested(const struct program *program, uint64_t duration_ms)
{
    const struct look *newest = &program->looks[(program->look_count - 1) % (REST_PARTS + 1)];
    const struct look *oldest = &program->looks[program->look_count % (REST_PARTS + 1)];
    const uint64_t window = newest->at - oldest->at;
    const uint64_t busy =
        newest->busy - oldest->busy; /* wraps to a huge number if a thread has ended: look again then */

    if (program->look_count <= REST_PARTS)
        return false;
    return window >= duration_ms * 1000000 && busy < window / 100 * REST_PERCENT && !seems_to_spin(program);
}

static enum step_state look_again(struct actor *actor)
{
    const struct step *step = actor_step(actor);

    if (process_pid(actor->program->process) == -1)
        return STEP_WAITS; /* it has ended, and that will be told when its outputs have ended, too */
    if (!look(actor->program)) {
        actor_note(actor, "it is not known here how much CPU time the server uses");
        return STEP_DONE;
    }
    if (has_rested(actor->program, step->duration_ms))
        return STEP_DONE;
    /* A player that hardly gets a core itself has seen no whole window by then, and may not judge yet. */
    if (actor->program->look_count > REST_PARTS && uv_hrtime() - actor->began >= actor_limit(actor) * 1000000)
        return STEP_OUT_OF_TIME;
    actor_set_timer(actor, step->duration_ms / REST_PARTS + 1);
    return STEP_WAITS;
}

static enum step_state begin_rest(struct actor *actor)
{
    actor->program->look_count = 0;
    return look_again(actor);
}

static void describe_rest(const struct actor *actor, struct text *expected)
{
    text_add(expected, "%llu ms in which it is busy for less than %d %%",
             (unsigned long long)actor_step(actor)->duration_ms, REST_PERCENT);
}

static void describe_busy(const struct actor *actor, struct text *came)
{
    const struct program *program = actor->program;
    const struct look *newest = &program->looks[(program->look_count + REST_PARTS) % (REST_PARTS + 1)];
    const uint64_t time = newest->at - program->first_look.at;
    const uint64_t busy = newest->busy > program->first_look.busy ? newest->busy - program->first_look.busy : 0;

    if (process_status(program->process).has_ended)
        return;
    text_add(came, "it never rested: it was busy for %.0f %% of the time",
             time > 0 ? 100.0 * (double)busy / (double)time : 0.0);
}

/* ---- grows by at most ---- */

/* In the unit of the step: threads, or bytes. */
static size_t growth(const struct actor *actor, const struct proc_size *size)
{
    const struct proc_size *before = &actor->program->size_at_first;
    const long grown = actor_step(actor)->threads > 0 ? size->threads - before->threads
                                                      : (size->memory_kib - before->memory_kib) * 1024;

    return grown > 0 ? (size_t)grown : 0;
}

/* Threads may still be on their way to their end, and memory to be collected. */
static enum step_state look_at_size(struct actor *actor)
{
    const struct step *step = actor_step(actor);
    const size_t limit = step->threads > 0 ? (size_t)step->threads : step->sizes[0];
    struct proc_size size;

    if (!process_size(actor->program->process, &size)) {
        actor_note(actor, "it is not known here how many threads and how much memory the server has");
        return STEP_DONE;
    }
    if (size.is_instrumented && step->threads == 0) {
        actor_note(actor, "the server has a sanitizer in it, whose memory would be measured, so it is not");
        return STEP_DONE;
    }
    if (growth(actor, &size) <= limit)
        return STEP_DONE;
    if (uv_hrtime() - actor->began < actor_limit(actor) * 1000000) {
        actor_set_timer(actor, GROWTH_LOOK_MS);
        return STEP_WAITS;
    }
    return actor_fails(actor, step->threads > 0 ? "threads are left over: they do not end when their clients have left"
                                                : "memory is left over: ended threads that nobody joins, what a client "
                                                  "needed that has left, or what was received long ago");
}

static void describe_growth(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);

    if (step->threads > 0)
        text_add(expected, "at most %d threads more than at the beginning", step->threads);
    else
        text_add(expected, "at most %.4g MiB more than at the beginning", (double)step->sizes[0] / 1024 / 1024);
}

static void describe_grown(const struct actor *actor, struct text *came)
{
    struct proc_size size;

    if (!process_size(actor->program->process, &size))
        return;
    if (actor_step(actor)->threads > 0)
        text_add(came, "%zu threads more", growth(actor, &size));
    else
        text_add(came, "%.4g MiB more", (double)growth(actor, &size) / 1024 / 1024);
}

/* ---- stops, stops on SIGINT ---- */

static bool can_stop(struct checker *c)
{
    if (!is_not_stopped(c))
        return false;
    c->server_stopped = c->server_is_down = true;
    return true;
}

static enum step_state tell_to_end(struct actor *actor, int signal_number)
{
    const uint64_t limit = actor_limit(actor);

    actor->program->was_stopped_by_step = true;
    program_tell_to_end(actor->play, signal_number, limit);
    actor_set_timer(actor, limit + KILL_LIMIT_MS);
    return STEP_WAITS;
}

static enum step_state begin_stop(struct actor *actor)
{
    return tell_to_end(actor, SIGTERM);
}

static enum step_state begin_stop_on_sigint(struct actor *actor)
{
    return tell_to_end(actor, SIGINT);
}

static enum step_state check_stop(struct actor *actor)
{
    struct process *process = actor->program->process;
    const struct process_status status = process_status(process);

    if (!status.has_ended)
        return STEP_WAITS;
    if (!status.was_killed && status.signal == 0 && status.exit_status == 0)
        return STEP_DONE;
    actor->program->end_is_explained = true;
    return actor_fails(actor, "the server should exit with 0 after %s, but it %s",
                       status.told == SIGINT ? "SIGINT" : "SIGTERM", process_describe_end(process));
}

/* ---- starts again ---- */

static bool can_start_again(struct checker *c)
{
    if (!c->server_is_down)
        return script_is_wrong(c, "the server runs: \"server stops\" comes first");
    c->server_is_down = false;
    return true;
}

static enum step_state check_ready(struct actor *actor)
{
    return process_status(actor->program->process).is_ready ? STEP_DONE : STEP_WAITS;
}

/* ---- The table ---- */

const struct verb tested_verbs[] = {
    {"run", "client run [\"TEXT\" ...]", TESTED_CLIENT, .effect = EFFECT_GIVES_MESSAGES, .read = read_messages,
     .makes_sense = can_run, .begin = program_start_client},
    {"input ends", "client input ends", TESTED_CLIENT, .makes_sense = can_end_input, .begin = begin_end_of_input},
    {"input", "client input \"TEXT\" or SIZE", TESTED_CLIENT, .effect = EFFECT_GIVES_INPUT, .read = read_text_or_size,
     .makes_sense = can_take_input, .begin = begin_input},
    {"prints everything", "client prints everything [within TIME]", TESTED_CLIENT, .effect = EFFECT_PRINTS,
     .makes_sense = can_print_everything, .check = check_printed, .describe_expected = describe_everything,
     .describe_came = describe_printed},
    {"prints", "client prints \"TEXT\" [within TIME]", TESTED_CLIENT, .effect = EFFECT_PRINTS,
     .read = read_nonempty_text, .makes_sense = can_print_text, .check = check_printed_text,
     .describe_expected = describe_text, .describe_came = describe_printed},
    {"says", "NAME says \"TEXT\" [or \"TEXT\" ...] [within TIME]", TESTED, .read = read_texts, .makes_sense = can_say,
     .check = check_says, .describe_expected = describe_saying, .describe_came = describe_said},
    {"exits", "client exits NUMBER [within TIME]", TESTED_CLIENT, .read = read_exit_status, .makes_sense = can_exit,
     .check = check_exits, .describe_expected = describe_exit},
    {"rests", "server rests TIME [within TIME]", TESTED_SERVER, .read = read_duration, .makes_sense = is_not_stopped,
     .begin = begin_rest, .time_is_up = look_again, .describe_expected = describe_rest, .describe_came = describe_busy},
    {"grows by at most", "server grows by at most SIZE or NUMBER threads [within TIME]", TESTED_SERVER,
     .read = read_growth, .makes_sense = is_not_stopped, .begin = look_at_size, .time_is_up = look_at_size,
     .describe_expected = describe_growth, .describe_came = describe_grown},
    {"stops on SIGINT", "server stops on SIGINT [within TIME]", TESTED_SERVER, .effect = EFFECT_STOPS_PROGRAM,
     .makes_sense = can_stop, .begin = begin_stop_on_sigint, .check = check_stop,
     .expects = "exit status 0 after SIGINT"},
    {"starts again", "server starts again [within TIME]", TESTED_SERVER, .makes_sense = can_start_again,
     .begin = program_start_again, .check = check_ready, .expects = "a server that listens at the same port again"},
    {"stops", "server stops [within TIME]", TESTED_SERVER, .effect = EFFECT_STOPS_PROGRAM, .makes_sense = can_stop,
     .begin = begin_stop, .check = check_stop, .expects = "exit status 0 after SIGTERM"},
    {.phrase = NULL},
};
