/*
 * bench - what each model costs: all servers take turns at the same questions, and every byte of every answer is checked.
 *
 * The tables on the terminal, the plots and the page say what came out; BUILD/bench/ *.csv have every single measurement.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "floor.h"
#include "machine.h"
#include "plan.h"
#include "player/memory.h"
#include "player/models.h"
#include "player/options.h"
#include "player/process.h"
#include "player/standard.h"
#include "player/text.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/section.h"
#include "report/table.h"
#include "subject.h"
#include "trial.h"

enum { MOST_CLIENTS = 10000, SPARE_DESCRIPTORS = 200 /* beside those of the clients */ };

struct options {
    const char *build, *time;
    struct option_values models, servers; /* none: all models */
};

static const struct command command = {
    "bench", "usage: bench [--build DIR] [--time short|normal|long] [--model NAME[:OPTION]...]... [--server "
             "'COMMAND {port}']...\n"};

static const double floor_seconds = 0.02;
static const double busy_machine = 0.1; /* of a core, by others */

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
        if (strstr(options->servers.items[i], "{port}") == NULL) {
            options_misuse(&command, "--server needs {port}, where the number of the port goes: %s",
                           options->servers.items[i]);
            return false;
        }
        subjects_add_command(subjects, options->servers.items[i]);
    }
    if (subjects->count == 0)
        options_misuse(&command, "there are no models here");
    return subjects->count > 0;
}

/* ---- The rounds ---- */

struct run {
    struct bench bench;
    struct plan plan;
    struct subjects subjects;
    struct rows rows;
    const char *no_calls; /* why they are not counted, or NULL */
    long descriptors;
    double others; /* how much of a core other programs have used */
    double began, done, all; /* seconds of the plan, but for the first, which is a time */
};

static double now(void)
{
    return (double)uv_hrtime() / 1e9;
}

static void show_progress(const struct run *run, const struct setting *setting, const char *name, int round)
{
    const double spent = now() - run->began;
    const double left = run->done > 0 ? spent * (run->all - run->done) / run->done : run->all;

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\rround %d of %d, %s, %zu clients: %-28.28s about %d:%02d left\033[K", round, run->plan.rounds,
            rows_title(setting->question), setting->clients, name, (int)left / 60, (int)left % 60);
}

/* Is there something new to learn? `clients` 0: only of a server that cannot serve as many as were asked for. */
static bool is_worth_it(const struct run *run, const struct setting *setting, const struct subject *subject)
{
    if (subject->fault != NULL)
        return false;
    if (setting->question == CALLS && run->no_calls != NULL)
        return false;
    return setting->question != PRICE || setting->clients > 0 ||
           (subject->at_most > 1 && subject->at_most < 50 && subject->at_most != 10);
}

static char *too_few_descriptors(const struct run *run, const struct setting *setting)
{
    const size_t needed = setting->clients + SPARE_DESCRIPTORS;
    struct text words = {0};

    if (run->descriptors == 0 || needed <= (size_t)run->descriptors)
        return NULL;
    text_add(&words, "%zu descriptors are needed, and %ld are allowed (ulimit -Hn)", needed, run->descriptors);
    return text_take(&words);
}

static void ask(struct run *run, const struct setting *setting, size_t index, int round)
{
    struct row row = {.setting = setting, .subject = index, .round = round, .clients = setting->clients};

    row.why_not = too_few_descriptors(run, setting);
    if (row.why_not == NULL)
        trial_run(&run->bench, &run->subjects.items[index], &row);
    if (!run->bench.was_interrupted) {
        rows_add(&run->rows, &row);
        return;
    }
    free(row.why_not);
    free(row.note);
}

/* The floor that these servers stand on is that of the same moment, on the same core. */
static void find_floor(struct run *run, const struct setting *setting)
{
    machine_use(MACHINE_FOR_SERVER);
    run->bench.floor = floor_measure(setting->size, floor_seconds);
    machine_use(MACHINE_FOR_LOAD);
}

