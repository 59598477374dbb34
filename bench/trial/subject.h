/* subject - what is measured: a model's server, perhaps with options, or somebody's own. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "player/models.h"
#include "server.h"

struct subject {
    char *name; /* "05-select", "02-fcntl-nonblock -i10", "asyncio"; a command without a name is its own */
    struct server_program program;
    char *command; /* the one in `program`, or NULL */
    char *fault; /* why there are no figures of it: it was left out, or it is wrong; or NULL */
    /* What was found out meanwhile: */
    size_t at_most; /* how many clients it serves at a time; 0: nobody has found a limit */
    char *limit; /* and that in words, or NULL */
    bool is_wrong; /* that is the fault */
    bool is_deaf; /* it does not end when it is told to */
    bool grows; /* it has a thread or a process for each client */
};

struct subjects {
    struct subject *items;
    size_t count;
};

/* Adds a model by its words, "02-fcntl-nonblock:-i10". Returns false if there is none of that name. */
bool subjects_add_model(struct subjects *subjects, const struct models *models, const char *words);

/*
 * Adds somebody's own servers: a shell command with "{port}" in it, after a name if it shall have one, "asyncio: python3 mine.py
 * {port}"; several stand in a line each. Returns false if a line has no "{port}".
 */
bool subjects_add_servers(struct subjects *subjects, const char *lines);

/* Frees them all. */
void subjects_free(struct subjects *subjects);

#endif
