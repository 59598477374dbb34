/*
 * soak - servers under chaotic clients (crowd.h): every byte is checked; what a server holds in between, when all clients have
 * gone, must not grow (figures.h); and in the middle of it all it is told to stop.
 *
 * A round for the warm-up, four that are alike, and half a one until SIGTERM.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "crowd.h"
#include "figures.h"
#include "player/interrupt.h"
#include "player/memory.h"
#include "player/models.h"
#include "player/options.h"
#include "player/process.h"
#include "player/standard.h"
#include "player/text.h"

enum {
    TICK_MS = 10, /* no turn of the loop lasts longer */
    LOOK_MS = 100, /* from one look at what the server holds to the next */
    REST_LIMIT_MS = 1000, /* to let go what it holds for clients that have gone */
    STOP_LIMIT_MS = 5000, /* then it is killed; but it should stop */
    STOP_PROMISE_MS = 1000 /* within this */
};

struct options {
    const char *build, *server, *expected;
    struct option_values models; /* none: all */
    int time, seed;
};

static const struct command command = {"soak",
                                       "usage: soak [--build DIR] [--time SECONDS] [--seed NUMBER] [--model NAME]...\n"
                                       "            [--server 'COMMAND {port}' [--expected FILE]]\n"};

/* One server under test. */
struct soak {
    uv_loop_t loop;
    uv_timer_t tick;
    struct interrupt interrupt;
    struct process *process;
    bool is_ready;
    struct crowd *crowd;
    struct figures rests[RESTS], peak;
    uint64_t looked_at; /* when we last looked, uv_hrtime() */
    struct text problem;
};

static const uint64_t millisecond = 1000000;

/* ---- The server ---- */

static void on_ready(struct process *process)
{
    struct soak *soak = process_owner(process);

    soak->is_ready = true;
}

static void start(struct soak *soak, const char *const *words, struct process_options options)
{
    options.arguments = words;
    options.on_ready = on_ready;
    options.owner = soak;
    soak->process = process_start(&soak->loop, &options);
}

static void start_command(struct soak *soak, const char *shell_command)
{
    const int port = process_free_port();
    bool is_wrapped;

    if (port < 0) {
        fprintf(stderr, "soak: there is no free port: %s\n", uv_strerror(port));
        exit(1);
    }
    char *with_port = process_fill_in_port(shell_command, port);
    char *wrapped = process_wrap(with_port, &is_wrapped);

    start(soak, (const char *const[]){"/bin/sh", "-c", wrapped, NULL},
          (struct process_options){.readiness = PROCESS_READY_BY_PORT, .port = port, .is_wrapped = is_wrapped});
    free(wrapped);
    free(with_port);
}

static bool has_ended(const struct soak *soak)
{
    return process_status(soak->process).has_ended;
}

/* Somebody else's server has only a name: its command. */
static bool start_server(struct soak *soak, const struct model *model)
{
    if (model->server == NULL)
        start_command(soak, model->name);
    else
        start(soak, (const char *const[]){model->server, "-p", "0", NULL},
              (struct process_options){.readiness = PROCESS_READY_BY_LINE});
    while (!soak->is_ready && !has_ended(soak))
        uv_run(&soak->loop, UV_RUN_ONCE);
    return soak->is_ready;
}

static void add_last_words(struct soak *soak)
{
    int length;
    const char *line = process_last_line(soak->process, &length);

    if (length > 0)
        text_add(&soak->problem, "; its last words: %.*s", length, line);
}

/* ---- Rounds ---- */

static bool is_well(const struct soak *soak)
{
    return soak->problem.chars == NULL && crowd_problem(soak->crowd) == NULL && !has_ended(soak);
}

static void turn(struct soak *soak)
{
    uv_run(&soak->loop, UV_RUN_ONCE);
    if (uv_hrtime() - soak->looked_at < LOOK_MS * millisecond)
        return;
    const struct figures now = figures_of(process_pid(soak->process));
    figures_raise(&soak->peak, &now);
    soak->looked_at = uv_hrtime();
}

static void run_for(struct soak *soak, uint64_t milliseconds)
{
    const uint64_t end = uv_hrtime() + milliseconds * millisecond;

    while (is_well(soak) && uv_hrtime() < end)
        turn(soak);
}

/* Waits until the server has let go all that it held for clients. */
static struct figures come_to_rest(struct soak *soak, const struct figures *before)
{
    const uint64_t end = uv_hrtime() + REST_LIMIT_MS * millisecond;
    struct figures now = figures_of(process_pid(soak->process));

    while (is_well(soak) && !figures_are_back(&now, before) && uv_hrtime() < end) {
        turn(soak);
        now = figures_of(process_pid(soak->process));
    }
    return now;
}

