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

/*
 * For how long the threads that a process has now wanted to run, but had to leave the cores to others; in nanoseconds, 0
 * if it is not known.
 */
uint64_t proc_waiting_time(pid_t pid);

#endif
