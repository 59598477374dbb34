/*
 * trace - what strace has written: which calls a server makes, and which of them were made to fail.
 *
 * strace counts each thread's calls for itself: "when=3" is the third recvfrom() of every thread. So a place is such a number.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum { TRACE_NAME_SIZE = 32, TRACE_PLACES = 256 /* as many as are kept: strace counts on */ };

/* Where a call of this name is made by the server itself: what is before, its start by libc's loader, is left out. */
struct traced_call {
    char name[TRACE_NAME_SIZE]; /* "recvfrom" */
    bool at_start[TRACE_PLACES]; /* at these places, before the server is ready */
    bool running[TRACE_PLACES]; /* at these, afterwards; a place that is both is of the start */
    bool unfit[TRACE_PLACES]; /* in some thread, an error would not be real there */
    int loader; /* the last place of the loader, or 0 */
};

struct trace {
    struct traced_call *calls;
    size_t count;
};

/*
 * Reads what `strace -f -s 64 -o PATH` has written of a play without a fault. Returns false if the server was never ready.
 * trace_free() is needed in both cases.
 */
bool trace_read(struct trace *trace, const char *path);

/* Does the server itself make it, or only the loader? */
bool trace_is_own(const struct traced_call *call);

/* The places of one kind, in order. Returns how many. */
size_t traced_places(const struct traced_call *call, bool of_start, int places[TRACE_PLACES]);

void trace_free(struct trace *trace);

enum { FAULTS_PORTS = 64 };

/* The faults of a play. */
struct faults_met {
    size_t count;
    int ports[FAULTS_PORTS]; /* of these that were on a connection, the clients' ports; the first so many */
    size_t port_count;
};

/* Reads what `strace -f -yy -e inject=...` has written to `path`. */
struct faults_met faults_read(const char *path);

/* Was the fault on the connection with that port? */
bool faults_have_met(const struct faults_met *faults, int port);

#endif
