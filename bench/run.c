/* run - see run.h */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load/tick.h"
#include "player/text.h"
#include "trial/calls.h"
#include "trial/machine.h"

enum { MOST_CLIENTS = 10000, SPARE_DESCRIPTORS = 200 /* beside those of the clients */ };

static const uint64_t millisecond = 1000000;
static const double floor_seconds = 0.05;

/* ---- Progress ---- */

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
    fprintf(stderr, "\rabout %d:%02d left: round %d of %d, %s", (int)left / 60, (int)left % 60, round, run->plan.rounds,
            rows_title(setting->question));
    if (setting->clients > 0)
        fprintf(stderr, " with %zu", setting->clients);
    fprintf(stderr, ", %.40s\033[K", name);
}

/* ---- The rounds ---- */

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
    struct subject *subject = &run->subjects.items[index];

    row.why_not = too_few_descriptors(run, setting);
    if (row.why_not == NULL)
        trial_run(&run->bench, subject, &row);
    if (run->bench.interrupted_by == 0) {
        rows_add(&run->rows, &row);
        if (subject->fault != NULL)
            rows_withdraw(&run->rows, index, subject->fault);
        return;
    }
    free(row.why_not);
    free(row.note);
}

/* The floor that these servers stand on is that of the same minute. */
static void find_floor(struct run *run, const struct setting *setting)
{
    struct recent_floors *floors = setting->size == LARGE_MESSAGE ? &run->large_floors : &run->floors;

    run->bench.floor = floor_of_late(floors, setting->size, floor_seconds);
}

/* Another one begins each round, so that nobody always comes first. */
static void ask_all(struct run *run, const struct setting *setting, int round)
{
    const size_t count = run->subjects.count;

    if (setting->question == PRICE || setting->question == SILENCE)
        find_floor(run, setting);
    for (size_t i = 0; i < count && run->bench.interrupted_by == 0; i++) {
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
        for (size_t i = 0; i < plan->count && run->bench.interrupted_by == 0; i++)
            if (round <= plan->settings[i].rounds)
                ask_all(run, &plan->settings[i], round);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* ---- Being interrupted ---- */

/* Once to end the run, once more to end at once. timeout(1) sends its signal twice, and means one. */
static void on_signal(uv_signal_t *watcher, int number)
{
    struct bench *bench = watcher->data;

    if (bench->interrupted_by != 0 && uv_hrtime() - bench->interrupted_at > 500 * millisecond)
        _exit(128 + number); /* Linux ends the server with us, see process.h */
    if (bench->interrupted_by == 0)
        bench->interrupted_at = uv_hrtime();
    bench->interrupted_by = number;
    bench->server.is_over = true;
}

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

enum { SIGNALS = sizeof numbers / sizeof numbers[0] };

static void watch_signals(struct run *run)
{
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&run->bench.loop, &run->signals[i]);
        run->signals[i].data = &run->bench;
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* ---- All ---- */

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

void run_all(struct run *run)
{
    const double busy = machine_busy_time(), start = now();

    uv_loop_init(&run->bench.loop);
    tick_begin(&run->tick, &run->bench.loop);
    watch_signals(run);
    machine_use(MACHINE_FOR_LOAD);
    run->bench.folder = run->folder;
    run->descriptors = machine_raise_descriptors(MOST_CLIENTS + SPARE_DESCRIPTORS);
    run->no_calls = calls_probe(&run->bench.loop);
    run_rounds(run);
    run->others = (machine_busy_time() - busy - own_time()) / (now() - start);
    for (int i = 0; i < SIGNALS; i++)
        uv_signal_stop(&run->signals[i]); /* from here on a signal ends us */
}

void run_free(struct run *run)
{
    rows_free(&run->rows);
    tick_end(&run->tick);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&run->signals[i], NULL);
    uv_run(&run->bench.loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->bench.loop);
}
