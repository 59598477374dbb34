/*
 * page - a finished record as files: the page that replays it, and the trace that other programs open.
 *
 * The page is made of a template (demo/page/page.html with its style and scripts, see page.c) into which the record is put as
 * JSON. All that is seen on it is computed from that JSON, in the browser.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>

#include "record/record.h"

/*
 * Writes `record` as one self-contained HTML file to `path`. `folder` is where the template's files are ("demo/page").
 * Returns whether it could; if not, the reason stands on standard error, on one line, and there is no such file.
 */
bool page_write(const struct record *record, const char *folder, const char *path);

/*
 * Writes `record` in the Trace Event format, which Perfetto, chrome://tracing and speedscope read, to `path`: a process for
 * each model, and in it a thread for each client and for each thread of the server. What lasts is a complete event ("X"),
 * a moment is an instant event ("i"), in the order of time; times are in microseconds.
 * Returns like page_write().
 */
bool page_write_trace(const struct record *record, const char *path);

/* Names of what a record's numbers mean, the same in both files: "waiting", "answered". Constants. */
const char *page_state_name(enum lane_state state);
const char *page_mark_name(enum mark_kind kind);

#endif
