/*
 * recorder - makes a record of the player's events, while the plays go on.
 *
 *     recorder_init(&recorder, script, count);
 *     recorder_name(&recorder, i, name, idea);        for each model
 *     recorder_event(&recorder, i, event, now);       for each of the player's events on model i
 *     recorder_grow(&recorder, now);                  before the record is looked at: what goes on reaches up to now
 *     recorder_done(&recorder, i, result, now);       when that play is over
 *     recorder.record                                 is valid at any time between these
 *     recorder_free(&recorder);
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "player/player.h"
#include "record.h"

/* What is remembered of a client between its events. */
struct lane_pen {
    bool is_connected;
    bool is_not_reading;
    bool is_lost; /* the connection was reset */
    int last_step; /* of this client, in the script */
};

/* What is remembered of a model. */
struct model_pen {
    struct lane_pen *lanes;
    int *lane_of_actor; /* index into model_record.lanes, or -1: no client */
    int *connected; /* lanes in the order in which they connected, one entry a connection */
    size_t connected_count;
    bool was_told_to_end;
    bool was_broken_off; /* its conversation ended before the script did */
    bool ended_by_itself;
    char *name, *idea, *problem;
};

struct recorder {
    struct record record;
    struct model_pen *pens; /* one for each model */
};

/* Begins a record of `count` models that play `script`, which must stay. */
void recorder_init(struct recorder *recorder, const struct script *script, size_t count);

/* What model `index` is called, and how it waits, or "". Both are copied. To be called once for each model. */
void recorder_name(struct recorder *recorder, size_t index, const char *name, const char *idea);

/* Something has happened to model `index`. `now` is the moment, in nanoseconds on the record's axis. */
void recorder_event(struct recorder *recorder, size_t index, const struct play_event *event, uint64_t now);

/* Whatever is still going on is drawn out to `now`. */
void recorder_grow(struct recorder *recorder, uint64_t now);

/*
 * Model `index` is over; `result` is NULL if the demo was ended early. Sets its outcome, state, problem and the longest
 * wait, but no verdict and no costs.
 */
void recorder_done(struct recorder *recorder, size_t index, const struct play_result *result, uint64_t now);

/* Model `index` was never played; `problem` says why, on one line. */
void recorder_leave_out(struct recorder *recorder, size_t index, const char *problem);

/* When the first conversation of a record began; its `now` if none has. */
uint64_t recorder_beginning(const struct record *record);

/*
 * To be called when all is over: makes the axis begin with the first conversation. The time that the servers took to
 * start is none of the script's, and with a short script it would fill most of the picture.
 */
void recorder_begin_axis(struct recorder *recorder);

/*
 * The lane whose client made the connection that the server accepted as its `number`th, from 0: on loopback, servers
 * accept in the order in which clients connect. -1 if there is none.
 */
int recorder_connection(const struct recorder *recorder, size_t index, size_t number);

/* Frees the record and all that it owns, but not the script. */
void recorder_free(struct recorder *recorder);

#endif
