/*
 * player_parts - a play, and what the player's own files do for each other:
 *
 *   player.c          the course of a play: start, phases, steps, end
 *   player_ends.c     the ends of connections that we play
 *   player_program.c  the program under test: its start, its output, its end
 *   player_judge.c    what happened: events, and the result
 *
 * The verbs see actor.h only, and the player's users player.h.
 */
#ifndef PLAYER_PARTS_H
#define PLAYER_PARTS_H

#include "actor.h"

/* The result under construction: player_judge.c's. */
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
    enum { STAGE_STARTS, STAGE_PLAYS, STAGE_STOPS, STAGE_CLOSES, STAGE_DONE } stage; /* set by player.c */
    struct actor *actors;
    struct program program;
    uint64_t began; /* the conversation, uv_hrtime(); 0: not yet */
    int open_things; /* to be closed before the play is done: see play_note_closed() */

    /* player.c's */
    int phase;
    int phase_start; /* the first step of the next phase */
    int steps_left; /* of this phase */
    int *next_step; /* for each step the same actor's next one, or -1 */
    uint64_t limit_ms; /* how long the conversation may take */
    uint64_t ticked_at; /* uv_now() */
    uint64_t lost_ms; /* time of the conversation in which the player got no core */
    uint64_t moved_at; /* when an actor last made progress: uv_now() */
    uv_timer_t timer; /* of the start, of the conversation, and of player_program.c's looks at zombies */

    /* player_ends.c's */
    uv_tcp_t listener; /* where a client under test connects */
    uv_timer_t room_timer; /* of looks whether the backlog of a server under test has room for those who wait for it */
    uint64_t had_room_at; /* when there was room for the last who connected: uv_now() */
    struct connection *connections; /* all of this play, also those that are over */
    char buffer[CONNECTION_BUFFER];

    /* player_judge.c's */
    struct play_event *events;
    size_t event_count;
    struct findings findings;
    struct play_result result;
};

/* ---- player.c ---- */

/*
 * Something has happened: is the actor's present step done? With `progress` the usual limit starts anew for every actor.
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

/* ---- player_ends.c ---- */

/* Opens the server's end for a client under test. Takes the port also when it refuses, so that nobody else answers there. */
int play_open_listener(struct play *play);

/* What came to the actor's end of its connection, for a message. */
void actor_describe_came(const struct actor *actor, struct text *came);

/* Did bytes come that no step expected? Then says so in `problem`. */
bool actor_has_leftovers(const struct actor *actor, struct text *problem);

/* ---- player_program.c ---- */

/* Starts the server under test; the conversation begins when it is ready. */
void program_start_server(struct play *play);

/* Looks for zombies, tells the program to end and waits for that; goes on at once if it has ended. */
void program_stop(struct play *play);

/* Closes what belongs to the program. */
void program_close(struct play *play);

/* ---- player_judge.c; see also actor.h ---- */

/* Records an event; `actor` NULL: the program's. */
void play_trace(struct play *play, const struct actor *actor, enum play_event_kind kind, struct io_result result,
                size_t total);

/* The play fails as play_fail() says: wrong bytes have come. `whole` is where to: "the answer". */
void play_fail_wrong(struct play *play, const struct actor *actor, const struct incoming *incoming, const char *whole);

/* The actor's time is up. The conversation ends. */
void play_stall(struct play *play, const struct actor *actor);

/* The same of the whole conversation: something happens again and again, but too slowly. */
void play_stall_slowly(struct play *play);

/* When the program has ended, if there was one: did it end as it should, and is nothing left over? */
void play_judge_end(struct play *play);

/* Turns the findings into the result. */
void play_conclude(struct play *play);

#endif
