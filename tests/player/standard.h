/* standard - the standard descriptors of a program that prints with stdio: they may be anything, and nothing is lost silently. */
#ifndef STANDARD_H
#define STANDARD_H

/*
 * To be called first of all, with the program's name ("check").
 * - Where standard input, output or error is closed, its number is taken by what cannot be used. Otherwise the next descriptor
 *   to be opened would get it, and libuv aborts a program that closes 0, 1 or 2.
 * - Output to a pipe or a terminal that others have made non-blocking waits all the same (output_reopen()): stdio would throw
 *   away what finds no room.
 * - If something could not be written to standard output by the end, the program says so and exits with 1. Where a pipe's
 *   reader has left, it only exits with 1.
 */
void standard_open(const char *program);

#endif
