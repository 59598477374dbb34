/*
 * faults - what if a system call fails? strace makes it: every call that a model's server makes, with every error that is real
 * for it (errors.txt), while four clients talk to the server and every byte is checked.
 *
 * First each model is played without a fault, to see which calls it makes; then comes one fault a play.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "matrix.h"
#include "plan.h"
#include "player/interrupt.h"
#include "player/memory.h"
#include "player/models.h"
#include "player/options.h"
#include "player/process.h"
#include "player/standard.h"
#include "trial.h"

static const char table[] = "tests/faults/errors.txt";
static const char for_servers[] = "tests/faults/neighbours.script",
                  for_clients[] = "tests/faults/clients/replies.script";

enum { DEFAULT_JOBS = 12, MAX_PLACE = TRACE_PLACES - 1 };

struct options {
    const char *build, *time;
    struct option_values models; /* none: all */
    bool clients; /* instead of the servers */
    struct wishes wishes;
    int jobs;
};

struct faults {
    struct options options;
    struct models models;
    struct errors errors;
    struct script *script;
    struct subject *subjects;
    size_t subject_count;
    struct plan plan;
    char *folder;

    uv_loop_t loop;
    struct interrupt interrupt;
    struct plan *playing; /* what is being played: of these trials */
    size_t next, under_way;
};

/* ---- The command line ---- */

static const struct command command = {"faults", "usage: faults [--build DIR] [--clients] [--time short|long] [--model "
                                                 "NAME[:OPTION]|PATH]... [--call NAME] [--error NAME]\n"
                                                 "              [--place N] [--jobs N] [--help]\n"};

static int read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"time", .text = &options->time},
                                      {"model", .texts = &options->models},
                                      {"clients", .flag = &options->clients},
                                      {"call", .text = &options->wishes.call},
                                      {"error", .text = &options->wishes.error},
                                      {"place", .number = &options->wishes.place, .min = 1, .max = MAX_PLACE},
                                      {"jobs", .number = &options->jobs, .min = 1, .max = 64},
                                      {.name = NULL}};

    *options = (struct options){.build = "build", .time = "short", .jobs = DEFAULT_JOBS};
    options_read(&command, rows, argc, argv);
    options->wishes.is_long = strcmp(options->time, "long") == 0;
    if (!options->wishes.is_long && strcmp(options->time, "short") != 0)
        return options_misuse(&command, "--time is short or long, not %s", options->time);
    return 0;
}

static int add_subject(struct faults *faults, const char *words)
{
    const struct model_choice choice = models_choose(&faults->models, words);

    faults->subjects[faults->subject_count++] = (struct subject){.is_client = faults->options.clients,
                                                                 .model = choice.model,
                                                                 .words = words,
                                                                 .name = choice.name,
                                                                 .args = choice.args};
    if (choice.model == NULL)
        return options_misuse(&command, "there is no model %s", words);
    if (choice.model->left_out != NULL)
        faults->subjects[faults->subject_count - 1].left_out = memory_string(choice.model->left_out);
    return 0;
}

static int choose_subjects(struct faults *faults)
{
    const struct option_values *wanted = &faults->options.models;
    const size_t count = wanted->count > 0 ? wanted->count : faults->models.count;
    int status = 0;

    for (size_t i = 0; i < wanted->count; i++)
        if (strchr(wanted->items[i], '/') != NULL)
            models_add_folder(&faults->models, wanted->items[i], faults->options.build);
    faults->subjects = memory_zeroed(count + 1, sizeof faults->subjects[0]);
    for (size_t i = 0; i < count && status == 0; i++)
        status = add_subject(faults, wanted->count > 0 ? wanted->items[i] : faults->models.items[i].name);
    return status;
}

/* ---- Playing, several at a time ---- */

static void start_more(struct faults *faults);

static void on_done(struct trial *trial)
{
    struct faults *faults = trial->owner;

    faults->under_way--;
    start_more(faults);
}

static void start_more(struct faults *faults)
{
    while (faults->under_way < (size_t)faults->options.jobs && faults->next < faults->playing->count) {
        struct trial *trial = &faults->playing->trials[faults->next++];
        trial->script = faults->script;
        trial->folder = faults->folder;
        trial->on_done = on_done;
        trial->owner = faults;
        faults->under_way++;
        trial_start(&faults->loop, trial);
    }
}

static void play_all(struct faults *faults, struct plan *plan)
{
    faults->playing = plan;
    faults->next = 0;
    start_more(faults);
    while (faults->under_way > 0)
        uv_run(&faults->loop, UV_RUN_ONCE);
}

static void kill_children(void *data)
{
    const struct faults *faults = data;

    for (size_t i = 0; faults->playing != NULL && i < faults->next; i++)
        trial_abort(&faults->playing->trials[i]);
}

static void free_plan(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        trial_free(&plan->trials[i]);
    free(plan->trials);
}

/* ---- The whole ---- */

