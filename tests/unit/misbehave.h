/* misbehave - servers and clients that are wrong in one known way each: for the tests of the player. */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

/*
 * Is the server or client called as PROGRAM -p PORT... that goes wrong as `how` says: "same case", "drops", "client prints
 * more"; the names stand where the deeds are done. Any other `how` is a right server, or a right client if it begins with
 * "client". A server prints the ready line and serves one client at a time; a client sends "hello", and prints what comes.
 * Returns the exit status.
 */
int misbehave(const char *how, int argc, char **argv);

#endif