/* Another one begins each round, so that nobody always comes first. */
static void ask_all(struct run *run, const struct setting *setting, int round)
{
    const size_t count = run->subjects.count;

    if (setting->question == PRICE)
        find_floor(run, setting);
    for (size_t i = 0; i < count && !run->bench.was_interrupted; i++) {
        const size_t index = (i + (size_t)round) % count;
        const struct subject *subject = &run->subjects.items[index];
        show_progress(run, setting, subject->name, round);
        if (is_worth_it(run, setting, subject))
            ask(run, setting, index, round);
        run->done += plan_seconds(setting);
    }
}

static void run_rounds(struct run *run)
{
    const struct plan *plan = &run->plan;

    run->began = now();
    for (size_t i = 0; i < plan->count; i++)
        run->all += plan_seconds(&plan->settings[i]) * plan->settings[i].rounds * (double)run->subjects.count;
    for (int round = 1; round <= plan->rounds; round++)
        for (size_t i = 0; i < plan->count && !run->bench.was_interrupted; i++)
            if (round <= plan->settings[i].rounds)
                ask_all(run, &plan->settings[i], round);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* ---- Being interrupted ---- */

enum { SIGNALS = 3 };

static void on_signal(uv_signal_t *watcher, int number)
{
    struct bench *bench = watcher->data;

    if (bench->was_interrupted)
        _exit(128 + number); /* the second time: at once. Linux ends the server with us, see process.h */
    bench->was_interrupted = true;
    bench->server.is_over = true;
}

static void watch_signals(struct bench *bench, uv_signal_t watchers[SIGNALS])
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&bench->loop, &watchers[i]);
        watchers[i].data = bench;
        uv_signal_start(&watchers[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void close_signals(uv_signal_t watchers[SIGNALS])
{
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&watchers[i], NULL);
}

/* ---- The whole ---- */

/* ---- What came out ---- */

/* CPU time of this program and all that it has started, in seconds. */
static double own_time(void)
{
    struct rusage self, children;
    double seconds = 0;

    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    const struct timeval times[] = {self.ru_utime, self.ru_stime, children.ru_utime, children.ru_stime};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        seconds += (double)times[i].tv_sec + (double)times[i].tv_usec / 1e6;
    return seconds;
}

static void add_warning(struct text *words, const struct run *run)
{
    if (run->bench.was_interrupted)
        text_add(words, "This run was interrupted. ");
    if (run->others > busy_machine)
        text_add(
            words,
            "Other programs used %.0f %% of a core during this run: on a quiet machine the figures are other ones.",
            run->others * 100);
}

/* How much the load itself took, where it took most. */
static void add_load(struct text *words, const struct run *run)
{
    const struct setting *setting = plan_find(&run->plan, PRICE, 50, 64, 0);
    double cpu = 0, busy = 0;

    for (size_t i = 0; i < run->subjects.count; i++) {
        cpu = fmax(cpu, rows_summary(&run->rows, i, setting, PRICE_LOAD_CPU).median);
        busy = fmax(busy, rows_summary(&run->rows, i, setting, PRICE_LOAD_BUSY).median);
    }
    const struct machine_cores cores = machine_cores();
    if (cores.are_separate)
        text_add(words, "The servers had %d core%s, the load generator another one. ", cores.server,
                 cores.server == 1 ? "" : "s");
    else
        text_add(words, "Servers and load generator shared the core. ");
    text_add(words,
             "With 50 clients it took up to %.1f us of CPU time a message and was busy for up to %.0f %% of the time",
             cpu, busy * 100);
    text_add(words, "%s", busy > 0.95 ? ": it, not the server, then set the pace." : ".");
}

static void add_time(struct text *words)
{
    const time_t time_now = time(NULL);
    char line[64] = "";
    struct tm parts;

    if (localtime_r(&time_now, &parts) != NULL && strftime(line, sizeof line, "%Y-%m-%d %H:%M", &parts) > 0)
        text_add(words, "%s", line);
}

static void print_wrapped(const char *words)
{
    struct text out = {0};

    if (words == NULL)
        return;
    table_wrap(&out, words);
    fputs(out.chars, stdout);
    text_free(&out);
}

static bool write_page(struct run *run, const struct report *report, const struct options *options)
{
    struct text path = {0}, machine = {0}, load = {0}, warning = {0}, when = {0}, again = {0};

    text_add(&path, "%s/bench.html", options->build);
    text_add(&again, "make bench%s%s", strcmp(options->time, "normal") == 0 ? "" : " TIME=",
             strcmp(options->time, "normal") == 0 ? "" : options->time);
    machine_describe(&machine);
    add_load(&load, run);
    add_warning(&warning, run);
    add_time(&when);
    print_wrapped(machine.chars);
    print_wrapped(load.chars);
    print_wrapped(warning.chars);
    const struct page_words words = {.warning = warning.chars != NULL ? warning.chars : "",
                                     .machine = machine.chars,
                                     .when = when.chars,
                                     .load = load.chars,
                                     .command = again.chars};
    const bool is_written = page_write(report, &words, run->bench.folder, path.chars);
    if (is_written)
        printf("%s shows it in a browser; every measurement is in %s/*.csv\n", path.chars, run->bench.folder);
    struct text *const texts[] = {&path, &machine, &load, &warning, &when, &again};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text_free(texts[i]);
    return is_written;
}

static bool write_rows(const struct run *run)
{
    const char **names = memory_zeroed(run->subjects.count, sizeof names[0]);

    for (size_t i = 0; i < run->subjects.count; i++)
        names[i] = run->subjects.items[i].name;
    const bool is_written = rows_write(&run->rows, names, run->bench.folder);
    free(names);
    return is_written;
}

static bool tell(struct run *run, const struct options *options)
{
    const struct findings findings = {&run->plan, &run->rows, &run->subjects, run->no_calls};
    struct text out = {0}, said = {0};
    struct report report;

    report_make(&report, &findings);
    table_add(&out, &report);
    fputs(out.chars, stdout);
    const char *no_plots = plot_all(&run->bench.loop, &findings, run->bench.folder, &said);
    if (no_plots != NULL)
        printf("There are no plots: %s\n", no_plots);
    const bool is_written = write_page(run, &report, options) && write_rows(run);
    text_free(&out);
    text_free(&said);
    report_free(&report);
    return is_written;
}

/* ---- The whole ---- */

static bool measure(struct run *run, const struct options *options)
{
    uv_signal_t watchers[SIGNALS];
    const double busy = machine_busy_time(), start = now();

    uv_loop_init(&run->bench.loop);
    watch_signals(&run->bench, watchers);
    machine_use(MACHINE_FOR_LOAD);
    run->descriptors = machine_raise_descriptors(MOST_CLIENTS + SPARE_DESCRIPTORS);
    run->no_calls = calls_probe(&run->bench.loop);
    run_rounds(run);
    run->others = (machine_busy_time() - busy - own_time()) / (now() - start);
    close_signals(watchers);
    const bool is_told = tell(run, options);
    uv_run(&run->bench.loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->bench.loop);
    return is_told;
}

int main(int argc, char **argv)
{
    struct options options;
    struct models models;
    struct run run = {0};
    struct text folder = {0};

    standard_open("bench");
    read_arguments(argc, argv, &options);
    models_find(&models, options.build);
    text_add(&folder, "%s/bench", options.build);
    int status = 2;
    bool is_right = choose(&options, &models, &run.subjects);
    if (is_right && !plan_make(&run.plan, options.time)) {
        options_misuse(&command, "--time is short, normal or long, not %s", options.time);
        is_right = false;
    }
    if (is_right) {
        (void)mkdir(folder.chars, S_IRWXU | S_IRWXG | S_IRWXO);
        run.bench.folder = folder.chars;
        status = measure(&run, &options) ? 0 : 1;
    }
    rows_free(&run.rows);
    subjects_free(&run.subjects);
    models_free(&models);
    text_free(&folder);
    free(options.models.items);
    free(options.servers.items);
    return status;
}
