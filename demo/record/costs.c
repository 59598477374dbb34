/* costs - see costs.h */
#include "costs.h"

#include <stdlib.h>

#include "player/memory.h"
#include "player/proc.h"

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

static long larger(long a, long b)
{
    return a > b ? a : b;
}

/* Of one process; returns how many threads it has. */
static long look_at_threads(struct costs_watch *watch, pid_t pid, uint64_t now, long *peak_kib)
{
    struct proc_status status;
    pid_t *threads;
    const size_t count = proc_threads(pid, &threads);

    for (size_t i = 0; i < count; i++)
        if (proc_status(threads[i], &status)) {
            struct thread_switches *switches = find_thread(watch, threads[i]);
            switches->now = status.sleeps + status.preemptions;
            switches->seen_at = now;
            *peak_kib = larger(*peak_kib, status.peak_kib);
        }
    free(threads);
    return (long)count;
}

void costs_look(struct costs_watch *watch, uint64_t now)
{
    struct proc_member *family;
    uint64_t cpu;
    long processes = 0, threads = 0, shared_kib = 0, peak_kib = 0;

    if (watch->pid == 0)
        return;
    if (proc_family_cpu_time(watch->pid, &cpu)) {
        if (cpu > watch->cpu_now) /* a child that nobody waits for takes its own along */
            watch->cpu_now = cpu;
        watch->looked_at = now;
    }
    const size_t count = proc_descendants(watch->pid, &family);
    for (size_t i = 0; i < count; i++) {
        if (family[i].is_zombie)
            continue;
        processes++;
        threads += look_at_threads(watch, family[i].pid, now, &peak_kib);
        shared_kib += count > 1 ? proc_memory(family[i].pid) : 0;
    }
    free(family);
    watch->max_processes = larger(watch->max_processes, processes);
    watch->max_threads = larger(watch->max_threads, threads);
    watch->max_memory = larger(watch->max_memory, shared_kib > 0 ? shared_kib : peak_kib);
}

void costs_begin(struct costs_watch *watch, int pid, uint64_t now)
{
    *watch = (struct costs_watch){.pid = pid, .began_at = now};
    costs_look(watch, now);
    watch->cpu_before = watch->cpu_now;
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

    if (watch->cpu_now > 0) {
        costs->cpu_seconds = (double)(watch->cpu_now - watch->cpu_before) / 1e9;
        if (watch->looked_at > watch->began_at)
            costs->cpu_share = costs->cpu_seconds * 1e9 / (double)(watch->looked_at - watch->began_at);
    }
    if (watch->thread_count == 0)
        return;
    costs->context_switches = 0;
    for (size_t i = 0; i < watch->thread_count; i++)
        costs->context_switches += switches_of(model, &watch->threads[i]);
    costs->processes = watch->max_processes;
    costs->threads = watch->max_threads;
    if (costs->cpu_share > (double)costs->threads) /* the two clocks were not read at the same moment */
        costs->cpu_share = (double)costs->threads;
    if (watch->max_memory > 0)
        costs->memory_kib = watch->max_memory;
}

void costs_free(struct costs_watch *watch)
{
    free(watch->threads);
    *watch = (struct costs_watch){0};
}
