/*
 * check - plays every script against every model, as cmocka tests, and prints who passes, who stalls and who fails.
 *
 * Several plays go on at once in one libuv loop: most of them are waiting most of the time. cmocka runs its tests one
 * after another; each of them runs the loop until *its* play is done, and often finds that it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
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
    EXPECTED_STALL_MS = 400, /* how long a step waits that is expected to stall */
    MAX_PATIENCE_MS = 3600 * 1000,
    SCRIPT_PATIENCE = 6, /* so many times that of a step has a script */
    DEFAULT_JOBS = 6
};

struct options {
    const char *build;
    const char *server; /* a command, instead of the models */
    const char *expected; /* its file */
    struct option_values models, scripts; /* of these names; none: all */
    const char *args; /* of the models' servers */
    const char *results; /* a file to write them to, for other programs to read */
    int jobs;
    int patience_ms; /* with a step without `within`, and with a program told to stop; 0: the player's own */
};

struct check;

/* A run, from before it is started until it is reported. */
struct job {
    struct check *check;
    struct run *run;
    char *name; /* "05-select: hello" */
    struct play *play;
    uint64_t started; /* by uv_hrtime() */
    bool is_done;
    char *failure; /* the message, or NULL: it went as expected */
    int line; /* of the script, where it went wrong */
    char *note;
};

struct check {
    struct options options;
    struct models models;
    struct scripts scripts;
    uv_loop_t loop;
    struct interrupt interrupt;
    FILE *results; /* or NULL */
    int descriptors; /* our own limit before we raised it, which the programs get */
    struct run *runs;
    struct job *jobs;
    size_t count;
    size_t next; /* the first that has not been started */
    int playing;
};

/* ---- The command line ---- */

static const struct command command = {
    .program = "check",
    .usage = "usage: check [--build DIR] [--model NAME|PATH]... [--args OPTIONS] [OPTION...]\n"
             "       check --server 'COMMAND {port}' [--expected FILE] [OPTION...]\n"
             "options: [--script NAME]... [--jobs N] [--patience MILLISECONDS] [--results FILE] [--help]\n",
};

static int read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"server", .text = &options->server},
                                      {"expected", .text = &options->expected},
                                      {"model", .texts = &options->models},
                                      {"args", .text = &options->args},
                                      {"script", .texts = &options->scripts},
                                      {"results", .text = &options->results},
                                      {"jobs", .number = &options->jobs, .min = 1, .max = 64},
                                      {"patience", .number = &options->patience_ms, .min = 1, .max = MAX_PATIENCE_MS},
                                      {.name = NULL}};

    *options = (struct options){.build = "build", .jobs = DEFAULT_JOBS};
    options_read(&command, rows, argc, argv);
    if (options->server != NULL && strstr(options->server, "{port}") == NULL)
        return options_misuse(&command, "--server needs {port}, where the number of the port goes: %s",
                              options->server);
    if (options->server != NULL && options->models.count > 0)
        return options_misuse(&command, "--model and --server exclude each other");
    if (options->server != NULL && options->args != NULL)
        return options_misuse(&command, "--args goes with --model; a server has its own in its command");
    if (options->server == NULL && options->expected != NULL)
        return options_misuse(&command, "--expected goes with --server; a model has a file of its own");
    return 0;
}

/* Is there everything that was asked for by name? */
static int check_names(const struct check *check)
{
    const struct option_values *models = &check->options.models;
    const struct option_values *scripts = &check->options.scripts;

    for (size_t i = 0; i < models->count; i++)
        if (models_named(&check->models, models->items[i]) == NULL)
            return options_misuse(&command, "there is no model %s", models->items[i]);
    for (size_t i = 0; i < scripts->count; i++)
        if (scripts_named(&check->scripts, scripts->items[i]) == NULL)
            return options_misuse(&command, "there is no script %s", scripts->items[i]);
    return 0;
}

static bool is_wanted(const struct option_values *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return names->count == 0;
}

/* ---- What there is to play ---- */

static int complain(const char *error)
{
    fprintf(stderr, "check: %s\n", error);
    return 1;
}

static int find_everything(struct check *check)
{
    const struct options *options = &check->options;
    char error[600];

    if (options->server != NULL)
        models_add(&check->models, "server", options->expected);
    else
        models_find(&check->models, options->build);
    for (size_t i = 0; i < options->models.count; i++)
        if (strchr(options->models.items[i], '/') != NULL)
            models_add_folder(&check->models, options->models.items[i], options->build);
    if (!scripts_read(&check->scripts, error, sizeof error))
        return complain(error);
    const int status = check_names(check);
    for (size_t i = 0; i < check->models.count && status == 0; i++)
        if (!model_read_expected(&check->models.items[i], &check->scripts, error, sizeof error))
            return complain(error);
    return status;
}

