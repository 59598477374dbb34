/*
 * play - plays one script against one program and shows the conversation as it happens.
 *
 * Each line is a step that is done: when, who, what, and how it ended. The clients of a range (C1..C50) share one line.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "interrupt.h"
#include "memory.h"
#include "models.h"
#include "options.h"
#include "player.h"
#include "process.h"
#include "report.h"
#include "standard.h"

enum {
    TEXT_WIDTH = 44, /* of a step */
    FEW = 10 /* clients: up to so many, the end of each connection is shown */
};

struct options {
    const char *build, *model, *args, *script, *server;
    bool verbose;
};

/* The steps of one line of the script: a single one, or the same step of several clients. */
struct group {
    int size, done;
    size_t bytes;
    uint64_t longest_wait;
};

struct show {
    struct options options;
    const struct script *script;
    struct group *groups; /* one for each step; only that of a line's first step is used */
    int *group_of; /* for each step, the first of its line */
    int name_width;
    struct play *play;
    int status;
};

static const struct command command = {
    .program = "play",
    .usage = "usage: play [--build DIR] --model NAME [--args OPTIONS] --script NAME|PATH [--verbose]\n"
             "       play --server 'COMMAND {port}' --script NAME|PATH [--verbose]\n",
};

static int read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"model", .text = &options->model},
                                      {"args", .text = &options->args},
                                      {"script", .text = &options->script},
                                      {"server", .text = &options->server},
                                      {"verbose", .flag = &options->verbose},
                                      {.name = NULL}};

    options->build = "build";
    options_read(&command, rows, argc, argv);
    if (options->script == NULL)
        return options_misuse(&command, "which script?");
    if ((options->model == NULL) == (options->server == NULL))
        return options_misuse(&command, "which program? Either a model or a server");
    if (options->server != NULL && options->args != NULL)
        return options_misuse(&command, "--args goes with --model; a server has its own in its command");
    if (options->server != NULL && strstr(options->server, "{port}") == NULL)
        return options_misuse(&command, "--server needs {port}, where the number of the port goes: %s",
                              options->server);
    return 0;
}

/* ---- What is shown ---- */

static void group_steps(struct show *show)
{
    const struct script *script = show->script;

    show->groups = memory_zeroed((size_t)script->step_count, sizeof show->groups[0]);
    show->group_of = memory_zeroed((size_t)script->step_count, sizeof show->group_of[0]);
    for (int i = 0; i < script->step_count; i++) {
        const bool goes_on = i > 0 && script->steps[i].line == script->steps[i - 1].line;
        show->group_of[i] = goes_on ? show->group_of[i - 1] : i;
        show->groups[show->group_of[i]].size++;
    }
}

/* The widest first word: a name, or a range of names. */
static int name_width(const struct script *script)
{
    size_t width = strlen("server");

    for (int i = 0; i < script->step_count; i++) {
        const size_t length = strcspn(script->steps[i].text, " \t");
        if (length > width)
            width = length;
    }
    return (int)width;
}

static void print_time(uint64_t time)
{
    printf("%9.1f ms  ", (double)time / 1e6);
}

static void print_step(const struct show *show, const struct step *step)
{
    const int length = (int)strcspn(step->text, " \t");

    printf("%-*.*s  %-*s  ", show->name_width, length, step->text, TEXT_WIDTH,
           step->text + length + strspn(step->text + length, " \t"));
}

static void print_wait(uint64_t wait)
{
    struct text words = {0};

    text_add_time(&words, wait, TIME_EXACT);
    printf(", waited %s", words.chars);
    text_free(&words);
}

static void print_status(struct io_result result)
{
    char words[IO_TEXT_SIZE];

    printf("%s", io_describe(result, words));
}

static void print_result(const struct group *group, const struct play_event *event)
{
    struct io_result result = event->result;

    if (group->size > 1 && group->done < group->size)
        printf("%d of ", group->done);
    if (group->size > 1)
        printf("%d times ", group->size);
    if (result.status == IO_SUCCESS)
        result.bytes = group->bytes;
    if (result.status == IO_SUCCESS && result.bytes == 0)
        printf("done");
    else
        print_status(result);
    if (group->longest_wait > 0)
        print_wait(group->longest_wait);
    printf("\n");
}

static void show_step(struct show *show, const struct play_event *event)
{
    struct group *group = &show->groups[show->group_of[event->step]];

    group->done++;
    group->bytes += event->result.bytes;
    if (event->waited > group->longest_wait)
        group->longest_wait = event->waited;
    if (group->done < group->size)
        return;
    print_time(event->time);
    print_step(show, &show->script->steps[event->step]);
    print_result(group, event);
}

/* The step at which it stops; of several on one line, those that were done are counted. */
static void show_last_step(const struct show *show, const struct play_event *event)
{
    print_time(event->time);
    if (event->step == -1) {
        printf("%s\n", event->kind == PLAY_STALLED ? "stalls" : "FAILS");
        return;
    }
    const struct group *group = &show->groups[show->group_of[event->step]];
    print_step(show, &show->script->steps[event->step]);
    printf("%s", event->kind == PLAY_STALLED ? "TIMEOUT" : "FAILS");
    if (group->size > 1)
        printf(" at %s, %d of %d were done", show->script->actors[event->actor], group->done, group->size);
    print_wait(event->waited);
    printf("\n");
}

/* What no step has caused. */
static void show_happening(const struct show *show, const struct play_event *event, const char *who, const char *what)
{
    print_time(event->time);
    printf("%-*s  %s\n", show->name_width, who, what);
}

