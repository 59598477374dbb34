/* player_program - the program under test: its start, its output, its end; see player_parts.h */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_uv.h"
#include "memory.h"
#include "options.h"
#include "player_parts.h"
#include "script_parts.h"

enum {
    STOP_LIMIT_MS = 5000, /* from SIGTERM to SIGKILL */
    AGAIN_LIMIT_MS = 5000, /* for a second start: before a step's time is up, so that the reason is told */
    ZOMBIE_LOOK_MS = 50, /* from one look at zombies to the next */
    ZOMBIE_LIMIT_MS = 1000 /* a parent that waits for its children has done so by then */
};

/* ---- What it does ---- */

static void recheck(struct play *play, bool progress)
{
    if (play->program.actor != NULL)
        actor_recheck(play->program.actor, progress);
}

static void on_output(struct process *process, const char *bytes, size_t size)
{
    struct play *play = process_owner(process);
    struct program *program = &play->program;

    if (play->script->kind == SCRIPT_FOR_SERVERS || program->output.is_wrong)
        return;
    const size_t right = incoming_add(&program->output, bytes, size);
    if (right < size)
        play_fail_wrong(play, program->actor, &program->output, "the client's standard output");
    if (right > 0)
        play_trace(play, program->actor, PLAY_PRINTED, io_of_uv((ssize_t)right), program->output.received);
    recheck(play, true);
}

static void on_stderr(struct process *process, const char *bytes, size_t size)
{
    struct play *play = process_owner(process);

    (void)bytes;
    play_trace(play, play->program.actor, PLAY_SAID, io_of_uv((ssize_t)size), 0);
    recheck(play, false);
}

/* During the conversation only a step may end a server; a client may end when it is done. */
static void judge_early_end(struct play *play)
{
    struct process *process = play->program.process;
    const struct process_status status = process_status(process);
    const bool is_server = play->script->kind == SCRIPT_FOR_SERVERS;

    if (play->stage == STAGE_PLAYS && status.is_ready && (is_server ? status.was_told : status.signal == 0)) {
        recheck(play, true);
        return;
    }
    play->program.end_is_explained = true;
    if (play->stage == STAGE_STARTS)
        play_fail(play, NULL, "the server cannot be started: it %s", process_describe_end(process));
    else if (!status.is_ready)
        play_fail(play, NULL,
                  "the server cannot be started again at its port: it %s. Connections that it had closed are still in "
                  "TIME_WAIT there; with SO_REUSEADDR it may listen all the same",
                  process_describe_end(process));
    else
        play_fail(play, NULL, "the %s %s in the middle of the conversation", play->program.kind,
                  process_describe_end(process));
}

static void on_end(struct process *process)
{
    struct play *play = process_owner(process);

    play_trace(play, play->program.actor, PLAY_EXITED, (struct io_result){.status = IO_CONNECTION_CLOSED}, 0);
    if (play->stage != STAGE_STOPS) {
        judge_early_end(play);
        return;
    }
    play_judge_end(play);
    play_close(play);
}

static void on_ready(struct process *process)
{
    struct play *play = process_owner(process);

    /* If they are not known here, `server grows` will say so, and `limit time` counts all time. */
    (void)process_size(process, &play->program.size_at_first);
    (void)process_busy_time(process, &play->program.busy_at_first);
    if (play->stage == STAGE_PLAYS)
        recheck(play, true); /* it was started again */
    if (play->stage != STAGE_STARTS)
        return; /* or it was aborted meanwhile */
    if (play->options.on_ready != NULL)
        play->options.on_ready(play, play->options.data);
    else
        play_begin(play);
}

/* ---- Start and stop ---- */

static int port_of(const struct sockaddr *address)
{
    return ntohs(((const struct sockaddr_in *)address)->sin_port); /* IPv6 has it at the same place */
}

static struct process_options process_options(struct play *play, const char *const *arguments)
{
    return (struct process_options){.arguments = arguments,
                                    .descriptors = play->script->descriptors,
                                    .soft_descriptors = play->options.descriptors,
                                    .ready_limit_ms = play->program.port != 0 ? AGAIN_LIMIT_MS : 0,
                                    .on_ready = on_ready,
                                    .on_output = on_output,
                                    .on_stderr = on_stderr,
                                    .on_end = on_end,
                                    .owner = play};
}

static void start(struct play *play, const struct process_options *options)
{
    play->program.process = process_start(play->loop, options);
    play->open_things++;
    play_trace(play, play->program.actor, PLAY_STARTED, (struct io_result){.status = IO_SUCCESS}, 0);
}

/* The words that start the program: those of the runner, its path, its port. */
static struct option_values first_words(const struct play *play, const char *port)
{
    const char *const *runner = play->options.runner;
    struct option_values words = {0};

    for (; runner != NULL && *runner != NULL; runner++)
        option_values_add(&words, *runner);
    option_values_add(&words, play->options.program);
    option_values_add(&words, "-p");
    option_values_add(&words, port);
    return words;
}

