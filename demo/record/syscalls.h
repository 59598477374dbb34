/*
 * syscalls - what strace writes about a server (`-f -ttt -T`), turned into a lane for each of its threads.
 *
 * A call that lasts is a span of its own; short ones that follow each other closely are folded into one. strace
 * reports the call in which a thread is sitting only when it is over; until then a look into /proc (tracer.h) fills the gap.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "player/text.h"
#include "recorder.h"
#include "trace_line.h"

/* A process of the server. Its threads share its descriptors; a child gets a copy of them. */
struct process_pen {
    int id;
    long living_threads;
    int *client_of_fd; /* for each descriptor: a lane, or -1 */
    size_t fd_count;
};

/* What is remembered of a thread. */
struct thread_pen {
    int thread; /* its id */
    size_t process; /* index into syscalls.processes */
    bool is_alive; /* as far as strace has said */
    int lane; /* in the record; -1: none before its first call of the conversation */
    bool is_guess; /* its last span is not from strace and gives way to what strace says; */
    unsigned long sleeps; /* how often it had gone to sleep then */
    struct call_span begun; /* a call that has begun and not ended; its name is NULL: none */
    enum creation creates; /* that call */
};

/* A thread, as a look into /proc shows it. */
struct sighting {
    int process, thread;
    const char *call; /* of call_name(), CALL_SPINS or CALL_WORKS */
    int fd; /* the first argument of that call, or -1 */
    unsigned long sleeps; /* how often the thread has gone to sleep so far; 0 if it is not asleep */
    uint64_t at; /* on the axis */
    uint64_t looked_before; /* when it would have been seen already; 0: this is the first look */
};

struct syscalls {
    struct recorder *recorder;
    size_t index; /* of the model */
    int64_t zero; /* the beginning of the record's axis on the system's clock (CLOCK_REALTIME), in nanoseconds */
    struct text line; /* the beginning of a line that has not ended */
    unsigned long count; /* calls of the conversation */
    uint64_t window; /* when the present second began, on the axis; */
    uint64_t window_now; /* when the last call in it was over */
    unsigned long in_window; /* calls in it */
    unsigned long empty; /* calls that found nothing to do, since one that waited; */
    unsigned long since_wait; /* all calls since then */
    size_t accepted; /* connections so far */
    bool has_batches; /* a call handed in many operations */
    long living_processes, living_threads; /* at present, */
    long most_processes, most_threads; /* and at one time of the conversation */
    struct process_pen *processes; /* the first one is the server itself */
    size_t process_count;
    struct thread_pen *threads;
    size_t thread_count;
};

/* Begins for model `index`. `zero`: see above. */
void syscalls_init(struct syscalls *syscalls, struct recorder *recorder, size_t index, int64_t zero);

/* Takes what strace wrote, in pieces of any size. */
void syscalls_read(struct syscalls *syscalls, const char *bytes, size_t size);

/* strace will write no more: what had begun until now lasted until the conversation ended. */
void syscalls_finish(struct syscalls *syscalls);

/*
 * A thread was seen without strace. If it has gone to sleep more often than when it was last seen in the same call, it has
 * made that call again meanwhile.
 */
void syscalls_see(struct syscalls *syscalls, const struct sighting *sighting);

/* Has nothing been heard of this thread for the `nanoseconds` before `now`? */
bool syscalls_is_stale(struct syscalls *syscalls, int thread, uint64_t now, uint64_t nanoseconds);

/* From here on calls are counted for the next three functions; to be called when the server is ready. */
void syscalls_start_counting(struct syscalls *syscalls);

/* Does the server keep polling and find nothing to do? */
bool syscalls_spin(const struct syscalls *syscalls);

/* Does it do that, or make so many calls that strace must be detached? */
bool syscalls_are_too_many(const struct syscalls *syscalls);

/* How many calls it makes in a second at present. */
double syscalls_rate(const struct syscalls *syscalls);

/* Frees what is not the record's. */
void syscalls_free(struct syscalls *syscalls);

#endif
