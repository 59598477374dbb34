/*
 * reason - why a client had to wait, as far as the record shows it: what the server did meanwhile, or who left when the wait was
 * over. Of a server with several threads or processes it counts what all those did that serve clients.
 */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>
#include <stdint.h>

#include "player/text.h"
#include "record.h"

/* A wait in one lane. */
struct lane_wait {
    const struct lane *lane;
    uint64_t from, to;
    bool was_in_vain; /* its time was up */
};

/* Adds it to a sentence: ": the server sat in recv() for Silent", ", until A had left", or nothing. */
void reason_add(struct text *words, const struct record *record, const struct model_record *model,
                const struct lane_wait *wait);

#endif