static void start_model(struct play *play)
{
    char *args = memory_string(play->options.args != NULL ? play->options.args : "");
    char port[6];

    snprintf(port, sizeof port, "%d", play->program.port);
    struct option_values words = first_words(play, port);
    if (play->options.verbose)
        option_values_add(&words, "-v");
    for (char *at, *word = strtok_r(args, " ", &at); word != NULL; word = strtok_r(NULL, " ", &at))
        option_values_add(&words, word);
    option_values_add(&words, NULL);
    struct process_options options = process_options(play, words.items);
    options.readiness = PROCESS_READY_BY_LINE;
    start(play, &options);
    free(words.items);
    free(args);
}

static void start_command(struct play *play)
{
    const int port = play->program.port != 0 ? play->program.port : process_free_port();

    if (port < 0) {
        play_fail(play, NULL, "the player finds no free port: %s", uv_strerror(port));
        return;
    }
    bool is_wrapped;
    char *command = process_fill_in_port(play->options.command, port);
    char *wrapped = process_wrap(command, &is_wrapped);
    const char *const arguments[] = {"/bin/sh", "-c", wrapped, NULL};
    struct process_options options = process_options(play, arguments);
    options.is_wrapped = is_wrapped;
    options.readiness = PROCESS_READY_BY_PORT;
    options.port = port;
    start(play, &options);
    free(wrapped);
    free(command);
}

void program_start_server(struct play *play)
{
    if (play->options.command != NULL)
        start_command(play);
    else
        start_model(play);
}

static void on_process_freed(void *data)
{
    play_note_closed(data);
}

enum step_state program_start_again(struct actor *actor)
{
    struct play *play = actor->play;
    struct program *program = actor->program;
    struct process *before = program->process;

    text_add(&play->findings.said, "%s", process_stderr(before).bytes);
    program->stderr_seen = 0;
    program->port = port_of(process_address(before));
    program_start_server(play);
    process_free(before, on_process_freed, play);
    return STEP_WAITS;
}

static void on_input_sent(struct sender *sender, ssize_t n)
{
    (void)sender; /* a client need not read all of its input */
    (void)n;
}

/* The port of the server that we play, in decimal. */
static void write_port(const struct play *play, char port[6])
{
    struct sockaddr_in address;
    int size = sizeof address;

    uv_tcp_getsockname(&play->listener, (struct sockaddr *)&address, &size);
    snprintf(port, 6, "%d", port_of((struct sockaddr *)&address));
}

enum step_state program_start_client(struct actor *actor)
{
    struct play *play = actor->play;
    struct program *program = &play->program;
    const struct step *step = actor_step(actor);
    char port[6];

    write_port(play, port);
    struct option_values words = first_words(play, port);
    option_values_add(&words, "-t");
    option_values_add(&words, "0.2");
    if (step->texts > 0 && step->bytes[0][0] == '-')
        option_values_add(&words, "--"); /* what follows is no option */
    for (int i = 0; i < step->texts; i++)
        option_values_add(&words, step->bytes[i]);
    option_values_add(&words, NULL);
    script_add_input(step, &program->input);
    struct process_options options = process_options(play, words.items);
    options.input = step->texts == 0;
    start(play, &options);
    free(words.items);
    if (options.input) {
        sender_init(&program->sender, process_input(program->process), &program->input, on_input_sent, play);
        program->has_sender = true;
        play->open_things++;
    }
    return STEP_DONE;
}

void program_tell_to_end(struct play *play, int signal_number, uint64_t limit_ms)
{
    play_trace(play, play->program.actor, PLAY_TOLD_TO_END, (struct io_result){.status = IO_SUCCESS},
               (size_t)signal_number);
    process_stop(play->program.process, signal_number, limit_ms);
}

static void tell_at_the_end(struct play *play)
{
    program_tell_to_end(play, SIGTERM, play->options.stop_ms > 0 ? play->options.stop_ms : STOP_LIMIT_MS);
}

static void on_zombie_look(uv_timer_t *timer)
{
    struct play *play = timer->data;
    struct text names = {0};
    const size_t count = process_zombies(play->program.process, &names);
    const uint64_t waited = uv_now(play->loop) - play->program.looked_for_zombies;

    if (count > 0 && waited >= ZOMBIE_LIMIT_MS)
        play_fail(play, NULL, "the %s does not wait for its children: %zu zombie%s, %s", play->program.kind, count,
                  count == 1 ? "" : "s", names.chars);
    text_free(&names);
    if (count > 0 && waited < ZOMBIE_LIMIT_MS)
        return;
    uv_timer_stop(timer);
    tell_at_the_end(play);
}

/* When nothing else is wrong, and only if there is one, the zombies get time to be waited for. */
static void look_for_zombies(struct play *play)
{
    uv_update_time(play->loop);
    play->program.looked_for_zombies = uv_now(play->loop);
    uv_timer_start(&play->timer, on_zombie_look, 0, ZOMBIE_LOOK_MS);
}

void program_stop(struct play *play)
{
    const struct process *process = play->program.process;

    if (process == NULL || process_status(process).has_ended) {
        play_judge_end(play);
        play_close(play);
    } else if (play->findings.outcome == PLAY_PASSES) {
        look_for_zombies(play);
    } else {
        tell_at_the_end(play);
    }
}

static void on_sender_closed(struct sender *sender)
{
    play_note_closed(sender->owner);
}

void program_close(struct play *play)
{
    if (play->program.has_sender)
        sender_close(&play->program.sender, on_sender_closed);
    if (play->program.process != NULL)
        process_free(play->program.process, on_process_freed, play);
    play->program.process = NULL;
}
