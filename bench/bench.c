/*
 * bench - what each model costs: all servers take turns at the same questions, and every byte of every answer is checked.
 *
 * The tables on the terminal, the plots and the page say what came out; BUILD/bench/ *.csv have every single measurement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "player/models.h"
#include "player/options.h"
#include "player/standard.h"
#include "player/text.h"
#include "run.h"
#include "tell.h"

struct options {
    const char *build, *time;
    struct option_values models, servers; /* none: all models */
};

static const struct command command = {
    "bench", "usage: bench [--build DIR] [--time short|normal|long] [--model NAME[:OPTION]...]... [--server "
             "'[NAME: ]COMMAND {port}']...\n"};

/* ---- The command line ---- */

static void read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"time", .text = &options->time},
                                      {"model", .texts = &options->models},
                                      {"server", .texts = &options->servers},
                                      {.name = NULL}};

    *options = (struct options){.build = "build", .time = "normal"};
    options_read(&command, rows, argc, argv);
}

/* Those that were asked for, or all models; a server comes on top. Returns false after a complaint. */
static bool choose(const struct options *options, const struct models *models, struct subjects *subjects)
{
    const struct option_values *wanted = &options->models;
    const size_t count = wanted->count > 0 ? wanted->count : models->count;

    for (size_t i = 0; i < count; i++) {
        const char *words = wanted->count > 0 ? wanted->items[i] : models->items[i].name;
        if (!subjects_add_model(subjects, models, words)) {
            options_misuse(&command, "there is no model %s", words);
            return false;
        }
    }
    for (size_t i = 0; i < options->servers.count; i++) {
        if (subjects_add_servers(subjects, options->servers.items[i]))
            continue;
        options_misuse(&command, "--server needs {port}, where the number of the port goes: %s",
                       options->servers.items[i]);
        return false;
    }
    if (subjects->count == 0)
        options_misuse(&command, "there are no models here");
    return subjects->count > 0;
}

/* ---- The whole ---- */

/* How to do the same again. */
static void add_command(struct text *text, const struct options *options)
{
    struct text servers = {0};

    text_add(text, "make bench");
    if (strcmp(options->time, "normal") != 0)
        text_add(text, " TIME=%s", options->time);
    for (size_t i = 0; i < options->models.count; i++)
        text_add(text, "%s%s%s", i == 0 ? " MODELS='" : " ", options->models.items[i],
                 i + 1 == options->models.count ? "'" : "");
    for (size_t i = 0; i < options->servers.count; i++)
        text_add(&servers, "%s%s", i > 0 ? "\n" : "", options->servers.items[i]);
    if (servers.length > 0) {
        text_add(text, " SERVER=");
        text_add_word(text, servers.chars);
    }
    text_free(&servers);
}

/* 0; 1: a server is wrong, or a file cannot be written; 130: Ctrl-C. A model that is left out is no failure. */
static int status_of(const struct run *run, bool is_told)
{
    bool is_right = is_told;

    for (size_t i = 0; i < run->subjects.count; i++)
        is_right = is_right && !run->subjects.items[i].is_wrong;
    if (run->bench.interrupted_by != 0)
        return 128 + run->bench.interrupted_by;
    return is_right ? 0 : 1;
}

static int measure(struct run *run, const struct options *options)
{
    struct text folder = {0}, page = {0}, command_line = {0};

    text_add(&folder, "%s/bench", options->build);
    text_add(&page, "%s/bench.html", options->build);
    add_command(&command_line, options);
    (void)mkdir(folder.chars, S_IRWXU | S_IRWXG | S_IRWXO);
    run->folder = folder.chars;
    run_all(run);
    const bool is_told = tell(run, page.chars, command_line.chars);
    run_free(run);
    text_free(&folder);
    text_free(&page);
    text_free(&command_line);
    return status_of(run, is_told);
}

int main(int argc, char **argv)
{
    struct options options;
    struct models models;
    struct run run = {0};
    int status = 2;

    standard_open("bench");
    read_arguments(argc, argv, &options);
    models_find(&models, options.build);
    if (!plan_make(&run.plan, options.time))
        options_misuse(&command, "--time is short, normal or long, not %s", options.time);
    else if (choose(&options, &models, &run.subjects))
        status = measure(&run, &options);
    subjects_free(&run.subjects);
    models_free(&models);
    free(options.models.items);
    free(options.servers.items);
    return status;
}
