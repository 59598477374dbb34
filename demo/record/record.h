/*
 * record - what was seen when one script was played against several models at the same time.
 *
 * One record is what everything else is drawn from: the lanes in the terminal while it grows, and afterwards the table,
 * the page and the trace file. It is made of the player's events (player.h) and, where strace is there, of what strace
 * said about the servers. All times are nanoseconds on one axis: every model's conversation begins at the same moment of it,
 * once all servers are ready. While the record grows, that axis begins when the demo does; once all is over, with the
 * conversations.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io_status.h"
#include "player/player.h"
#include "player/script.h"

/* What a client of the script is doing. */
enum lane_state {
    LANE_ABSENT, /* it has not connected yet, or has left */
    LANE_CONNECTING, /* it has begun to */
    LANE_SILENT, /* connected, and waiting for nothing */
    LANE_WAITING, /* for something that the server owes: a step that expects */
    LANE_NOT_READING, /* it was told to stop reading */
    LANE_ENDED /* its script is over for it, with the connection still open */
};

struct lane_span {
    uint64_t from, to; /* `to` is the present moment while the span grows */
    enum lane_state state;
    int step; /* index into script.steps, or -1 */
};

/* A moment in a client's lane. */
enum mark_kind {
    MARK_CONNECTED,
    MARK_SENT, /* result.bytes */
    MARK_RECEIVED, /* result.bytes, while no step waited for them */
    MARK_ANSWERED, /* a step that waited got what it expected, after `waited` */
    MARK_STALLED, /* its time ran out (IO_TIMEOUT) */
    MARK_FAILED, /* wrong bytes, lost connection */
    MARK_CLOSED, /* the server's orderly end of stream */
    MARK_RESET, /* the connection is gone (IO_ERROR) */
    MARK_LEFT /* the client closed or reset it */
};

struct lane_mark {
    uint64_t at;
    enum mark_kind kind;
    int step; /* index into script.steps, or -1 */
    struct io_result result;
    uint64_t waited; /* nanoseconds; MARK_CLOSED and MARK_RESET: 0 unless a step waited for just that */
};

struct lane {
    int actor; /* index into script.actors */
    struct lane_span *spans;
    size_t span_count;
    struct lane_mark *marks;
    size_t mark_count;
};

/* A system call of a server's thread, as strace saw it. Short ones that follow each other closely are folded. */
struct call_span {
    uint64_t from, to;
    const char *call; /* "recv", "select", "epoll_wait": the name that the man pages use; a constant or in the record */
    int fd; /* or -1 */
    unsigned long times; /* how many calls the span stands for, at least 1 */
    int error; /* errno of the last one, or 0 */
    int client; /* whose connection that descriptor is: index into model_record.lanes, or -1: nobody's, or not known */
};

/*
 * Instead of a call, where a server made so many of them that strace would have slowed everything down and was detached:
 * the thread was busy. It spins if it kept polling and found nothing to do; otherwise it works.
 */
#define CALL_SPINS "spins"
#define CALL_WORKS "works"

struct thread_lane {
    int thread; /* its id */
    int process; /* the id of the process that it belongs to */
    struct call_span *spans;
    size_t span_count;
};

/* What the conversation has cost the server: from its beginning to the moment before it was told to stop. -1: not known. */
struct costs {
    double cpu_seconds;
    double cpu_share; /* of one core: 1.0 is a whole core */
    long system_calls;
    long processes; /* the most at one time, */
    long threads; /* and all their threads */
    long context_switches;
    long memory_kib; /* the most that was resident */
    bool calls_are_more; /* system_calls is a lower bound, see CALL_SPINS */
    bool calls_are_batches; /* a call hands in many operations: fewer calls are not less work */
};

/* Nothing is known. */
#define COSTS_UNKNOWN ((struct costs){-1, -1, -1, -1, -1, -1, -1, false, false})

/* The state of a model whose conversation was ended early by whoever watched it. */
#define RECORD_CUT_SHORT "cut short"

struct model_record {
    const char *name; /* "05-select" */
    const char *idea; /* how it waits, in a few words; "" if not known */
    /* For a heading: "starts", "plays", "passes", "stalls", "FAILS", "did not start", "died", RECORD_CUT_SHORT. */
    const char *state;
    const char *problem; /* one line if something went wrong, otherwise "" */
    char *verdict; /* one sentence that says what the picture showed; NULL until the end */
    bool is_over;
    enum play_outcome outcome; /* valid when it is over */
    uint64_t began, ended; /* the conversation */
    struct lane *lanes; /* one for each client of the script, in the order of script.actors */
    size_t lane_count;
    struct thread_lane *threads; /* in the order of their first calls; empty without strace */
    size_t thread_count;
    struct costs costs;
    /* When the last answer that a step waited for came, from `began`; 0: not everybody was served. */
    uint64_t everybody_served;
    uint64_t longest_wait; /* of all steps that expected something */
    int longest_lane; /* whose it was, or -1 */
};

struct record {
    const struct script *script;
    uint64_t now; /* how far the axis goes */
    bool is_traced; /* strace was there */
    struct model_record *models;
    size_t model_count;
    char **call_names; /* for call_span.call, those that are no constants */
    size_t call_name_count;
};

#endif
