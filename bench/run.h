/* run - a whole run: all servers take turns at everything that is planned, round after round. */
#ifndef RUN_H
#define RUN_H

#include "plan.h"
#include "rows.h"
#include "trial/floor.h"
#include "trial/subject.h"
#include "trial/trial.h"

struct run {
    struct plan plan; /* the caller's, */
    struct subjects subjects;
    const char *folder; /* for scratch files */

    struct bench bench; /* and from here on our own */
    uv_timer_t tick;
    uv_signal_t signals[3];
    struct rows rows;
    struct recent_floors floors, large_floors;
    const char *no_calls; /* why they are not counted, or NULL */
    long descriptors;
    double others; /* how much of a core other programs have used */
    double began, done, all; /* seconds of the plan, but for the first, which is a time */
};

/* Runs it to its end, or until a signal ends it; a second one ends the program. Shows on a terminal how long it will take. */
void run_all(struct run *run);

/* Frees what was measured. The loop in `bench` can be used until then. */
void run_free(struct run *run);

#endif
