/*
 * script - a conversation read from a file: who does what, in which order. tests/README.md describes the language.
 *
 * A script is parsed completely before anything is played: a mistake anywhere in it is reported and nothing runs.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is under test. The other side of the conversation is played by us. */
enum script_kind {
    SCRIPT_FOR_SERVERS, /* we are the clients A, B, C1..C50; "server" is the program under test */
    SCRIPT_FOR_CLIENTS /* we are "server", one connection; "client" is the program under test */
};

struct verb; /* verb.h */

enum { SCRIPT_MAX_TEXTS = 8 };

struct step {
    int line; /* in the file, from 1 */
    const char *text; /* that line, trimmed, for messages */
    int actor; /* index into script.actors */
    int phase; /* how many `sync` stand above it */
    const struct verb *verb;

    /* What the verb needs; 0 or NULL where it needs none. */
    const char *bytes[SCRIPT_MAX_TEXTS]; /* TEXT, escapes resolved, may hold NUL bytes, NUL-terminated */
    size_t sizes[SCRIPT_MAX_TEXTS]; /* their lengths; without TEXT, sizes[0] is SIZE or the size of `everything` */
    int texts; /* how many TEXTs (0: SIZE, seeded bytes) */
    size_t piece; /* in pieces of so many bytes; 0: all at once */
    uint64_t every_ms; /* pause between pieces */
    uint64_t duration_ms; /* wait T, nothing for T, stuck for T, rests T */
    uint64_t within_ms; /* 0: the player's own limit */
    int exit_status; /* exits N */
    int threads; /* grows by at most N threads; 0: by sizes[0] bytes of memory */
};

struct script {
    char *path; /* as given */
    char *name; /* file name without folder and .script */
    char *title; /* first comment line, without "# " and "name: "; "" if there is none */
    enum script_kind kind;
    int descriptors; /* `limit descriptors N`: RLIMIT_NOFILE of the program under test; 0: as it is */
    uint64_t time_ms; /* `limit time T`: how long a server may rest in the whole conversation; 0: no limit */
    bool refuses; /* `server refuses`: for clients; nobody listens on the port */

    char **actors; /* names in order of appearance */
    int actor_count;
    struct step *steps; /* in the file's order; ranges and repeats written out */
    int step_count;
    int phase_count; /* number of `sync`s + 1 */

    char *source; /* the whole text, to be shown beside a replay */
    char **lines; /* each of them trimmed: step.text is one */
    int line_count;
    void *arena; /* owns all strings, every TEXT among them */
};

/*
 * Reads and checks the script at `path`. The kind is decided by the folder it stands in ("clients" for SCRIPT_FOR_CLIENTS,
 * otherwise SCRIPT_FOR_SERVERS).
 * Returns it, the caller's to free with script_free(). On a mistake writes "PATH:LINE: what is wrong" (or "PATH: reason"
 * if it cannot be read) into `error`, cut to `error_size`, and returns NULL.
 */
struct script *script_read(const char *path, char *error, size_t error_size);

/* The same from memory: `source` is a NUL-terminated text, `path` is used in messages and for the name only. */
struct script *script_parse(const char *path, enum script_kind kind, const char *source, char *error,
                            size_t error_size);

void script_free(struct script *script); /* NULL is allowed */

#endif
