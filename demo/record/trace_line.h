/* trace_line - a line that strace writes (`-f -ttt -T`): `PID SECONDS NAME(ARGUMENTS) = RESULT <SECONDS>`, or a part of that. */
#ifndef TRACE_LINE_H
#define TRACE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* What a call makes. */
enum creation { CREATES_NOTHING, CREATES_THREAD, CREATES_PROCESS };

/* What a line says. */
struct call {
    int thread;
    struct call_span span; /* what the record gets of it */
    enum creation creates;
    const char *arguments; /* what follows the bracket, up to the end of the line */
    long result; /* of a call that is over; -1 also if it has none */
    bool found_nothing;
    enum { CALL_WHOLE, CALL_BEGINS, CALL_ENDS, THREAD_ENDS } part;
};

/*
 * Reads a line into `*call`, which must be zeroed, except for its span's `times`. The axis begins at `zero` on the system's
 * clock. Returns false if the line is about something else.
 */
bool trace_line_parse(struct record *record, int64_t zero, const char *line, struct call *call);

#endif
