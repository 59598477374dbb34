/*
 * player_parts - what the files of the player share; its users include player.h only.
 *
 *   player.c          the course of a play: start, phases, steps, end
 *   player_peer.c     the steps of the ends that we play: connect, send, expect ...
 *   player_program.c  the program under test: its start, its words, its end
 *   player_steps.c    the steps that are about it: run, prints, exits, rests ...
 *   player_judge.c    what happened: events, and the result
 */
#ifndef PLAYER_PARTS_H
#define PLAYER_PARTS_H

#include <uv.h>

#include "connection.h"
#include "payload.h"
#include "player.h"
#include "process.h"
#include "script.h"
#include "sender.h"
#include "text.h"

/*
 * How far a step has come. Each kind of actor has the same four functions for its present step: begin it; check it after
 * something happened; say what it means that its time is up; describe what it expects and what came so far. A function
 * that finds the step impossible returns actor_fails().
 */
enum step_state { STEP_WAITS, STEP_DONE, STEP_OUT_OF_TIME };

/* In how many looks, at least, a step watches what must be so for a time. */
enum { REST_PARTS = 8, STUCK_PARTS = 8 };

/* One name of the script. */
struct actor {
    struct play *play;
    int index;
    int step; /* index of the present step, or -1: there is none left */
    bool is_waiting;
    uint64_t began; /* the present step, uv_hrtime() */
    struct io_result result; /* of the present step, when it is done */
    uv_timer_t timer;
    struct connection *connection; /* the last one; NULL before the first */

    size_t taken; /* `is stuck`: bytes that the system had taken at the last look */
    int quiet_looks; /* and how many looks in a row found no more */
};

/* When it had been busy for how long (process_busy_time()); both in nanoseconds. */
struct look {
    uint64_t at, busy;
};

/* The program under test. */
struct program {
    struct process *process; /* NULL as long as it does not run */
    struct actor *actor; /* under which name the script knows it; NULL if it does not */
    const char *kind; /* "server" or "client", for messages */

    /* A client's standard input and output. */
    struct payload input;
    struct sender sender;
    bool has_sender;
    size_t printed; /* to standard output */
    size_t expected; /* of that, by a step */
    size_t heard; /* of its words on standard error, up to the end of what a step looked for */
    bool is_wrong;

    struct look looks[REST_PARTS + 1], first_look; /* of `server rests`: the last ones, and the first */
    int look_count;

    bool end_is_explained; /* the problem says how it ended */
};

/* The result under construction. */
struct findings {
    enum play_outcome outcome;
    int step;
    uint64_t waited;
    struct text problem, expected, came, ended, said, note;
};

struct play {
    uv_loop_t *loop;
    const struct script *script;
    struct play_options options;
    enum { STAGE_STARTS, STAGE_PLAYS, STAGE_STOPS, STAGE_CLOSES, STAGE_DONE } stage;
    int phase;
    int steps_left; /* of this phase */
    uint64_t moved_at; /* when anybody last got on: uv_now() */
    int phase_start; /* the first step of the next phase */
    int *next_step; /* for each step the same actor's next one, or -1 */
    struct actor *actors;
    struct program program;
    uint64_t began; /* the conversation, uv_hrtime(); 0: not yet */
    uv_timer_t start_timer;
    uv_tcp_t listener; /* where a client under test connects */
    struct connection *connections; /* all there ever were */
    int open_things; /* to be closed before the play is done */

    struct play_event *events;
    size_t event_count;
    struct findings findings;
    struct play_result result;
    char buffer[CONNECTION_BUFFER];
};

/* ---- player.c ---- */

/* The actor's present step; there must be one. */
const struct step *actor_step(const struct actor *actor);

/* How long the actor's present step may take, in milliseconds. */
uint64_t actor_limit(const struct actor *actor);

/* Calls for the actor's time-is-up function in so many milliseconds, instead of at the limit. */
void actor_set_timer(struct actor *actor, uint64_t milliseconds);

/*
 * Looks whether the actor's present step is done now that something has happened. With `progress` everybody's limit starts
 * anew, as far as it is the usual one.
 */
void actor_recheck(struct actor *actor, bool progress);

/* Begins the conversation. */
void play_begin(struct play *play);

/* Ends the conversation: the program is stopped, the connections stay as they are. */
void play_stop(struct play *play);

/* Closes everything; on_done follows. */
void play_close(struct play *play);

/* To be called when something that was counted in open_things is closed. */
void play_note_closed(struct play *play);

/* ---- player_peer.c ---- */

enum step_state peer_begin(struct actor *actor);
enum step_state peer_check(struct actor *actor);
enum step_state peer_time_is_up(struct actor *actor);
void peer_describe(const struct actor *actor, struct text *expected, struct text *came);

/* Did bytes come that no step expected? Then says so in `problem`. */
bool peer_has_leftovers(const struct actor *actor, struct text *problem);

/* "byte 7 of the answer should be 'A' and is 0x00"; `whole` is "the answer". */
struct wrong_byte {
    size_t at;
    bool is_too_much;
    unsigned char should_be, is;
};
void peer_describe_wrong(struct text *problem, const struct wrong_byte *wrong, const char *whole);

/* The bytes that a step sends or inputs; `text` is which of its texts. */
struct payload_part peer_part(const struct actor *actor, int text);

/* ---- player_program.c ---- */

/* Starts the server under test; the conversation begins when it is ready. */
void program_start_server(struct play *play);

/* Tells the program to end and waits for it; or goes on at once, if there is none any more. */
void program_stop(struct play *play);

/* Closes what belongs to the program. */
void program_close(struct play *play);

/* Starts the client under test, as the actor's present step says. */
void program_start_client(struct actor *actor);

/* Sends SIGTERM, and SIGKILL after so many milliseconds. */
void program_tell_to_end(struct play *play, uint64_t limit_ms);

/* What the server that we play has sent: it must appear on the client's standard output. */
const struct payload *program_due_output(const struct play *play);

/* What the script gives a client as input, and lets the server send to it, up to the end of a phase. */
size_t program_all_input(const struct play *play, int phase);
size_t program_all_output(const struct play *play, int phase);

/* ---- player_steps.c ---- */

enum step_state program_begin(struct actor *actor);
enum step_state program_check(struct actor *actor);
enum step_state program_time_is_up(struct actor *actor);
void program_describe(const struct actor *actor, struct text *expected, struct text *came);

/* ---- player_judge.c ---- */

/* Records an event; `actor` NULL: the program's. */
void play_trace(struct play *play, const struct actor *actor, enum play_event_kind kind, struct io_result result,
                size_t total);

/* The play fails: at the actor's present step, or (NULL) at that of whoever waits. The conversation ends. */
void play_fail(struct play *play, const struct actor *actor, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a step's function returns that finds the step impossible: actor_fails(actor, "no %s", word). */
#define actor_fails(actor, ...) (play_fail((actor)->play, actor, __VA_ARGS__), (enum step_state)STEP_WAITS)

/* The actor's time is up. The conversation ends. */
void play_stall(struct play *play, const struct actor *actor);

/* When the program has ended, if there was one: did it end as it should, and is nothing left over? */
void play_judge_end(struct play *play);

/* Turns the findings into the result. */
void play_conclude(struct play *play);

#endif
