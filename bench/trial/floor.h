/* floor - the least that a message can cost here: one send() and one recv() by a program that does nothing else. */
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>

/*
 * A message of `size` bytes goes over a connection on loopback to ourselves and back, again and again for that many seconds;
 * nobody ever waits. Returns what one send() and one recv() cost, in seconds of CPU time; 0 if it cannot be measured.
 */
double floor_measure(size_t size, double seconds);

#endif
