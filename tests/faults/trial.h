/* trial - one play of the neighbours' conversation with a server under strace, with or without a fault, and what it shows. */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>
#include <uv.h>

#include "errors.h"
#include "player/models.h"
#include "player/player.h"
#include "trace.h"

/* From the best to the worst. */
enum verdict {
    NOT_REACHED, /* there was no fault */
    GOES_ON, /* every byte is right, and nobody is lost */
    STOPPED, /* by the signal, and it exited with 0; or before it was ready, when the signal may end it */
    CLIENT_LOST, /* the client that met the fault, and nobody else */
    CLIENTS_WAIT, /* while the fault lasts; the server rests, and stops when it is told to */
    REFUSED, /* the server says in one line why it does not start, the client why it ends, and exits with 1 */
    KNOWN, /* anything else, but the model's file `faults` says why */
    WRONG /* anything else */
};

enum { VERDICTS = WRONG + 1 };

/* When the fault is there: once before the server is ready, once afterwards, or again and again from then on. */
enum moment { AT_START, ONCE, AGAIN };

enum { MOMENTS = AGAIN + 1, TRIAL_CLIENTS = 8, TRIAL_WORDS = 16 };

/* A server or a client that is tried. */
struct subject {
    bool is_client;
    const struct model *model;
    const char *words; /* as it was asked for: "02-fcntl-nonblock:-i10" */
    char *name; /* "02-fcntl-nonblock -i10" */
    const char *args; /* the end of it, or NULL */
    struct trace trace; /* what it calls without a fault */
    char *left_out; /* why it is not tried, or NULL */
};

/* The model's name, of a path the last part. */
const char *subject_short_name(const struct subject *subject);

struct trial {
    const struct subject *subject;
    const struct error_row *row; /* NULL: without a fault */
    const char *call; /* by the name that the model uses */
    int place;
    enum moment moment;

    const struct script *script;
    const char *folder; /* for traces; that of a trial that is wrong stays there */
    void (*on_done)(struct trial *trial);
    void *owner;

    struct play *play;
    char *path, *trace_words, *inject_words; /* for strace */
    const char *runner[TRIAL_WORDS]; /* strace and its words */
    int ports[TRIAL_CLIENTS]; /* of the clients; 0: not connected */
    bool is_served[TRIAL_CLIENTS]; /* it has got a byte */
    bool is_lost[TRIAL_CLIENTS], is_late[TRIAL_CLIENTS];
    bool was_ready;
    enum verdict verdict;
    char *problem; /* in one line, if it is WRONG or KNOWN; otherwise NULL */
};

/* Starts it; on_done() follows when the verdict is there. */
void trial_start(uv_loop_t *loop, struct trial *trial);

/* Kills its server, if it runs. */
void trial_abort(const struct trial *trial);

void trial_free(struct trial *trial);

#endif
