/*
 * process - a child process in a libuv loop: started, watched, measured, and never left behind.
 *
 * Each child leads a session and a process group of its own. What it has started and left behind is killed a second after
 * its end, and told to the owner. Where setpriv(1) can do it (Linux), the kernel kills the child when the thread that
 * started it ends, for whatever reason. libuv resets the signals to their defaults in the child: what we ignore
 * (SIGPIPE) is not ignored there.
 *
 * Nothing here blocks. A struct process is made by process_start(), lives through its callbacks, and is freed with
 * process_free() at any time after on_end.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "proc.h"
#include "text.h"

struct process;

/* How a server shows that it is ready for its clients. */
enum process_readiness {
    PROCESS_READY_AT_ONCE, /* it is no server */
    PROCESS_READY_BY_LINE, /* it prints "listening on ADDRESS:PORT" */
    PROCESS_READY_BY_PORT /* `port` of 127.0.0.1 accepts a connection, which is closed at once */
};

struct process_options {
    const char *const *arguments; /* NULL-terminated; the first is the program, found as a shell finds it. Copied. */
    bool input; /* standard input is a pipe, see process_input(); otherwise /dev/null */
    int descriptors; /* RLIMIT_NOFILE, soft and hard; 0: see soft_descriptors */
    int soft_descriptors; /* the soft limit only; 0: as ours */
    bool is_wrapped; /* it is a shell that waits for the real one: see process_wrap() */
    enum process_readiness readiness;
    int port; /* for PROCESS_READY_BY_PORT */
    uint64_t ready_limit_ms; /* it is stopped if it is not ready by then; 0: 10 seconds */

    /* Each may be NULL. None is called before process_start() has returned. */
    void (*on_ready)(struct process *process);
    void (*on_output)(struct process *process, const char *bytes, size_t size); /* standard output, after that line */
    void (*on_stderr)(struct process *process, const char *bytes, size_t size);
    void (*on_end)(struct process *process); /* it has ended, and so have both outputs; once, the last callback */
    void *owner;
};

/*
 * Starts a program. Never fails at once: on_end follows if it cannot be started, if it ends before it is ready, and if it is
 * not ready in time (then it is stopped).
 */
struct process *process_start(uv_loop_t *loop, const struct process_options *options);

/* The `owner` of its options. */
void *process_owner(const struct process *process);

/* Its process id; -1 if it could not be started or has ended. */
int process_pid(const struct process *process);

/* Standard input, if it is a pipe; otherwise NULL. Writing to it is the owner's business; EPIPE after its end. */
uv_stream_t *process_input(struct process *process);

/* Where it is listening; AF_UNSPEC unless it is a server that has been ready. Owned by `process`. */
const struct sockaddr *process_address(const struct process *process);

/*
 * Sends SIGTERM or SIGINT to the server (process_family.h says to whom else), and SIGKILL to all if that has not helped after
 * `limit_ms` milliseconds; on_end follows. Does nothing if the program has ended or was told before.
 */
void process_stop(struct process *process, int signal_number, uint64_t limit_ms);

/* Sends SIGKILL now, also to those that it has started. on_end follows. Does nothing if the program has ended. */
void process_kill(struct process *process);

/* How far it has come. */
struct process_status {
    bool is_ready; /* it has been ready for its clients */
    bool was_told; /* to end: the signal has reached it alive, */
    int told; /* and that is this signal */
    bool was_killed; /* it took SIGKILL; if it was neither told nor killed, it ended by itself */
    bool has_ended; /* on_end has been called, and these are valid: */
    int exit_status; /* 0 if a signal ended it */
    int signal; /* that ended it, or 0 */
    uint64_t stop_time; /* how long it took to end after that signal, in nanoseconds; 0 if it was not told */
    size_t left; /* how many of its processes were still there a second later, and had to be killed */
};

/* Returns that. */
struct process_status process_status(const struct process *process);

/* How it ended, in words: "exited with 1", "was killed by signal 13 (SIGPIPE)". Owned by `process`. */
const char *process_describe_end(struct process *process);

/* Who was left: "1234 (server), 1235 (server)". Owned by `process`. */
const char *process_describe_left(const struct process *process);

/* How many of the processes that it has started have ended, but nobody has waited for them? Adds who they are. */
size_t process_zombies(const struct process *process, struct text *names);

/* What it wrote to standard error. */
struct process_stderr {
    const char *bytes; /* the last 64 KiB at least, and a NUL */
    size_t size; /* without the NUL */
    size_t dropped; /* how many bytes came before these and are no longer kept */
};

/* Returns that. `bytes` are owned by `process` and valid until it writes more. */
struct process_stderr process_stderr(const struct process *process);

/* The last line of that, without its end, and its length, 0 if there is none. */
const char *process_last_line(const struct process *process, int *length);

/*
 * How long it and those that it has started have been busy, in nanoseconds: the CPU time that they have used and, where
 * that is known, the time that they waited for a core; without that, a program that spins on a loaded machine looks like
 * one that rests. Returns false where the system does not tell.
 */
bool process_busy_time(const struct process *process, uint64_t *nanoseconds);

/*
 * Is it, or one that it has started, on a core, or does it wait for one? Such a wait counts as busy time only when it is
 * over. Returns false where the system does not tell.
 */
bool process_is_running(const struct process *process);

/*
 * What it and those that it has started have now: see proc.h. Returns false where the system does not tell.
 */
bool process_size(const struct process *process, struct proc_size *size);

/* Frees a process that has ended; `on_freed(data)` is called when the loop no longer holds any part of it. */
void process_free(struct process *process, void (*on_freed)(void *data), void *data);

/* The command of a user's server with `port` for every "{port}"; the caller's to free(). */
char *process_fill_in_port(const char *command, int port);

/*
 * Turns the shell command of a user's server into one that can be watched; the caller's to free(). A simple command
 * replaces the shell, so that it is the process that we see. For anything else the shell stays, waits when it is told to
 * end, and passes on the exit status, or 128 plus the number of a signal; then `*is_wrapped` is true.
 */
char *process_wrap(const char *command, bool *is_wrapped);

/*
 * Raises our own soft limit on descriptors to the hard one, so that many clients fit. Returns what it was, for
 * soft_descriptors, or 0 if that is unlimited or unknown.
 */
int process_raise_descriptors(void);

/*
 * Finds a TCP port that is free now, and that the system does not give to anybody who asks for any port. Each call tries
 * another one. Returns it, or a negated errno.
 */
int process_free_port(void);

/*
 * Reads "listening on 127.0.0.1:9000" or "listening on [::1]:9000" (without the line's end). Returns false if `line` is
 * something else.
 */
bool process_parse_ready(const char *line, struct sockaddr_storage *address);

#endif
