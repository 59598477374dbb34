/* page_data - the record as the JSON that page_record.js reads. */
#ifndef PAGE_DATA_H
#define PAGE_DATA_H

#include <jansson.h>

#include "record/record.h"

/*
 * `record` as one JSON object, the caller's. What there are thousands of is written as lists of numbers, with their names in
 * lists beside them:
 *
 *     states, kinds, statuses, calls   names; a number below is an index into one of them
 *     errors                           errno, in words: {"104": "Connection reset by peer (ECONNRESET)"}
 *     script.steps                     [line from 1, actor]
 *     models[].lanes[].spans           [from, to, state, step or -1]
 *     models[].lanes[].marks           [at, kind, step or -1, status, bytes, errno, waited]
 *     models[].threads[].spans         [from, to, call, fd or -1, times, errno, whose: lane or -1]
 *
 * Times are whole microseconds. What is not known is null.
 */
json_t *page_data(const struct record *record);

/* An errno in words, as io_describe() has it: "Connection reset by peer (ECONNRESET)". Written into `words`. */
char *page_data_error(int error, char words[IO_TEXT_SIZE]);

#endif
