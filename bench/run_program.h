/* run_program - runs a tool to its end: strace to see whether it works, gnuplot. */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <uv.h>

#include "player/text.h"

/*
 * Runs the words (up to a NULL) and `loop`, which must tick, until the program has ended. Appends what it wrote to standard error, unless `said` is
 * NULL. Returns its exit status: 127 if there is none of that name, 128 if a signal ended it.
 */
int run_program(uv_loop_t *loop, const char *const *words, struct text *said);

#endif
