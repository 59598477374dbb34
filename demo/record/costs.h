/*
 * costs - what a running server costs, with all processes that it has started: CPU time, threads, context switches, memory; as
 * far as proc.h knows.
 */
#ifndef COSTS_H
#define COSTS_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* The context switches of a thread, as they were last seen. */
struct thread_switches {
    int thread;
    long before; /* the conversation */
    long now;
    uint64_t seen_at; /* when that was, on the record's axis */
};

struct costs_watch {
    int pid;
    uint64_t cpu_before, cpu_now; /* nanoseconds; 0: not known */
    uint64_t began_at, looked_at; /* on the record's axis */
    long max_processes, max_threads;
    long max_memory; /* KiB; of several processes what they share is counted once */
    struct thread_switches *threads; /* all there ever were */
    size_t thread_count;
};

/* The conversation with process `pid` begins, at `now` on the record's axis. */
void costs_begin(struct costs_watch *watch, int pid, uint64_t now);

/* Looks again. What switches a thread had that came and went between two looks is not seen. */
void costs_look(struct costs_watch *watch, uint64_t now);

/*
 * Puts all that was seen into the model's costs, except for the number of system calls. Every call that strace watched has
 * stopped its thread twice, as it began and as it ended: those context switches are not counted.
 */
void costs_tell(const struct costs_watch *watch, struct model_record *model);

/* Frees what the watch needed. */
void costs_free(struct costs_watch *watch);

#endif
