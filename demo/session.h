/*
 * session - one script is played against several models at the same time, and watched.
 *
 * All servers are started; when they are ready, all conversations begin at the same moment. Everything happens in one loop:
 * the plays (player.h), the looks at the servers (tracer.h, costs.h), the record (recorder.h), and the picture on the
 * terminal if there is one.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "player/interrupt.h"
#include "player/models.h"
#include "record/costs.h"
#include "record/recorder.h"
#include "terminal/terminal.h"
#include "terminal/view.h"
#include "tracer.h"

struct session;

/* A model that is played. */
struct run {
    struct session *session;
    size_t index; /* in the record */
    const struct model_choice *choice;
    struct play *play; /* NULL: not started yet, or over */
    bool is_ready, is_done;
    struct tracer tracer;
    struct costs_watch costs;
    uint64_t looked_at; /* the costs, on the record's axis; */
    uint64_t look_took; /* and how long that took */
};

struct session {
    const struct script *script;
    bool uses_strace;
    struct view view; /* its style is the caller's choice */
    bool uses_terminal; /* a picture is drawn while it goes on */

    /* from here on the session's own */
    uv_loop_t loop;
    struct interrupt interrupt;
    struct terminal terminal;
    uv_timer_t ticks, start; /* look and draw; begin the conversations */
    uint64_t zero; /* the axis begins here, uv_hrtime() */
    uint64_t done_at; /* the last play, on the axis; 0: not yet */
    uint64_t turned_at; /* the page */
    unsigned long tick_count;
    int descriptors; /* our own limit before we raised it: the servers get that */
    bool has_begun, was_ended, was_scrolled;
    struct run *runs;
    size_t count;
    struct recorder recorder;
};

/*
 * Plays the script to its end. Where one of the `count` models is left out, the record says so.
 * Afterwards session->recorder.record is complete, verdicts included.
 */
void session_run(struct session *session, const struct model_choice *choices, size_t count);

/* Frees all but what the caller gave. */
void session_free(struct session *session);

#endif
