/* costs - see costs.h */
#include "costs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "player/memory.h"
#include "player/text.h"

/* ---- /proc/PID/status, see proc(5): lines such as "Threads:	4" ---- */

struct status {
    long threads, memory_kib, switches;
};

static void take_value(struct status *status, const char *line)
{
    static const struct {
        const char *key;
        size_t place; /* in struct status */
    } keys[] = {{"Threads:", offsetof(struct status, threads)},
                {"VmHWM:", offsetof(struct status, memory_kib)},
                {"voluntary_ctxt_switches:", offsetof(struct status, switches)},
                {"nonvoluntary_ctxt_switches:", offsetof(struct status, switches)}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strncmp(line, keys[i].key, strlen(keys[i].key)) == 0)
            *(long *)((char *)status + keys[i].place) += strtol(line + strlen(keys[i].key), NULL, 10);
}

/* Returns false if there is no such file. */
static bool read_status(const char *path, struct status *status)
{
    char line[256];
    FILE *file = fopen(path, "r");

    *status = (struct status){0};
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL)
        take_value(status, line);
    fclose(file);
    return true;
}

/* ---- Looks ---- */

static struct thread_switches *find_thread(struct costs_watch *watch, int thread)
{
    for (size_t i = 0; i < watch->thread_count; i++)
        if (watch->threads[i].thread == thread)
            return &watch->threads[i];
    watch->threads = memory_grown(watch->threads, watch->thread_count, sizeof watch->threads[0]);
    watch->threads[watch->thread_count] = (struct thread_switches){.thread = thread};
    return &watch->threads[watch->thread_count++];
}

static void look_at_threads(struct costs_watch *watch, uint64_t now)
{
    struct text folder = {0};

    text_add(&folder, "/proc/%d/task", watch->pid);
    DIR *threads = opendir(folder.chars);
    for (const struct dirent *thread; threads != NULL && (thread = readdir(threads)) != NULL;) {
        struct text path = {0};
        struct status status;
        text_add(&path, "%s/%s/status", folder.chars, thread->d_name);
        if (thread->d_name[0] != '.' && read_status(path.chars, &status)) {
            struct thread_switches *switches = find_thread(watch, (int)strtol(thread->d_name, NULL, 10));
            switches->now = status.switches;
            switches->seen_at = now;
        }
        text_free(&path);
    }
    if (threads != NULL)
        closedir(threads);
    text_free(&folder);
}

static double cpu_time(int pid)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void costs_look(struct costs_watch *watch, uint64_t now)
{
    struct text path = {0};
    struct status status;

    if (watch->pid <= 0)
        return;
    const double cpu = cpu_time(watch->pid);
    if (cpu >= 0) {
        watch->cpu_now = cpu;
        watch->looked_at = now;
    }
    text_add(&path, "/proc/%d/status", watch->pid);
    if (read_status(path.chars, &status)) {
        watch->threads_most = status.threads > watch->threads_most ? status.threads : watch->threads_most;
        watch->memory_most = status.memory_kib > watch->memory_most ? status.memory_kib : watch->memory_most;
    }
    text_free(&path);
    look_at_threads(watch, now);
}

void costs_begin(struct costs_watch *watch, int pid, uint64_t now)
{
    *watch = (struct costs_watch){.pid = pid, .cpu_before = cpu_time(pid), .began_at = now};
    costs_look(watch, now);
    for (size_t i = 0; i < watch->thread_count; i++)
        watch->threads[i].before = watch->threads[i].now;
}

/* ---- The sum ---- */

/* How many calls of the thread strace had watched by then. */
static long watched_calls(const struct model_record *model, const struct thread_switches *switches)
{
    long calls = 0;

    for (size_t i = 0; i < model->thread_count; i++) {
        const struct thread_lane *lane = &model->threads[i];
        for (size_t k = 0; lane->thread == switches->thread && k < lane->span_count; k++)
            if (lane->spans[k].from < switches->seen_at)
                calls += (long)lane->spans[k].times;
    }
    return calls;
}

static long switches_of(const struct model_record *model, const struct thread_switches *switches)
{
    const long count = switches->now - switches->before - 2 * watched_calls(model, switches);

    return count > 0 ? count : 0;
}

void costs_tell(const struct costs_watch *watch, struct model_record *model)
{
    struct costs *costs = &model->costs;

    if (watch->cpu_before >= 0) {
        costs->cpu_seconds = watch->cpu_now - watch->cpu_before;
        if (watch->looked_at > watch->began_at)
            costs->cpu_share = costs->cpu_seconds * 1e9 / (double)(watch->looked_at - watch->began_at);
    }
    if (watch->thread_count == 0)
        return;
    costs->context_switches = 0;
    for (size_t i = 0; i < watch->thread_count; i++)
        costs->context_switches += switches_of(model, &watch->threads[i]);
    costs->threads = watch->threads_most;
    if (costs->cpu_share > (double)costs->threads) /* the two clocks were not read at the same moment */
        costs->cpu_share = (double)costs->threads;
    if (watch->memory_most > 0)
        costs->memory_kib = watch->memory_most;
}

void costs_free(struct costs_watch *watch)
{
    free(watch->threads);
    *watch = (struct costs_watch){0};
}
