/*
 * player - plays a script against a program: a server with its clients played by us, or a client with its server.
 *
 * Everything happens in the caller's libuv loop; many plays can go on in it side by side. A play records what happens as
 * events, which can be watched live and read afterwards:
 *
 *     struct play *play = play_start(loop, script, &options);
 *     ...                                  options.on_event(play, event, data) as things happen
 *     options.on_done(play, data)          the program has ended, all is closed
 *     play_result(play), play_events(play)
 *     play_free(play)                      from on_done on
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "io_status.h"
#include "script.h"

struct play;

enum play_event_kind {
    /* the program under test; actor is -1 unless the script names it */
    PLAY_STARTED, /* it runs */
    PLAY_READY, /* a server takes clients; the conversation begins now */
    PLAY_SAID, /* it wrote result.bytes to standard error */
    PLAY_PRINTED, /* a client wrote result.bytes to standard output; total: so far */
    PLAY_TOLD_TO_END, /* by a signal */
    PLAY_EXITED, /* it has ended */
    /* steps */
    PLAY_STEP_BEGINS,
    PLAY_WAITING, /* the step that began cannot be done yet (IO_NO_DATA) */
    PLAY_STALLED, /* its time is up (IO_TIMEOUT) */
    PLAY_FAILED, /* it can never be done, or what came is wrong */
    PLAY_STEP_ENDS, /* as it should; result says how (an expected end: IO_CONNECTION_CLOSED) */
    /* connections */
    PLAY_CONNECTING,
    PLAY_CONNECTED, /* total: the port of the end that we play */
    PLAY_SENT, /* result.bytes were taken by the kernel; total: so far on this connection */
    PLAY_RECEIVED, /* result.bytes came, and they are right; total: so far on this connection */
    PLAY_CLOSED, /* the program's orderly end of stream was read (IO_CONNECTION_CLOSED) */
    PLAY_RESET, /* the connection is gone (IO_ERROR) */
    PLAY_LEFT /* we closed or reset it ourselves */
};

struct play_event {
    uint64_t time; /* nanoseconds since the conversation began; 0 for all before */
    enum play_event_kind kind;
    int actor; /* index into script.actors, or -1 */
    int step; /* index into script.steps of the actor's present step, or -1 */
    struct io_result result; /* what it was, in the five statuses */
    size_t total; /* see PLAY_CONNECTED, PLAY_SENT, PLAY_RECEIVED and PLAY_PRINTED; PLAY_TOLD_TO_END: the signal */
    uint64_t waited; /* PLAY_STALLED, PLAY_FAILED, PLAY_STEP_ENDS: nanoseconds since PLAY_WAITING, or 0 */
};

enum play_outcome { PLAY_PASSES, PLAY_STALLS, PLAY_FAILS };

/* All strings belong to the play; none is NULL, and "" means that there is nothing to say. */
struct play_result {
    enum play_outcome outcome;
    int step; /* index into script.steps of where it stalled or failed, or -1 */
    const char *problem; /* one line: "the server was killed by signal 13 (SIGPIPE)" */
    const char *expected; /* by that step: "\"HELLO\" within 500 ms" */
    const char *came; /* instead: "3 of 5 bytes: \"HEL\"" */
    uint64_t waited; /* by that step, in nanoseconds */
    const char *ended; /* how the program ended: "the server exited with 0, 0.9 ms after SIGTERM" */
    const char *said; /* on standard error, at most the last 64 KiB */
    const char *note; /* what could not be tested here */
};

struct play_options {
    const char *program; /* the path of the model's server or client, as the script needs it */
    const char *command; /* instead of a model's server: a shell command, "{port}" in it becomes a free port */
    bool verbose; /* a model's server gets -v */
    const char *args; /* what else it gets: words with spaces between, such as "-i 10 -k 5". NULL: nothing */
    const char *const *runner; /* words that run the model's program, before its path; NULL-terminated. NULL: none */
    uint64_t limit_ms; /* a step without `within` stalls if nothing happens for so long; 0: 10 seconds */
    uint64_t script_limit_ms; /* a script's, besides what its steps ask for: see tests/README.md; 0: 60 seconds */
    uint64_t stop_ms; /* how long the program may take to end after SIGTERM; 0: 5 seconds */
    /* A client that loses its connection, or whose step's time is up, drops out: its event is PLAY_FAILED or PLAY_STALLED. */
    bool others_go_on;
    int descriptors; /* the program's soft limit unless the script says more; 0: as ours */

    /* If not NULL: a server is ready for its clients, and the conversation begins when play_go() says so. */
    void (*on_ready)(struct play *play, void *data);
    void (*on_event)(struct play *play, const struct play_event *event, void *data); /* may be NULL */
    void (*on_done)(struct play *play, void *data);
    void *data;
};

/*
 * Starts to play `script`, which outlives the play; strings in `options` too. Never fails at once: the
 * result says what went wrong. No callback comes before it has returned.
 */
struct play *play_start(uv_loop_t *loop, const struct script *script, const struct play_options *options);

/* Begins the conversation, some time after on_ready. Does nothing if the play has failed since. */
void play_go(struct play *play);

/* Kills the program now and ends the play as failed; on_done follows. */
void play_abort(struct play *play);

/* The process id of the program under test; -1 if it does not run. With a runner: of what the runner has become. */
int play_pid(const struct play *play);

/* What has happened so far; the array moves as it grows. */
const struct play_event *play_events(const struct play *play, size_t *count);

/* How it ended; valid from on_done on. */
const struct play_result *play_result(const struct play *play);

/* "passes", "stalls", "FAILS". */
const char *play_outcome_name(enum play_outcome outcome);

/* Frees a play that is done. */
void play_free(struct play *play);

#endif
