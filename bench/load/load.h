/*
 * load - many clients of one server, in a libuv loop: they connect, send messages, and check every byte that comes back.
 *
 * In the closed loop a client sends its next message when the last one was answered; so a slow server is asked less often, and
 * its worst moments are hardly seen ("coordinated omission"). In the open loop messages are due at a fixed rate, whether the
 * server keeps up or not, and a wait counts from when the message was due.
 *
 * Each function runs the loop, which must tick (tick.h), until it is done. All give up when `*stop` becomes true, which something else in the loop may set.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "histogram.h"

enum { LOAD_MAX_SIZE = 64 * 1024 /* of a message, in bytes */ };

struct load;

/* Clients for the server at `address`; none is there yet. The caller's to load_free(). */
struct load *load_new(uv_loop_t *loop, const struct sockaddr *address, const bool *stop);

/*
 * `count` more clients connect. Returns how many of them could; those who could not, or not within 1.5 seconds in which nobody
 * else could, are not counted.
 */
size_t load_connect(struct load *load, size_t count);

/*
 * The clients from `first` on, `count` of them, send a message of `size` bytes each. Returns how many have been answered when
 * all are, or when nobody has been for `patience` seconds; a connection that the server closes is not answered.
 */
size_t load_ask(struct load *load, size_t first, size_t count, size_t size, double patience);

/*
 * The clients from `first` on, `count` of them, begin to send messages of `size` bytes in the closed loop. Returns how many have
 * been answered when all are, or when nobody new has been for `patience` seconds. They go on.
 */
size_t load_gather(struct load *load, size_t first, size_t count, size_t size, double patience);

/* All who are gathered have been answered, and are from now on expected to be. `rate`: see above, 0: closed loop. */
void load_begin(struct load *load, double rate);

/*
 * Up to `count` clients at a time begin to come, send a message of `size` bytes, and go when it is answered and the server has
 * closed the connection. That is one message; its wait is from before the client connected until then.
 */
void load_begin_visits(struct load *load, size_t count, size_t size);

/* What a server has done meanwhile. */
struct load_result {
    uint64_t messages; /* that were answered */
    double seconds; /* how long it really lasted */
    double own_cpu; /* seconds that this program used */
    struct histogram waits; /* from when a message was sent or due until its last byte was back */
};

/* Goes on for that many seconds. Returns false if something went wrong: see load_problem(). */
bool load_go_on(struct load *load, double seconds, struct load_result *result);

/*
 * Waits until everybody who talks has been answered once more, and then for who is still owed something, but sends nothing more.
 * Returns as load_go_on().
 */
bool load_end(struct load *load);

/* How many messages have been answered since load_new(). */
uint64_t load_messages(const struct load *load);

/* How many clients have no connection: it was refused, or closed. */
size_t load_gone(const struct load *load);

/* What went wrong, in words: "a byte is 'x' instead of 'X'"; NULL if nothing has. */
const char *load_problem(const struct load *load);

/* All clients leave, by a reset: so many connections at once would else keep their ports for a minute (TIME_WAIT). */
void load_free(struct load *load);

#endif