static void play_rounds(struct soak *soak, uint64_t round_ms)
{
    struct figures before = figures_of(process_pid(soak->process));

    for (int i = 0; i < RESTS && is_well(soak); i++) {
        crowd_come(soak->crowd);
        run_for(soak, round_ms);
        crowd_end(soak->crowd);
        while (is_well(soak) && crowd_present(soak->crowd) > 0)
            turn(soak);
        before = soak->rests[i] = come_to_rest(soak, &before);
    }
}

static void stop_in_the_middle(struct soak *soak, uint64_t after_ms)
{
    crowd_come(soak->crowd);
    run_for(soak, after_ms);
    if (!is_well(soak))
        return;
    crowd_end_with_server(soak->crowd);
    process_stop(soak->process, SIGTERM, STOP_LIMIT_MS);
    while (!has_ended(soak) || crowd_present(soak->crowd) > 0)
        uv_run(&soak->loop, UV_RUN_ONCE);
}

/* ---- Judgement ---- */

/* Where the words of one more problem go. */
static struct text *one_more(struct soak *soak)
{
    if (soak->problem.chars != NULL)
        text_add(&soak->problem, "; ");
    return &soak->problem;
}

static void judge_growth(struct soak *soak, enum figure figure)
{
    if (!figures_grow(soak->rests, figure))
        return;
    text_add(one_more(soak), "it leaks %s: at rest after each round", figure_name(figure));
    for (int i = 0; i < RESTS; i++)
        text_add(&soak->problem, "%s %ld", i > 0 ? "," : "", soak->rests[i].of[figure]);
}

static void judge_end(struct soak *soak)
{
    const struct process_status status = process_status(soak->process);

    if (!status.was_told)
        text_add(one_more(soak), "it %s by itself", process_describe_end(soak->process));
    else if (status.was_killed)
        text_add(one_more(soak), "it did not stop within %d s of SIGTERM", STOP_LIMIT_MS / 1000);
    else if (status.exit_status != 0 || status.signal != 0)
        text_add(one_more(soak), "after SIGTERM it %s", process_describe_end(soak->process));
    else if (status.stop_time > STOP_PROMISE_MS * millisecond)
        text_add(one_more(soak), "it stopped only %" PRIu64 " ms after SIGTERM", status.stop_time / millisecond);
    else if (status.left > 0)
        text_add(one_more(soak), "after SIGTERM it left processes: %s", process_describe_left(soak->process));
}

static void judge(struct soak *soak)
{
    if (crowd_problem(soak->crowd) != NULL)
        text_add(one_more(soak), "%s", crowd_problem(soak->crowd));
    for (int i = 0; i < FIGURES; i++)
        judge_growth(soak, (enum figure)i);
    judge_end(soak);
    if (soak->problem.chars != NULL)
        add_last_words(soak);
}

/* ---- The table ---- */

static void print_heading(void)
{
    printf("%-22s %11s %8s %8s %20s %13s %13s %13s %8s\n", "server", "connections", "MiB", "cut off", "memory in KiB",
           "descriptors", "threads", "processes", "SIGTERM");
}

/* Before, at the most, and after. */
static void print_figure(const struct soak *soak, enum figure figure, int width)
{
    char words[80];

    snprintf(words, sizeof words, "%ld/%ld/%ld", soak->rests[0].of[figure], soak->peak.of[figure],
             soak->rests[RESTS - 1].of[figure]);
    printf(" %*s", width, words);
}

static void print_row(const struct soak *soak, const char *name)
{
    const struct crowd_figures done = crowd_figures(soak->crowd);

    printf("%-22.22s %11" PRIu64 " %8.1f %8" PRIu64, name, done.connections, (double)done.bytes / (1024 * 1024),
           done.cut_off);
    print_figure(soak, MEMORY, 20);
    print_figure(soak, DESCRIPTORS, 13);
    print_figure(soak, THREADS, 13);
    print_figure(soak, PROCESSES, 13);
    printf(" %5" PRIu64 " ms\n", process_status(soak->process).stop_time / millisecond);
}

/* ---- One server ---- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer; /* who runs the loop looks what has happened */
}

static void kill_server(void *data)
{
    struct soak *soak = data;

    if (soak->process != NULL)
        process_kill(soak->process);
}

static void open_loop(struct soak *soak)
{
    uv_loop_init(&soak->loop);
    interrupt_watch(&soak->interrupt, &soak->loop, kill_server, soak);
    uv_timer_init(&soak->loop, &soak->tick);
    uv_timer_start(&soak->tick, on_tick, TICK_MS, TICK_MS);
}

static void on_freed(void *data)
{
    (void)data;
}

