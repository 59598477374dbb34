/*
 * check - plays every script against every model, as cmocka tests, and prints who passes, who stalls and who fails.
 *
 * Several plays go on at once in one libuv loop: most of the time of most of them is waiting. cmocka runs its tests one
 * after another; each of them turns the loop until *its* play is done, and finds many done already.
 */
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
#include "player.h"
#include "process.h"
#include "report.h"

enum {
    MAX_FILTERS = 64,
    EXPECTED_STALL_MS = 400, /* so long waits a step of a play that is expected to stall */
    DEFAULT_JOBS = 6
};

/* A list of names from the command line; an empty one means all. */
struct filter {
    const char *names[MAX_FILTERS];
    int count;
};

struct options {
    const char *build;
    const char *server; /* a command, instead of the models */
    const char *expected; /* its file */
    struct filter models, scripts;
    int jobs;
    int patience_ms; /* for a step without `within`, and for a program told to stop; 0: the player's own */
};

struct check;

/* A cell being played. */
struct game {
    struct check *check;
    struct cell *cell;
    struct play *play;
    bool is_done;
    char *failure; /* NULL: it went as expected; otherwise: */
    int line; /* of the script, where it went wrong */
    char *note;
};

struct check {
    struct options options;
    struct models models;
    struct scripts scripts;
    uv_loop_t loop;
    struct interrupt interrupt;
    int descriptors; /* our own limit before we raised it: the programs get that */
    struct cell *cells;
    struct game *games;
    size_t count;
    size_t next; /* the first that has not been started */
    int playing;
};

/* ---- The command line ---- */

static const char usage[] = "usage: check [--build DIR] [--model NAME|PATH]... [OPTION...]\n"
                            "       check --server 'COMMAND {port}' [--expected FILE] [OPTION...]\n"
                            "options: [--script NAME]... [--jobs N] [--patience MILLISECONDS]\n";

static int misuse(const char *problem, const char *what)
{
    fprintf(stderr, "check: %s%s\n%s", problem, what, usage);
    return 2;
}

static bool is_wanted(const struct filter *filter, const char *name)
{
    for (int i = 0; i < filter->count; i++)
        if (strcmp(filter->names[i], name) == 0)
            return true;
    return filter->count == 0;
}

/* Puts the option's value where it belongs. Returns false if there is no such option or its value is wrong. */
static bool take_option(struct options *options, const char *name, const char *value)
{
    struct filter *filter = NULL;

    if (strcmp(name, "--build") == 0)
        options->build = value;
    else if (strcmp(name, "--server") == 0)
        options->server = value;
    else if (strcmp(name, "--expected") == 0)
        options->expected = value;
    else if (strcmp(name, "--jobs") == 0)
        options->jobs = (int)strtol(value, NULL, 10); /* what is no number is 0 */
    else if (strcmp(name, "--patience") == 0)
        options->patience_ms = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--model") == 0)
        filter = &options->models;
    else if (strcmp(name, "--script") == 0)
        filter = &options->scripts;
    else
        return false;
    if (filter != NULL && filter->count < MAX_FILTERS)
        filter->names[filter->count++] = value;
    return options->jobs >= 1 && options->jobs <= 64 && options->patience_ms >= 0;
}

static int read_arguments(int argc, char **argv, struct options *options)
{
    *options = (struct options){.build = "build", .jobs = DEFAULT_JOBS};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return misuse("unknown option, or its value is missing: ", argv[i]);
        if (!take_option(options, argv[i], argv[i + 1]))
            return misuse("unknown option or bad value: ", argv[i]);
    }
    if (options->server != NULL && strstr(options->server, "{port}") == NULL)
        return misuse("--server needs {port}, where the number of the port goes: ", options->server);
    if (options->server != NULL && options->models.count > 0)
        return misuse("--model and --server exclude each other", "");
    if (options->server == NULL && options->expected != NULL)
        return misuse("--expected goes with --server; a model has a file of its own", "");
    return 0;
}

static int check_filters(const struct check *check)
{
    const struct filter *models = &check->options.models;
    const struct filter *scripts = &check->options.scripts;

    for (int i = 0; i < models->count; i++)
        if (models_named(&check->models, models->names[i]) == NULL)
            return misuse("there is no model ", models->names[i]);
    for (int i = 0; i < scripts->count; i++)
        if (scripts_named(&check->scripts, scripts->names[i]) == NULL)
            return misuse("there is no script ", scripts->names[i]);
    return 0;
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
    for (int i = 0; i < options->models.count; i++)
        if (strchr(options->models.names[i], '/') != NULL)
            models_add_folder(&check->models, options->models.names[i], options->build);
    if (!scripts_read(&check->scripts, error, sizeof error))
        return complain(error);
    const int status = check_filters(check);
    for (size_t i = 0; i < check->models.count && status == 0; i++)
        if (!model_read_expected(&check->models.items[i], &check->scripts, error, sizeof error))
            return complain(error);
    return status;
}

static void add_cell(struct check *check, const struct model *model, const struct script *script)
{
    if (!is_wanted(&check->options.scripts, script->name))
        return;
    if (check->options.server != NULL && script->kind == SCRIPT_FOR_CLIENTS)
        return;
    check->cells[check->count] = (struct cell){model, script, model_expectation(model, script->name), VERDICT_NONE};
    check->games[check->count] = (struct game){.check = check, .cell = &check->cells[check->count]};
    check->count++;
}

