/*
 * actor - a name of a script while it is played, and all that a verb (verb.h) may use to play a step: the actor with its
 * connection, the program under test, and these functions. The rest of a play is the player's own: player_parts.h.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "connection.h"
#include "payload.h"
#include "player.h"
#include "process.h"
#include "script.h"
#include "sender.h"
#include "verb.h"

struct actor {
    struct play *play;
    const struct script *script;
    struct program *program; /* under test */
    const char *name;
    int index; /* into script.actors */
    int step; /* index of the present step, or -1: there is none left */
    bool is_waiting;
    bool has_dropped_out; /* its steps are passed over from here on: see others_go_on */
    uint64_t began; /* the present step, uv_hrtime() */
    uint64_t lost_ms; /* the play's, when this step began or its limit was last put off */
    struct io_result result; /* of the present step, when it is done */
    uv_timer_t timer;
    struct connection *connection; /* the last one; NULL before the first */
    bool waits_for_room; /* for it, in the backlog of the server under test: see actor_connect() */
    struct flood *flood; /* or NULL */

    size_t taken; /* for `is stuck`: bytes that the system had taken at the last look */
    int quiet_looks; /* and the number of looks since it took any */
};

/* In how many looks `server rests` watches the program, at least. */
enum { REST_PARTS = 8 };

/* When it had been busy for how long (process_busy_time()); both in nanoseconds. */
struct look {
    uint64_t at, busy;
    bool is_running; /* process_is_running() */
};

/* The program under test. */
struct program {
    struct process *process; /* NULL as long as it does not run */
    int port; /* that a server started again must take; 0: any */
    struct actor *actor; /* whose steps are about it; NULL if there are none */
    const char *kind; /* "server" or "client", for messages */
    bool was_stopped_by_step;
    bool end_is_explained; /* the problem says how it ended */

    /* A client's standard input and output. */
    struct payload input;
    struct sender sender;
    bool has_sender;
    struct incoming output; /* due is what the server that we play has sent */

    size_t stderr_seen; /* of standard error, up to the end of what a step looked for */

    struct proc_size size_at_first; /* when it was ready: for `server grows` */
    uint64_t busy_at_first; /* process_busy_time(), for `limit time` */

    struct look looks[REST_PARTS + 1], first_look; /* for `server rests`: the last ones, and the first */
    int look_count;

    uint64_t looked_for_zombies; /* since when: uv_now() */
};

/* ---- player.c: the present step ---- */

/* There must be one. */
const struct step *actor_step(const struct actor *actor);

/* How long it may take, in milliseconds. */
uint64_t actor_limit(const struct actor *actor);

/* Calls for the verb's time_is_up() in so many milliseconds, instead of at the limit. */
void actor_set_timer(struct actor *actor, uint64_t milliseconds);

/* ---- player_ends.c: the actor's end of a connection ---- */

/*
 * Begins to connect to the server under test, after leaving an earlier connection. If the server's backlog is full, that waits
 * until there is room. The play fails if it is impossible.
 */
void actor_connect(struct actor *actor);

/* Does it wait for room in the backlog of a server that has accepted nobody for some time? */
bool actor_is_left_waiting(const struct actor *actor);

/* Gives the actor a connection that is not open yet. */
void actor_new_connection(struct actor *actor);

/* Opens it with the client under test. Returns false as long as that has not connected. */
bool actor_accept(struct actor *actor);

/* Begins to flood the server under test. */
void actor_flood(struct actor *actor);

/* Ends that, if it goes on. */
void actor_end_flood(struct actor *actor);

/* Closes or resets the connection, and ends a flood, if they are not over already. */
void actor_leave(struct actor *actor, bool by_reset);

/* ---- player_program.c ---- */

/* Starts the client under test, as the present step says. */
enum step_state program_start_client(struct actor *actor);

/* Starts the server under test again, which has ended, at the port that it had. */
enum step_state program_start_again(struct actor *actor);

/* Sends the signal, and SIGKILL after so many milliseconds. */
void program_tell_to_end(struct play *play, int signal_number, uint64_t limit_ms);

/* ---- player_judge.c ---- */

/* The play fails: at the actor's present step, or (NULL) at the first one that waits. The conversation ends. */
void play_fail(struct play *play, const struct actor *actor, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a verb's function returns that finds the step impossible: actor_fails(actor, "no %s", word). */
#define actor_fails(actor, ...) (play_fail((actor)->play, actor, __VA_ARGS__), (enum step_state)STEP_WAITS)

/*
 * The actor drops out, if the others of this play go on then. Returns whether it does; its present step is done with.
 */
bool actor_drops_out(struct actor *actor, struct io_result why);

/* What a verb's function returns that finds the connection lost: as actor_fails(), unless the actor drops out. */
#define actor_loses(actor, ...)                                                                                        \
    (actor_drops_out(actor, connection_end((actor)->connection)) ? STEP_DONE : actor_fails(actor, __VA_ARGS__))

/* Notes in the result that the present step could not be tested here, and why. */
void actor_note(const struct actor *actor, const char *what);

#endif
