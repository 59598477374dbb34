/*
 * flood - a client that sends and reads as fast as it can. It has a thread of its own: the player's loop, which has many
 * clients, would be slower than a server.
 */
#ifndef FLOOD_H
#define FLOOD_H

#include <stdbool.h>
#include <sys/socket.h>

struct flood;

/* Begins to connect to `address`, and to flood it. Never fails: without a connection nothing is flooded. */
struct flood *flood_start(const struct sockaddr *address);

/* Has anything come that is no right answer? */
bool flood_is_wrong(const struct flood *flood);

/* Ends it, within 10 ms, and frees it. */
void flood_stop(struct flood *flood);

#endif
