/*
 * tracer - watches what a running server does: with strace if it is there, and with looks into /proc (Linux).
 *
 * strace (`-D`) becomes the server that it is told to run and goes on as its grandchild: so the server is our own child and
 * has the process id that we know, ends as it would without strace, and its signals are its own. What strace writes comes
 * through a FIFO, whose name is removed as soon as the server runs.
 */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "record/recorder.h"
#include "record/syscalls.h"

enum { TRACER_WORDS = 16 };

struct tracer {
    struct syscalls syscalls;
    uv_pipe_t pipe;
    bool is_open; /* the pipe */
    int pid; /* the server's; 0 as long as it is not ready */
    bool is_on; /* strace watches the server */
    /* What the server does all the time, CALL_SPINS or CALL_WORKS, if strace was detached because of that; otherwise NULL. */
    const char *busy;
    double rate; /* of calls, when it was */
    uint64_t looked_at, rests_until; /* on the axis */
    char *path; /* of the FIFO; NULL: it has no name any more */
    int other_end; /* of it, held open until strace has opened it; -1: not open */
    const char *runner[TRACER_WORDS];
    char buffer[16 * 1024];
};

/*
 * Tries strace on a program that does nothing. Returns NULL if it works, otherwise why not, in a few words; a constant.
 */
const char *tracer_probe(void);

/*
 * From here on orphans become our children (Linux): a strace that has done its work is one. At the end they are waited
 * for, but not for long, so that none is left behind.
 */
void tracer_adopt_orphans(void);
void tracer_reap_orphans(void);

/*
 * Prepares to watch model `index` of the recorder, with strace if `uses_strace`. `zero`: see syscalls.h.
 */
void tracer_init(struct tracer *tracer, uv_loop_t *loop, struct recorder *recorder, size_t index, int64_t zero,
                 bool uses_strace);

/* What is to run the server (for play_options.runner); NULL: itself. */
const char *const *tracer_runner(const struct tracer *tracer);

/* The server is ready; it is process `pid`. From here on strace is detached if it costs too much. */
void tracer_begin(struct tracer *tracer, int pid);

/*
 * Looks at what the server is doing at `now`, if strace has said nothing for a while. To be called regularly while the
 * server runs.
 */
void tracer_look(struct tracer *tracer, uint64_t now);

/*
 * How many calls the conversation made, as far as that is known, goes into `costs`, in which stands already what looks have
 * shown (costs.h); and how many processes and threads there were, if strace has seen more than the looks.
 */
void tracer_tell(const struct tracer *tracer, struct costs *costs);

/* Is strace still writing? */
bool tracer_is_reading(const struct tracer *tracer);

/* The server has ended. Reads no more; the loop has to run once more before tracer_free(). */
void tracer_close(struct tracer *tracer);

/* Removes the FIFO's name, if it has one; safe at any time. */
void tracer_clean_up(struct tracer *tracer);

/* Frees what the tracer needed, but nothing of the record. */
void tracer_free(struct tracer *tracer);

#endif