/* Returns false if a model is missing that was asked for by name. */
static bool choose_cells(struct check *check)
{
    const struct models *models = &check->models;
    bool is_complete = true;

    check->cells = memory_zeroed(models->count * check->scripts.count, sizeof check->cells[0]);
    check->games = memory_zeroed(models->count * check->scripts.count, sizeof check->games[0]);
    for (size_t i = 0; i < models->count; i++) {
        const struct model *model = &models->items[i];
        if (!is_wanted(&check->options.models, model->name))
            continue;
        if (!model->is_built) {
            fprintf(stderr, "check: %s is left out: it is not built in %s\n", model->name, check->options.build);
            is_complete = is_complete && check->options.models.count == 0;
            continue;
        }
        for (size_t j = 0; j < check->scripts.count; j++)
            add_cell(check, model, check->scripts.items[j]);
    }
    return is_complete;
}

/* ---- Playing, several at a time ---- */

static void start_more(struct check *check);

static char *replay_command(const struct game *game)
{
    const struct options *options = &game->check->options;
    const char *script = game->cell->script->name;
    struct text command = {0};

    if (options->server != NULL)
        text_add(&command, "%s/tests/player/play --server '%s' --script %s", options->build, options->server, script);
    else if (strcmp(options->build, "build") == 0)
        text_add(&command, "make play MODEL=%s SCRIPT=%s", game->cell->model->name, script);
    else
        text_add(&command, "%s/tests/player/play --build %s --model %s --script %s", options->build, options->build,
                 game->cell->model->name, script);
    return text_take(&command);
}

static void on_done(struct play *play, void *data)
{
    struct game *game = data;
    const struct play_result *result = play_result(play);

    game->is_done = true;
    game->cell->verdict = report_verdict(game->cell, result->outcome);
    if (game->cell->verdict == VERDICT_FAILS) {
        char *replay = replay_command(game);
        struct text failure = {0};
        report_failure(&failure, game->cell, result, replay);
        game->failure = text_take(&failure);
        game->line = result->step != -1 ? game->cell->script->steps[result->step].line : 1;
        free(replay);
    }
    if (result->note[0] != '\0')
        game->note = memory_string(result->note);
    play_free(play);
    game->play = NULL;
    game->check->playing--;
    start_more(game->check);
}

static void start(struct game *game)
{
    const struct check *check = game->check;
    const struct cell *cell = game->cell;
    const bool will_stall = cell->expectation != NULL && cell->expectation->outcome == PLAY_STALLS;
    const uint64_t patience = (uint64_t)check->options.patience_ms;
    const struct play_options options = {.program = cell->script->kind == SCRIPT_FOR_SERVERS ? cell->model->server
                                                                                             : cell->model->client,
                                         .command = check->options.server,
                                         .limit_ms = will_stall ? EXPECTED_STALL_MS : patience,
                                         .stop_ms = patience,
                                         .descriptors = check->descriptors,
                                         .on_done = on_done,
                                         .data = game};

    game->play = play_start(&game->check->loop, cell->script, &options);
}

static void start_more(struct check *check)
{
    while (check->playing < check->options.jobs && check->next < check->count) {
        check->playing++;
        start(&check->games[check->next++]);
    }
}

/* The cmocka test of every cell. */
static void test_cell(void **state)
{
    struct game *game = *state;

    start_more(game->check);
    while (!game->is_done)
        uv_run(&game->check->loop, UV_RUN_ONCE);
    if (game->note != NULL)
        print_message("%s: %s\n", game->cell->script->path, game->note);
    if (game->failure == NULL)
        return;
    for (const char *line = game->failure; *line != '\0';) { /* line by line: cmocka cuts off a longer text */
        const int length = (int)strcspn(line, "\n");
        print_error("%.*s\n", length, line);
        line += length + (line[length] != '\0');
    }
    _fail(game->cell->script->path, game->line); /* fail(), but not at this line */
}

static int test_all(struct check *check)
{
    struct CMUnitTest *tests = memory_zeroed(check->count, sizeof tests[0]);
    char **names = memory_zeroed(check->count, sizeof names[0]);

    for (size_t i = 0; i < check->count; i++) {
        struct text name = {0};
        text_add(&name, "%s: %s", check->cells[i].model->name, check->cells[i].script->name);
        names[i] = text_take(&name);
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = test_cell, .initial_state = &check->games[i]};
    }
    const int failed = _cmocka_run_group_tests("io-models", tests, check->count, NULL, NULL);
    for (size_t i = 0; i < check->count; i++)
        free(names[i]);
    free(names);
    free(tests);
    return failed;
}

/* ---- The whole ---- */

static void print_matrix(const struct check *check)
{
    const char *no_colour = getenv("NO_COLOR");
    const bool colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
    struct text matrix = {0};

    report_matrix(&matrix, check->cells, check->count, colour);
    (void)fflush(stderr); /* cmocka has written there, and the two may be one file */
    fputs(matrix.chars, stdout);
    (void)fflush(stdout);
    text_free(&matrix);
}

static void kill_children(void *data)
{
    const struct check *check = data;

    for (size_t i = 0; i < check->next; i++)
        if (check->games[i].play != NULL)
            play_abort(check->games[i].play);
}

static int play_all(struct check *check)
{
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
        free(check->games[i].failure);
        free(check->games[i].note);
    }
    free(check->games);
    free(check->cells);
    scripts_free(&check->scripts);
    models_free(&check->models);
}

int main(int argc, char **argv)
{
    struct check check = {0};

    process_open_standard();
    int status = read_arguments(argc, argv, &check.options);
    if (status == 0)
        status = find_everything(&check);
    if (status == 0) {
        const bool is_complete = choose_cells(&check);
        status = check.count > 0 ? play_all(&check) : complain("there is nothing to play");
        if (!is_complete)
            status = 1;
    }
    free_everything(&check);
    return status;
}