/* Plays each model without a fault. One that does not go on then cannot be judged. */
static void watch_all(struct faults *faults)
{
    struct plan plan = {.trials = memory_zeroed(faults->subject_count + 1, sizeof plan.trials[0])};

    for (size_t i = 0; i < faults->subject_count; i++)
        if (faults->subjects[i].left_out == NULL)
            plan.trials[plan.count++] = (struct trial){.subject = &faults->subjects[i], .moment = ONCE};
    play_all(faults, &plan);
    for (size_t i = 0, next = 0; i < faults->subject_count; i++) {
        struct subject *subject = &faults->subjects[i];
        if (subject->left_out != NULL)
            continue;
        struct trial *trial = &plan.trials[next++];
        if (trial->verdict == GOES_ON && trace_read(&subject->trace, trial->path))
            continue;
        subject->left_out = trial->problem != NULL ? trial->problem : memory_string("strace does not see what it does");
        trial->problem = NULL;
    }
    free_plan(&plan);
    faults->playing = NULL;
}

/* What a model calls and the table does not know is said, so that somebody adds it. */
static void add_unknown(struct text *text, const struct faults *faults)
{
    for (size_t i = 0; i < faults->subject_count; i++) {
        const struct subject *subject = &faults->subjects[i];
        struct text names = {0};
        for (size_t j = 0; j < subject->trace.count; j++) {
            const struct traced_call *call = &subject->trace.calls[j];
            if (trace_is_own(call) && !errors_know(&faults->errors, call->name))
                text_add(&names, " %s", call->name);
        }
        if (names.length > 0)
            text_add(text, "%s also calls, and %s does not know:%s\n", subject->name, table, names.chars);
        text_free(&names);
    }
}

/* Every model has been tried that could be, and nothing is wrong. */
static bool all_is_well(const struct faults *faults)
{
    for (size_t i = 0; i < faults->subject_count; i++)
        if (faults->subjects[i].left_out != NULL && faults->subjects[i].model->left_out == NULL)
            return false;
    for (size_t i = 0; i < faults->plan.count; i++)
        if (faults->plan.trials[i].verdict == WRONG)
            return false;
    return true;
}

static void report(const struct faults *faults)
{
    struct text text = {0};

    matrix_add(&text, &faults->plan, &faults->errors, faults->subjects, faults->subject_count,
               faults->options.wishes.is_long || faults->options.wishes.error != NULL);
    matrix_add_legend(&text, faults->options.clients);
    for (size_t i = 0; i < faults->subject_count; i++)
        if (faults->subjects[i].left_out != NULL)
            text_add(&text, "%s is left out: %s\n", faults->subjects[i].name, faults->subjects[i].left_out);
    add_unknown(&text, faults);
    matrix_add_wrong(&text, &faults->plan);
    matrix_add_sum(&text, &faults->plan);
    fputs(text.chars, stdout);
    text_free(&text);
}

static char *make_folder(const char *build)
{
    struct text folder = {0};

    text_add(&folder, "%s/faults", build);
    (void)mkdir(folder.chars, S_IRWXU | S_IRWXG | S_IRWXO);
    return text_take(&folder);
}

static int try_all(struct faults *faults)
{
    faults->folder = make_folder(faults->options.build);
    (void)process_raise_descriptors();
    watch_all(faults);
    for (size_t i = 0; i < faults->subject_count; i++)
        if (faults->subjects[i].left_out == NULL)
            plan_add(&faults->plan, &faults->errors, &faults->subjects[i], &faults->options.wishes);
    play_all(faults, &faults->plan);
    report(faults);
    return all_is_well(faults) ? 0 : 1;
}

static void free_everything(struct faults *faults)
{
    free_plan(&faults->plan);
    for (size_t i = 0; i < faults->subject_count; i++) {
        trace_free(&faults->subjects[i].trace);
        free(faults->subjects[i].name);
        free(faults->subjects[i].left_out);
    }
    free(faults->subjects);
    free(faults->folder);
    free(faults->options.models.items);
    script_free(faults->script);
    errors_free(&faults->errors);
    models_free(&faults->models);
}

static bool read_files(struct faults *faults)
{
    char error[600];

    models_find(&faults->models, faults->options.build);
    faults->script = script_read(faults->options.clients ? for_clients : for_servers, error, sizeof error);
    if (faults->script == NULL)
        fprintf(stderr, "faults: %s\n", error);
    return errors_read(&faults->errors, table) && faults->script != NULL;
}

int main(int argc, char **argv)
{
    struct faults faults = {.next = 0};

    standard_open("faults");
    int status = read_arguments(argc, argv, &faults.options);
    if (status == 0)
        status = read_files(&faults) ? choose_subjects(&faults) : 1;
    if (status == 0) {
        uv_loop_init(&faults.loop);
        interrupt_watch(&faults.interrupt, &faults.loop, kill_children, &faults);
        status = try_all(&faults);
        interrupt_close(&faults.interrupt);
        uv_run(&faults.loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&faults.loop);
    }
    free_everything(&faults);
    return status;
}
