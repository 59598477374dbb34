/*
 * floor - the least that a message can cost a server here: one recv() and one send() that never wait.
 *
 * Messages come over connections on loopback from the core of the load, and are passed back from that of the servers, as in a trial;
 * only that all of them are there before the first is received, and that nobody waits for an answer. We are both ourselves, one
 * after the other.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>

/*
 * Does so with messages of `size` bytes for that many seconds. Returns what one recv() and one send() took, in seconds of CPU time;
 * 0 if it cannot be measured. At the end we are on the load's core.
 */
double floor_measure(size_t size, double seconds);

enum { RECENT_FLOORS = 5 };

/* The last ones for messages of the same size, to be zeroed in the beginning. */
struct recent_floors {
    double items[RECENT_FLOORS];
    size_t count;
};

/*
 * Measures once more, or until there are five. Returns the median of the last five: from one second to the next a single
 * one varies more than the price that it is to be compared with.
 */
double floor_of_late(struct recent_floors *floors, size_t size, double seconds);

#endif
