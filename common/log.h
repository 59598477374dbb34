/*
 * log - a server says on stderr what its calls meant.
 *
 * One line a call: "127.0.0.1:53122 recv SUCCESS 6 bytes". Errors are always said, the rest only when asked for (-v). Safe
 * in threads once announce_listening() has returned, with the exception named below; and in several processes with the same
 * stderr, whose lines do not mix.
 *
 * Nothing here waits: a server that did, because stderr is a pipe and full (pipe(7)), would serve nobody, and would not stop
 * either. Lines that nobody reads are left out, and how many they were is said when there is room again, by each process for
 * itself.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include "io_status.h"

/*
 * Prints on stdout, flushed, where the server listens: "listening on 127.0.0.1:9000", the name of the socket `listener`.
 * From then on `verbose` decides whether only errors are said. Call it when the server is ready for everything: clients,
 * and the signal to stop. Returns false, with a line on stderr, if stdout takes no more, or if no descriptor is left for a
 * client.
 */
bool announce_listening(int listener, bool verbose);

/* Says what `call` ("recv") on the connection with `peer` (its name) meant. */
void log_call(const char *peer, const char *call, struct io_result result);

/*
 * The same for the listener's accept(). An error that lasts, such as EMFILE, is said once and not again until an accept()
 * succeeds. For one thread only: the one that accepts.
 */
void log_accept(struct io_result result);

/* Says that the client `peer` is sent away, and why: "127.0.0.1:53122 closed: no thread for it: ERROR ...". */
void log_refusal(const char *peer, const char *reason, int error);

/* Says what has happened to the `subject` ("process 4711") that serves the client `peer`. */
void log_event(const char *peer, const char *subject, const char *what);

#endif
