/*
 * crowd - chaotic clients of one server, in a libuv loop. They come one by one and all at once, send much or little in one
 * piece or in many, half-close, stop reading for a while, reset the connection, or vanish; and every byte that comes back is
 * checked.
 *
 * Client number N of a seed does the same in every run; when, and who else is there, follows from how fast the server is.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

struct crowd;

/*
 * A crowd for the server at `address`; nobody is there yet. `is_small`: few at a time, who send less, for a server that serves
 * few at a time. The caller's to crowd_free().
 */
struct crowd *crowd_new(uv_loop_t *loop, const struct sockaddr *address, uint64_t seed, bool is_small);

/* From now on clients come, and others when they have left. */
void crowd_come(struct crowd *crowd);

/* Nobody comes any more; those who are there do what they have in mind. */
void crowd_end(struct crowd *crowd);

/* The same; and the server has been told to stop, so it may leave them now. What it still says must be right. */
void crowd_end_with_server(struct crowd *crowd);

/* How many are there? */
size_t crowd_present(const struct crowd *crowd);

/* What they have done so far. */
struct crowd_figures {
    uint64_t connections;
    uint64_t bytes; /* of answers, all right */
    uint64_t cut_off; /* connections that clients have reset or closed in the middle */
};

/* Returns that. */
struct crowd_figures crowd_figures(const struct crowd *crowd);

/* What went wrong first, in words: "client 17: byte 3 of the answer should be 'A' and is 'a'"; NULL if nothing has. */
const char *crowd_problem(const struct crowd *crowd);

/* Whoever is still there resets the connection. Runs the loop until they have gone. */
void crowd_free(struct crowd *crowd);

#endif
