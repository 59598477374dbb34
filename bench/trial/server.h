/* server - one server under test: started on cores of its own, looked at, stopped; and what was wrong with it. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "player/process.h"
#include "player/text.h"

/* What is started: one of both. */
struct server_program {
    const char *path; /* of a model's server, and */
    const char *args; /* its options, between blanks; or NULL */
    const char *command; /* or a shell command with "{port}" */
};

/* Starts as {0}. */
struct server {
    struct process *process; /* NULL: none runs */
    bool is_up; /* it is ready for clients */
    bool is_over; /* it has ended, or somebody else has set this: nothing here waits any longer */
    bool was_killed; /* it did not end when it was told to */
    struct text problem; /* how it failed by itself; empty: it did not */
};

/*
 * Starts it, under `runner` if that is not NULL (words up to a NULL), and runs the loop, which must tick, until it is ready. Returns false if it
 * does not get so far; server_stop() is needed in both cases.
 */
bool server_start(struct server *server, uv_loop_t *loop, const struct server_program *program,
                  const char *const *runner);

/* What it has cost since it was started, and all processes that it has started itself; 0 where the system does not tell. */
struct server_costs {
    double cpu; /* seconds */
    double busy; /* the same with those in which it had to leave the cores to others */
    double switches; /* how often its threads have left a core */
    double threads, processes; /* how many it has now */
};

/* Returns that. */
struct server_costs server_costs(const struct server *server);

/* Their memory now, in KiB; 0 where the system does not tell. */
struct server_memory {
    double resident; /* all that is in memory */
    double proportional; /* of what several processes share, each has its share */
};

/* Returns that. */
struct server_memory server_memory(const struct server *server);

/* Appends the last line that it wrote to standard error, in brackets, if it wrote one. */
void server_add_last_words(const struct server *server, struct text *text);

/* Tells it to end, kills it if it has not after `limit_ms`, runs the loop until it has, and frees all but `problem`. */
void server_stop(struct server *server, uv_loop_t *loop, uint64_t limit_ms);

#endif
