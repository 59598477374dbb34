/*
 * demo - side by side: the same script against several models at the same time, watched while it goes on, and what came out.
 *
 * On a terminal the lanes grow in place; anywhere else they are printed when all is over. In both cases the table follows,
 * a sentence a model, and two files that replay it all: a page for a browser, and a trace for other programs.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cast.h"
#include "page/page.h"
#include "player/memory.h"
#include "player/models.h"
#include "player/options.h"
#include "player/process.h"
#include "player/standard.h"
#include "player/text.h"
#include "session.h"
#include "terminal/canvas.h"
#include "terminal/table.h"
#include "terminal/view.h"
#include "tracer.h"

enum { PAPER_WIDTH = 100 /* where there is no terminal */ };

struct options {
    const char *build, *script;
    struct option_values models; /* none: the script's cast */
    bool all, without_strace;
};

static const struct command command = {
    "demo",
    "usage: demo [--build DIR] [--script NAME|PATH] [--all] [--model NAME[:OPTION]...]... [--without-strace]\n"};

/* ---- The command line ---- */

static void read_arguments(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {{"build", .text = &options->build},
                                      {"script", .text = &options->script},
                                      {"all", .flag = &options->all},
                                      {"model", .texts = &options->models},
                                      {"without-strace", .flag = &options->without_strace},
                                      {.name = NULL}};

    *options = (struct options){.build = "build"};
    options_read(&command, rows, argc, argv);
}

/* Is it there without having been asked for by name? */
static bool is_in_cast(const struct options *options, const struct script *script, const char *model)
{
    return options->all || (options->models.count == 0 && cast_has(script, model));
}

/* The cast, or all models, and those that were asked for. Returns how many, 0 after a complaint. */
static size_t choose_models(const struct options *options, const struct script *script, const struct models *models,
                            struct model_choice *choices)
{
    size_t count = 0;

    for (size_t i = 0; i < models->count; i++)
        if (is_in_cast(options, script, models->items[i].name))
            choices[count++] = models_choose(models, models->items[i].name);
    for (size_t i = 0; i < options->models.count; i++) {
        choices[count++] = models_choose(models, options->models.items[i]);
        if (choices[count - 1].model == NULL) {
            options_misuse(&command, "there is no model %s", options->models.items[i]);
            return 0;
        }
    }
    if (count == 0)
        options_misuse(&command, "there are no models here%s", models->count > 0 ? " that the script names" : "");
    return count;
}

/* ---- How it can be shown ---- */

static enum canvas_colours colours(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *type = getenv("TERM");
    const char *more = getenv("COLORTERM");

    if (!isatty(STDOUT_FILENO) || (no_colour != NULL && no_colour[0] != '\0') || type == NULL ||
        strcmp(type, "dumb") == 0)
        return CANVAS_PLAIN;
    return more != NULL || strstr(type, "256") != NULL ? CANVAS_256_COLOURS : CANVAS_16_COLOURS;
}

static struct canvas_style style_of_output(void)
{
    struct winsize size;
    struct canvas_style style = {.width = PAPER_WIDTH,
                                 .colours = colours(),
                                 .is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                                 .line_end = "\n"};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    if (style.width < VIEW_MIN_WIDTH)
        style.width = VIEW_MIN_WIDTH;
    return style;
}

/* ---- What came out ---- */

static void draw_title(struct canvas *canvas, const struct script *script)
{
    const int column = canvas_put(canvas, 0, script->name, TINT_STRONG);

    canvas_put(canvas, column, ":", TINT_STRONG);
    canvas_wrap(canvas, column + 2, script->title, TINT_PLAIN);
    canvas_end_row(canvas);
}

/* "01  Everybody was served ...": a model's number will do, with its options; its name stands in the table above. */
static void draw_verdict(struct canvas *canvas, const struct model_record *model)
{
    const char *options = strchr(model->name, ' ');
    struct text words = {0};

    if (options != NULL)
        text_add(&words, "%s: ", options + 1);
    text_add(&words, "%s", model->verdict);
    canvas_put_until(canvas, 0, (int)strcspn(model->name, "-"), model->name, TINT_STRONG);
    canvas_wrap(canvas, 4, words.chars, TINT_PLAIN);
    text_free(&words);
}

