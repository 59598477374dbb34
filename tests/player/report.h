/* report - what a check found, in words: the message for one play, and the matrix of all. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "models.h"
#include "player.h"
#include "script.h"
#include "text.h"

enum verdict {
    VERDICT_NONE, /* not played */
    VERDICT_PASSES, /* as expected */
    VERDICT_STALLS, /* as expected */
    VERDICT_FAILS /* anything else */
};

/* One script against one model. */
struct run {
    const struct model *model;
    const struct script *script;
    const struct expectation *expectation; /* NULL: it is expected to pass */
    enum verdict verdict;
    bool has_args; /* the server has other options than those that the expectation is about */
};

/* The verdict on a play with this outcome: is it what was expected? */
enum verdict report_verdict(const struct run *run, enum play_outcome outcome);

/*
 * Adds why a play was not what was expected: where in the script, what was expected, what came, how long it waited, how the
 * program ended and its last words, and (with `replay`, a command) how to see it again.
 */
void report_failure(struct text *text, const struct run *run, const struct play_result *result, const char *replay);

/* Adds what happened, without a judgement: of the lines above, those from the script's line to the program's end. */
void report_result(struct text *text, const struct script *script, const struct play_result *result);

/*
 * Adds the matrix: a table of the scripts for servers, one of those for clients, what the columns are, the totals, and the
 * reason for every stall that was expected. Several models have a mark a cell, and 18 of them fit 80 columns; one alone has
 * words. With `colour`, coloured for a terminal. `runs` are those of one model after the other, each with the same scripts in
 * the same order.
 */
void report_matrix(struct text *text, const struct run *runs, size_t count, bool colour);

#endif
