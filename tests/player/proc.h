/*
 * proc - what Linux tells in /proc about a running process and its threads, see proc(5). About one that has ended, and on
 * other systems, nothing is known: each function says so, and everything else works without.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_status {
    /* Of the thread. */
    bool is_running; /* it is on a core or waits for one */
    long sleeps; /* how often it has left its core because it had to wait for something, */
    long preemptions; /* and how often because others wanted to run */
    /* Of its process. */
    long threads;
    long peak_kib; /* the most memory that was ever resident, in KiB */
    long
        data_kib; /* the memory that it has for itself, touched or not: also stacks of threads that nobody has joined */
    long address_space_kib;
    pid_t tracer; /* the process that traces it; 0: none */
};

/* Reads the status of a thread; a process's id is that of its first thread. Returns false if it is not known. */
bool proc_status(pid_t thread, struct proc_status *status);

/*
 * In which system call does a thread sit? Returns what the kernel calls it, a constant, and sets its first argument, often a
 * descriptor. Returns NULL if it sits in none, in one in which no server is expected to sit, or if it is not known.
 */
const char *proc_call(pid_t thread, int *argument);

/* The threads that a process has now, `*threads` being the caller's to free(). Returns how many; 0: not known. */
size_t proc_threads(pid_t pid, pid_t **threads);

/*
 * The CPU time that a process has used so far, in nanoseconds, also in threads that have ended. Returns false if it is not
 * known.
 */
bool proc_cpu_time(pid_t pid, uint64_t *nanoseconds);

/* A process among those that belong together. */
struct proc_member {
    pid_t pid, parent, session;
    bool is_zombie; /* it has ended, and its parent has not waited for it */
    uint64_t children_time; /* the CPU time of its children that have ended and were waited for, in nanoseconds */
    char name[32];
};

/*
 * A process and all that belong to it: its descendants, and whoever else is in the session that it leads, or led before it
 * ended. `*members`, in no order, is the caller's to free(). Returns how many; 0: not known, or there are none.
 */
size_t proc_family(pid_t pid, struct proc_member **members);

/*
 * The same without those who are only of its session, which is quicker: it need not look at all processes that there are, if the
 * kernel tells who is whose child (CONFIG_PROC_CHILDREN).
 */
size_t proc_descendants(pid_t pid, struct proc_member **members);

/*
 * The CPU time of a process and its descendants, also of the children that it has waited for (these to 20 ms); otherwise like
 * proc_cpu_time(). Where families are not known, it is the process's alone.
 */
bool proc_family_cpu_time(pid_t pid, uint64_t *nanoseconds);

/* The same and, where that is known, for how long they wanted to run besides: see proc_waiting_time(). */
bool proc_family_busy_time(pid_t pid, uint64_t *nanoseconds);

/*
 * Is a thread of a process or of its descendants on a core, or does it wait for one? How long it has waited is counted only
 * when it gets the core.
 */
bool proc_family_is_running(pid_t pid);

/* What a process and its descendants have now. */
struct proc_size {
    long threads;
    long memory_kib; /* data_kib of all */
    bool is_instrumented; /* by a sanitizer, which has more memory than the program: that tells nothing */
};

/* Returns false if it is not known. */
bool proc_family_size(pid_t pid, struct proc_size *size);

/* Does it hold a socket that listens on this TCP port? */
bool proc_listens(pid_t pid, int port);

/* Its memory in KiB, of what it shares with others only its share; 0 if it is not known. */
long proc_memory(pid_t pid);

/*
 * For how long the threads that a process has now wanted to run, but had to leave the cores to others; in nanoseconds, 0
 * if it is not known.
 */
uint64_t proc_waiting_time(pid_t pid);

#endif