static void print_record(const struct session *session)
{
    const struct record *record = &session->recorder.record;
    struct view view = session->view;
    struct canvas canvas;
    struct text out = {0};

    view.style = style_of_output();
    canvas_begin(&canvas, &out, &view.style);
    draw_title(&canvas, record->script);
    view_lanes(&view, record, &out);
    canvas_end_row(&canvas);
    table_add(record, &view.style, &out);
    canvas_end_row(&canvas);
    for (size_t i = 0; i < record->model_count; i++)
        draw_verdict(&canvas, &record->models[i]);
    canvas_end(&canvas);
    fputs(out.chars, stdout);
    text_free(&out);
}

/* Who else could have played, and how to see that. */
static void print_others(const struct options *options, const struct script *script, const struct models *models)
{
    const struct canvas_style style = style_of_output();
    struct text words = {0}, out = {0};
    struct canvas canvas;

    for (size_t i = 0; i < models->count && options->models.count == 0; i++)
        if (!is_in_cast(options, script, models->items[i].name))
            text_add(&words, "%s%s", words.length > 0 ? ", " : "Not shown: ", models->items[i].name);
    if (words.length > 0) {
        text_add(&words, ". make demo%s%s MODELS=all shows all.", options->script != NULL ? " SCRIPT=" : "",
                 options->script != NULL ? options->script : "");
        canvas_begin(&canvas, &out, &style);
        canvas_end_row(&canvas);
        canvas_wrap(&canvas, 0, words.chars, TINT_PLAIN);
        canvas_end(&canvas);
        fputs(out.chars, stdout);
    }
    text_free(&words);
    text_free(&out);
}

static bool write_files(const struct record *record, const char *build)
{
    const struct canvas_style style = style_of_output();
    struct text page = {0}, trace = {0}, out = {0};
    struct canvas canvas;

    text_add(&page, "%s/demo.html", build);
    text_add(&trace, "%s/demo.trace.json", build);
    const bool has_page = page_write(record, "demo/page", page.chars);
    const bool has_trace = page_write_trace(record, trace.chars);
    text_add(&page, " replays it in a browser.");
    text_add(&trace, " is in the Trace Event format, which Perfetto (https://ui.perfetto.dev), chrome://tracing and "
                     "speedscope (https://www.speedscope.app) read.");
    canvas_begin(&canvas, &out, &style);
    canvas_end_row(&canvas);
    if (has_page)
        canvas_wrap(&canvas, 0, page.chars, TINT_PLAIN);
    if (has_trace)
        canvas_wrap(&canvas, 0, trace.chars, TINT_PLAIN);
    canvas_end(&canvas);
    fputs(out.chars, stdout);
    text_free(&page);
    text_free(&trace);
    text_free(&out);
    return has_page && has_trace;
}

/* ---- The whole ---- */

static bool may_use_strace(const struct options *options)
{
    const char *problem = options->without_strace ? NULL : tracer_probe();

    if (problem != NULL)
        printf("What the servers are doing is not shown: %s.\n", problem);
    (void)fflush(stdout); /* before the terminal's screen is taken */
    return !options->without_strace && problem == NULL;
}

static int show(const struct options *options, const struct script *script, const struct models *models)
{
    const size_t room = models->count + options->models.count;
    struct model_choice *choices = memory_zeroed(room, sizeof choices[0]);
    const size_t count = choose_models(options, script, models, choices);
    int status = 2;

    if (count > 0) {
        struct session session = {.script = script, .view = {.style = style_of_output()}};
        session.uses_strace = may_use_strace(options);
        session.uses_terminal = terminal_is_there();
        session_run(&session, choices, count);
        print_record(&session);
        print_others(options, script, models);
        status = write_files(&session.recorder.record, options->build) ? 0 : 1;
        session_free(&session);
    }
    for (size_t i = 0; i < room; i++)
        free(choices[i].name);
    free(choices);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct models models;
    char error[600];

    standard_open("demo");
    (void)setlocale(LC_CTYPE, "");
    tracer_adopt_orphans();
    read_arguments(argc, argv, &options);
    struct script *script = scripts_open(options.script != NULL ? options.script : "class", error, sizeof error);
    int status = 2;
    if (script == NULL) {
        fprintf(stderr, "demo: %s\n", error);
    } else if (script->kind == SCRIPT_FOR_CLIENTS) {
        options_misuse(&command, "this script is for clients, and the demo shows servers: %s", script->name);
    } else {
        models_find(&models, options.build);
        status = show(&options, script, &models);
        models_free(&models);
    }
    script_free(script);
    free(options.models.items);
    tracer_reap_orphans();
    return status;
}