static void add_run(struct check *check, const struct model *model, const struct script *script)
{
    if (!is_wanted(&check->options.scripts, script->name))
        return;
    if ((check->options.server != NULL || check->options.args != NULL) && script->kind == SCRIPT_FOR_CLIENTS)
        return;
    check->runs[check->count] =
        (struct run){model, script, model_expectation(model, script->name), VERDICT_NONE, check->options.args != NULL};
    check->jobs[check->count] = (struct job){.check = check, .run = &check->runs[check->count]};
    check->count++;
}

static void choose_runs(struct check *check)
{
    const struct models *models = &check->models;

    check->runs = memory_zeroed(models->count * check->scripts.count, sizeof check->runs[0]);
    check->jobs = memory_zeroed(models->count * check->scripts.count, sizeof check->jobs[0]);
    for (size_t i = 0; i < models->count; i++) {
        const struct model *model = &models->items[i];
        if (model->left_out != NULL || !is_wanted(&check->options.models, model->name))
            continue;
        for (size_t j = 0; j < check->scripts.count; j++)
            add_run(check, model, check->scripts.items[j]);
    }
}

/* ---- Playing, several at a time ---- */

static void start_more(struct check *check);

/* Adds `before` and the word, unless there is none. */
static void add_word(struct text *text, const char *before, const char *word)
{
    if (word == NULL)
        return;
    text_add(text, "%s", before);
    text_add_word(text, word);
}

static char *replay_command(const struct job *job)
{
    const struct options *options = &job->check->options;
    const char *model = options->server == NULL ? job->run->model->name : NULL;
    const bool by_make = model != NULL && strcmp(options->build, "build") == 0;
    struct text replay = {0}, play = {0};

    text_add(&play, "%s/tests/player/play", options->build);
    add_word(&replay, "", by_make ? NULL : play.chars);
    add_word(&replay, by_make ? "make play MODEL=" : " --model ", model);
    add_word(&replay, " --build ", model == NULL || by_make ? NULL : options->build);
    add_word(&replay, " --server ", options->server);
    add_word(&replay, by_make ? " SCRIPT=" : " --script ", job->run->script->name);
    add_word(&replay, by_make ? " ARGS=" : " --args ", options->args);
    text_free(&play);
    return text_take(&replay);
}

static bool will_stall(const struct run *run)
{
    return run->expectation != NULL && run->expectation->outcome == PLAY_STALLS;
}

/*
 * "SCRIPT right OUTCOME SECONDS", or "wrong" and why, each line after a tab. What a server has said cannot pass for a result:
 * it stands after a tab, too.
 */
static void write_result(const struct job *job, enum play_outcome outcome)
{
    FILE *file = job->check->results;
    const double seconds = (double)(uv_hrtime() - job->started) / 1e9;

    if (file == NULL)
        return;
    fprintf(file, "%s %s %s %.3f\n", job->run->script->name, job->failure == NULL ? "right" : "wrong",
            play_outcome_name(outcome), seconds);
    for (const char *line = job->failure; line != NULL && *line != '\0';) {
        const int length = (int)strcspn(line, "\n");
        fprintf(file, "\t%.*s\n", length, line);
        line += length + (line[length] != '\0');
    }
    (void)fflush(file);
}

static void on_done(struct play *play, void *data)
{
    struct job *job = data;
    const struct play_result *result = play_result(play);

    job->is_done = true;
    job->run->verdict = report_verdict(job->run, result->outcome);
    if (job->run->verdict == VERDICT_FAILS) {
        char *replay = replay_command(job);
        struct text failure = {0};
        report_failure(&failure, job->run, result, replay);
        job->failure = text_take(&failure);
        job->line = result->step != -1 ? job->run->script->steps[result->step].line : 1;
        free(replay);
    }
    if (job->run->verdict == VERDICT_PASSES && will_stall(job->run))
        job->note = memory_string("expected to stall, but not with these options");
    else if (result->note[0] != '\0')
        job->note = memory_string(result->note);
    write_result(job, result->outcome);
    play_free(play);
    job->play = NULL;
    job->check->playing--;
    start_more(job->check);
}

static void start(struct job *job)
{
    const struct check *check = job->check;
    const struct run *run = job->run;
    const uint64_t patience = (uint64_t)check->options.patience_ms;
    const struct play_options options = {.program = run->script->kind == SCRIPT_FOR_SERVERS ? run->model->server
                                                                                            : run->model->client,
                                         .command = check->options.server,
                                         .args = check->options.args,
                                         .limit_ms = will_stall(run) ? EXPECTED_STALL_MS : patience,
                                         .script_limit_ms = SCRIPT_PATIENCE * patience,
                                         .stop_ms = patience,
                                         .descriptors = check->descriptors,
                                         .on_done = on_done,
                                         .data = job};

    job->started = uv_hrtime();
    job->play = play_start(&job->check->loop, run->script, &options);
}

