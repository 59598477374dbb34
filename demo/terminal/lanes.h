/*
 * lanes - a row of characters for a client, or for a thread of a server: what it does, from left to right.
 *
 * Every shape means something else, so that no colour is needed; the legend names them.
 */
#ifndef LANES_H
#define LANES_H

#include <stddef.h>
#include <stdint.h>

#include "canvas.h"
#include "record/record.h"

enum { LANES_MAX_WIDTH = 400 };

/* Which column stands for which time. To the left there is room for names. */
struct axis {
    uint64_t from, to;
    int left, width; /* in columns; `width` is at most LANES_MAX_WIDTH */
};

/* The row above the lanes. Like each of the following it ends the row. */
void lanes_draw_axis(struct canvas *canvas, const struct axis *axis);

/* A client's lane. */
void lanes_draw_client(struct canvas *canvas, const struct record *record, const struct lane *lane,
                       const struct axis *axis);

/* One lane for all clients of a model from the one with the index `first` on: "+44 more". */
void lanes_draw_other_clients(struct canvas *canvas, const struct model_record *model, size_t first,
                              const struct axis *axis);

/*
 * One lane for all clients of a model: where one of them waits, that is seen; where none does, whether the server is busy all
 * the same. Only answers and what went wrong are marked, and the longest wait is labelled. No name is drawn, and the row not
 * ended.
 */
void lanes_draw_all_clients(struct canvas *canvas, const struct model_record *model, const struct axis *axis);

/* The lane of a server's thread. */
void lanes_draw_thread(struct canvas *canvas, const struct record *record, const struct model_record *model,
                       size_t index, const struct axis *axis);

/* What the shapes mean that are to be seen in the lanes of `record`. */
void lanes_draw_legend(struct canvas *canvas, const struct record *record, const struct axis *axis);

#endif