static void show_end_of_connection(const struct show *show, const struct play_event *event)
{
    char words[IO_TEXT_SIZE];
    struct text line = {0};

    if (show->script->actor_count > FEW)
        return;
    text_add(&line, "(%s)", io_describe(event->result, words));
    show_happening(show, event, show->script->actors[event->actor], line.chars);
    text_free(&line);
}

static void on_event(struct play *play, const struct play_event *event, void *data)
{
    struct show *show = data;
    const char *program = show->script->kind == SCRIPT_FOR_SERVERS ? "server" : "client";

    (void)play;
    switch (event->kind) {
    case PLAY_STEP_ENDS:
        show_step(show, event);
        break;
    case PLAY_STALLED:
    case PLAY_FAILED:
        show_last_step(show, event);
        break;
    case PLAY_CLOSED:
    case PLAY_RESET:
        show_end_of_connection(show, event);
        break;
    case PLAY_TOLD_TO_END:
        show_happening(show, event, program,
                       event->total == SIGINT ? "(is told to stop: SIGINT)" : "(is told to stop: SIGTERM)");
        break;
    case PLAY_EXITED:
        show_happening(show, event, program, "(has ended)");
        break;
    case PLAY_STEP_BEGINS: /* a step is shown when it ends, and bytes on their way are not */
    case PLAY_WAITING:
    case PLAY_CONNECTING:
    case PLAY_CONNECTED:
    case PLAY_SENT:
    case PLAY_RECEIVED:
    case PLAY_LEFT:
    case PLAY_STARTED:
    case PLAY_READY:
    case PLAY_SAID:
    case PLAY_PRINTED:
        break;
    }
    (void)fflush(stdout);
}

static void print_said(const char *said, const char *program)
{
    if (said[0] == '\0')
        return;
    printf("\nThe %s said:\n", program);
    while (*said != '\0') {
        const int length = (int)strcspn(said, "\n");
        printf("  | %.*s\n", length, said);
        said += length + (said[length] != '\0');
    }
}

static void on_done(struct play *play, void *data)
{
    struct show *show = data;
    const struct play_result *result = play_result(play);
    struct text words = {0};

    text_add(&words, "\n%s", play_outcome_name(result->outcome));
    text_add(&words, result->problem[0] != '\0' ? ": %s\n" : "\n", result->problem);
    report_result(&words, show->script, result);
    fputs(words.chars, stdout);
    text_free(&words);
    print_said(result->said, show->script->kind == SCRIPT_FOR_SERVERS ? "server" : "client");
    show->status = result->outcome == PLAY_PASSES ? 0 : 1;
    play_free(play);
    show->play = NULL;
}

/* ---- The whole ---- */

static void kill_children(void *data)
{
    const struct show *show = data;

    if (show->play != NULL)
        play_abort(show->play);
}

static void play(struct show *show, const char *program)
{
    struct interrupt interrupt;
    uv_loop_t loop;
    const struct play_options options = {.program = program,
                                         .command = show->options.server,
                                         .args = show->options.args,
                                         .verbose = show->options.verbose,
                                         .descriptors = process_raise_descriptors(),
                                         .on_event = on_event,
                                         .on_done = on_done,
                                         .data = show};

    printf("%s: %s%s%s\n%s\n\n", show->script->name,
           show->options.server != NULL ? show->options.server : show->options.model,
           show->options.args != NULL ? " " : "", show->options.args != NULL ? show->options.args : "",
           show->script->title);
    uv_loop_init(&loop);
    interrupt_watch(&interrupt, &loop, kill_children, show);
    group_steps(show);
    show->name_width = name_width(show->script);
    show->play = play_start(&loop, show->script, &options);
    uv_run(&loop, UV_RUN_DEFAULT);
    interrupt_close(&interrupt);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    free(show->groups);
    free(show->group_of);
}

/* Says why, if the model is left out. */
static bool is_left_out(const struct options *options)
{
    char *reason = options->model == NULL ? NULL : models_left_out(options->model, options->build);

    if (reason == NULL)
        return false;
    fprintf(stderr, "play: %s is left out: %s\n", options->model, reason);
    free(reason);
    return true;
}

/* The path of the model's program that the script is for; the caller's to free(). */
static char *find_program(const struct show *show)
{
    struct text path = {0};

    if (show->options.server == NULL)
        text_add(&path, "%s/%s/%s", show->options.build, show->options.model,
                 show->script->kind == SCRIPT_FOR_SERVERS ? "server" : "client");
    return text_take(&path);
}

int main(int argc, char **argv)
{
    struct show show = {0};
    char error[600];

    standard_open("play");
    show.status = read_arguments(argc, argv, &show.options);
    if (show.status != 0)
        return show.status;
    struct script *script = scripts_open(show.options.script, error, sizeof error);
    if (script == NULL) {
        fprintf(stderr, "play: %s\n", error);
        return 2;
    }
    show.script = script;
    char *program = find_program(&show);
    if (show.options.server != NULL && script->kind == SCRIPT_FOR_CLIENTS)
        show.status = options_misuse(&command, "this script is for clients, not for a server: %s", script->name);
    else if (show.options.args != NULL && script->kind == SCRIPT_FOR_CLIENTS)
        show.status =
            options_misuse(&command, "--args are for servers, but this script is for clients: %s", script->name);
    else if (is_left_out(&show.options))
        show.status = 2;
    else if (show.options.server == NULL && access(program, X_OK) != 0)
        show.status = options_misuse(&command, "no such program, or it is not built: %s", program);
    else
        play(&show, program);
    free(program);
    script_free(script);
    return show.status;
}
