/* trial - one measurement: a server is started, asked what a setting asks, and stopped. */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "rows.h"
#include "server.h"
#include "subject.h"

/* What all trials share. Starts as {0} but for the loop. */
struct bench {
    uv_loop_t loop;
    int interrupted_by; /* the signal; then server.is_over, too. 0: none */
    uint64_t interrupted_at; /* uv_hrtime() */
    struct server server; /* the one under test */
    const char *folder; /* for scratch files */
    double floor; /* of the present setting, in seconds: see floor.h */
};

/*
 * Fills the figures of `row`, whose other fields say what is to be measured, or says in it why there are none. What is found out
 * about the subject is noted there: how many clients it serves, and `fault` if it is wrong. Without a fault and without figures
 * the bench was interrupted, and the row does not count.
 */
void trial_run(struct bench *bench, struct subject *subject, struct row *row);

#endif
