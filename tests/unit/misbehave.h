/* misbehave - servers and clients that are wrong in one known way each: for the tests of the player. */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

/*
 * Runs the server or client PROGRAM -p PORT..., which goes wrong as `how` says: "same case", "drops", "client prints more",
 * and so on, see misbehave.c. Any other `how` is a correct server, or a correct client if it begins with "client". A server
 * prints the ready line and serves one client at a time, or by a process for each if `how` begins with "forks"; a client sends
 * "hello", and prints what comes. Returns the exit status.
 */
int misbehave(const char *how, int argc, char **argv);

#endif