static void start_more(struct check *check)
{
    while (check->playing < check->options.jobs && check->next < check->count) {
        check->playing++;
        start(&check->jobs[check->next++]);
    }
}

/* The cmocka test of each run. */
static void test_run(void **state)
{
    struct job *job = *state;

    start_more(job->check);
    while (!job->is_done)
        uv_run(&job->check->loop, UV_RUN_ONCE);
    if (job->note != NULL)
        print_message("%s: %s\n", job->run->script->path, job->note);
    if (job->failure == NULL)
        return;
    for (const char *line = job->failure; *line != '\0';) { /* line by line: cmocka cuts off a longer text */
        const int length = (int)strcspn(line, "\n");
        print_error("%.*s\n", length, line);
        line += length + (line[length] != '\0');
    }
    mock_assert(false, "the run goes as expected", job->run->script->path, job->line); /* fail() would name this line */
}

static int test_all(struct check *check)
{
    struct CMUnitTest(*tests)[check->count] = memory_zeroed(check->count, sizeof(struct CMUnitTest));

    for (size_t i = 0; i < check->count; i++) {
        struct text name = {0};
        text_add(&name, "%s: %s", check->runs[i].model->name, check->runs[i].script->name);
        check->jobs[i].name = text_take(&name);
        (*tests)[i] =
            (struct CMUnitTest){.name = check->jobs[i].name, .test_func = test_run, .initial_state = &check->jobs[i]};
    }
    const int failed = cmocka_run_group_tests_name("io-models", *tests, NULL, NULL);
    free(tests);
    return failed;
}

/* ---- The whole ---- */

static void print_matrix(const struct check *check)
{
    const char *no_colour = getenv("NO_COLOR");
    const bool colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
    struct text matrix = {0};

    report_matrix(&matrix, check->runs, check->count, colour);
    (void)fflush(stderr); /* cmocka has written there, and the two may be one file */
    fputs(matrix.chars, stdout);
    (void)fflush(stdout);
    text_free(&matrix);
}

/* Returns 1 if a model is left out that was asked for by name, otherwise 0. */
static int print_left_out(const struct check *check)
{
    const struct option_values *wanted = &check->options.models;
    int status = 0;

    for (size_t i = 0; i < check->models.count; i++) {
        const struct model *model = &check->models.items[i];
        if (model->left_out == NULL || !is_wanted(wanted, model->name))
            continue;
        printf("%s is left out: %s\n", model->name, model->left_out);
        if (wanted->count > 0)
            status = 1;
    }
    return status;
}

static void kill_children(void *data)
{
    const struct check *check = data;

    for (size_t i = 0; i < check->next; i++)
        if (check->jobs[i].play != NULL)
            play_abort(check->jobs[i].play);
}

/* Closed in the programs that we start: a server must not write into it. Returns 0, or 1 after a complaint. */
static int open_results(struct check *check)
{
    const char *path = check->options.results;

    if (path == NULL)
        return 0;
    check->results = fopen(path, "w");
    if (check->results == NULL) {
        fprintf(stderr, "check: cannot write %s: %s\n", path, strerror(errno));
        return 1;
    }
    (void)fcntl(fileno(check->results), F_SETFD, FD_CLOEXEC);
    return 0;
}

static int play_all(struct check *check)
{
    if (open_results(check) != 0)
        return 1;
    uv_loop_init(&check->loop);
    interrupt_watch(&check->interrupt, &check->loop, kill_children, check);
    check->descriptors = process_raise_descriptors();
    const int failed = test_all(check);
    print_matrix(check);
    interrupt_close(&check->interrupt);
    uv_run(&check->loop, UV_RUN_DEFAULT);
    const bool is_clean = uv_loop_close(&check->loop) == 0;
    if (!is_clean)
        complain("the loop is still in use at the end");
    return failed == 0 && is_clean ? 0 : 1;
}

static void free_everything(struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        free(check->jobs[i].name);
        free(check->jobs[i].failure);
        free(check->jobs[i].note);
    }
    if (check->results != NULL)
        (void)fclose(check->results);
    free(check->options.models.items);
    free(check->options.scripts.items);
    free(check->jobs);
    free(check->runs);
    scripts_free(&check->scripts);
    models_free(&check->models);
}

int main(int argc, char **argv)
{
    struct check check = {0};

    standard_open("check");
    int status = read_arguments(argc, argv, &check.options);
    if (status == 0)
        status = find_everything(&check);
    if (status == 0) {
        choose_runs(&check);
        status = check.count > 0 ? play_all(&check) : complain("there is nothing to play");
        if (print_left_out(&check) != 0)
            status = 1;
    }
    free_everything(&check);
    return status;
}