static void close_loop(struct soak *soak)
{
    if (soak->crowd != NULL)
        crowd_free(soak->crowd);
    process_free(soak->process, on_freed, NULL);
    interrupt_close(&soak->interrupt);
    uv_close((uv_handle_t *)&soak->tick, NULL);
    uv_run(&soak->loop, UV_RUN_DEFAULT);
    uv_loop_close(&soak->loop);
    text_free(&soak->problem);
}

/* Returns whether all was as it should be. */
static bool soak_server(const struct model *model, uint64_t time_ms, uint64_t seed)
{
    const bool serves_few = model_expectation(model, "silent-crowd") != NULL;
    const uint64_t round_ms = time_ms * 2 / (2 * RESTS + 1);
    struct soak soak = {0};

    open_loop(&soak);
    if (start_server(&soak, model)) {
        soak.crowd = crowd_new(&soak.loop, process_address(soak.process), seed, serves_few);
        play_rounds(&soak, round_ms);
        stop_in_the_middle(&soak, round_ms / 2);
        process_stop(soak.process, SIGTERM, STOP_LIMIT_MS);
        while (!has_ended(&soak))
            uv_run(&soak.loop, UV_RUN_ONCE);
        print_row(&soak, model->name);
        judge(&soak);
    } else {
        text_add(&soak.problem, "it %s", process_describe_end(soak.process));
        add_last_words(&soak);
    }
    const bool is_right = soak.problem.chars == NULL;
    if (!is_right)
        printf("%s FAILS: %s\n", model->name, soak.problem.chars);
    (void)fflush(stdout);
    close_loop(&soak);
    return is_right;
}

/* ---- The command line ---- */

static void read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"time", .number = &options->time, .min = 1, .max = 1000000},
                                      {"seed", .number = &options->seed, .min = 1, .max = 1000000000},
                                      {"model", .texts = &options->models},
                                      {"server", .text = &options->server},
                                      {"expected", .text = &options->expected},
                                      {.name = NULL}};

    *options = (struct options){.build = "build", .time = 60, .seed = (int)(uv_hrtime() % 1000000) + 1};
    options_read(&command, rows, argc, argv);
}

/* Finds all that there is, and reads what is expected of it. Returns false after a complaint. */
static bool find_servers(const struct options *options, struct models *models, struct scripts *scripts)
{
    char error[512];
    bool is_right = scripts_read(scripts, error, sizeof error);

    if (options->server == NULL)
        models_find(models, options->build);
    else
        models_add(models, options->server, options->expected);
    for (size_t i = 0; i < models->count && is_right; i++)
        is_right = model_read_expected(&models->items[i], scripts, error, sizeof error);
    if (!is_right)
        fprintf(stderr, "soak: %s\n", error);
    return is_right;
}

/* Returns false after a complaint. */
static bool are_there(const struct option_values *wanted, const struct models *models)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (models_named(models, wanted->items[i]) == NULL) {
            options_misuse(&command, "there is no model %s", wanted->items[i]);
            return false;
        }
    return true;
}

static bool is_wanted(const struct options *options, const char *name)
{
    bool is_wanted = options->models.count == 0;

    for (size_t i = 0; i < options->models.count && !is_wanted; i++)
        is_wanted = strcmp(options->models.items[i], name) == 0;
    return is_wanted;
}

/* Those that are wanted and not left out share the time. */
static bool soak_all(const struct options *options, const struct models *models)
{
    uint64_t count = 0;
    bool is_right = true;

    for (size_t i = 0; i < models->count; i++)
        count += models->items[i].left_out == NULL && is_wanted(options, models->items[i].name);
    const uint64_t time_ms = count > 0 ? (uint64_t)options->time * 1000 / count : 0;
    printf("seed %d: make soak TIME=%d SEED=%d lets the same clients come again\n", options->seed, options->time,
           options->seed);
    print_heading();
    for (size_t i = 0; i < models->count; i++) {
        const struct model *model = &models->items[i];
        if (!is_wanted(options, model->name))
            continue;
        if (model->left_out != NULL)
            printf("%s is left out: %s\n", model->name, model->left_out);
        else
            is_right = soak_server(model, time_ms, (uint64_t)options->seed) && is_right;
    }
    return is_right;
}

int main(int argc, char **argv)
{
    struct options options;
    struct models models = {0};
    struct scripts scripts = {0};
    int status = 2;

    standard_open("soak");
    read_arguments(argc, argv, &options);
    if (options.server != NULL && strstr(options.server, "{port}") == NULL)
        options_misuse(&command, "--server needs {port}, where the number of the port goes: %s", options.server);
    else if (find_servers(&options, &models, &scripts) && are_there(&options.models, &models))
        status = soak_all(&options, &models) ? 0 : 1;
    scripts_free(&scripts);
    models_free(&models);
    free(options.models.items);
    return status;
}
