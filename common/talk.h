/*
 * talk - what all clients do, however they wait: take the input, say what they wait for, print the answers, and judge.
 *
 * A client sends its messages, a line each, or else standard input as it comes; half-closes at the end; and writes what
 * comes back to standard output, bytes only. What each recv() meant goes to standard error, a line a status; repeats are
 * folded into one line ("NO_DATA x 214"), on a terminal while they come.
 *
 * Not safe in threads, except that one thread may take input while another calls any of the others.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"
#include "io_status.h"

enum { TALK_PIECE = 16 * 1024 }; /* how many bytes of input or answer a client handles at once */

struct talk {
    const struct client_options *options;
    double seconds; /* the time limit, for "TIMEOUT after 0.5 s" */
    int next_message; /* input: the message that is next, */
    size_t next_byte; /* and how much of it is taken already */
    size_t sent; /* bytes that were handed over to be sent */
    size_t received; /* bytes that came back */
    bool input_ended; /* talk_input_ended() was called: everything is sent */
    struct io_result last; /* the last recv() */
    const char *folded_call; /* what is being folded: NULL for nothing yet, */
    struct io_result folded; /* its status, with all bytes added up, */
    unsigned long times; /* and how often it came */
    double shown_at; /* when the line was last shown: net_now() */
    bool on_terminal; /* standard error is a terminal, */
    bool shares_terminal; /* and standard output, too */
};

/*
 * Begins. `options` must stay; `seconds` is the model's time limit for recv(), used in words only. Ignores SIGPIPE from
 * here on: a server that left, and a closed standard output, are said in words.
 */
void talk_begin(struct talk *talk, const struct client_options *options, double seconds);

/* The descriptor that the input comes from: standard input, or -1 if it is messages, which never have to be waited for. */
int talk_input_fd(const struct talk *talk);

/*
 * Takes the next `size` bytes of input at most into `bytes`. Waits for them, unless standard input is non-blocking.
 * Returns IO_SUCCESS; IO_CONNECTION_CLOSED at the end of the input; IO_NO_DATA; or IO_ERROR with the errno of read(), after
 * saying so on stderr.
 */
struct io_result talk_input(struct talk *talk, char *bytes, size_t size);

/*
 * The same, but always waits: never IO_NO_DATA, not even if standard input is non-blocking, which another process that
 * shares it may have made it (fcntl(2): the flag belongs to the open file).
 */
struct io_result talk_wait_for_input(struct talk *talk, char *bytes, size_t size);

/* Counts what a send() took, and says what it meant: always when it failed, otherwise if that was asked for (-v). */
void talk_sent(struct talk *talk, struct io_result sent);

/* All input is sent: from here on only answers are missing. */
void talk_input_ended(struct talk *talk);

/*
 * Says what a recv() meant, counts it, and writes the bytes it brought, if any, to standard output. Ends the program with
 * 1, after a line on stderr, if that cannot be written.
 */
void talk_received(struct talk *talk, struct io_result received, const char *bytes);

/* Is every byte that was sent answered? */
bool talk_is_answered(const struct talk *talk);

/*
 * Ends: says the last folded line, and what is missing or too much, if anything. Returns the client's exit status: 0 if
 * everything was sent and answered before the server closed, otherwise 1.
 */
int talk_end(struct talk *talk);

#endif
