/*
 * inherited - what exec() passes on from whoever starts a program (POSIX.1-2017 exec), and what becomes of it here.
 *
 * What was meant for the program, such as a limit, stays. What would break it, though nobody meant that, is put right:
 *
 *   descriptors 0, 1 and 2    are taken where they are closed, so that no socket gets their numbers; else see output.h
 *   other descriptors         stay open; they are not ours
 *   signal mask               is emptied: whoever set it did so for a moment of its own, and nothing but SIGKILL would end us
 *   SIGINT, SIGTERM ignored   a server handles them all the same (stop.h); a client leaves that, as programs do which a shell
 *                             has started in the background (POSIX.1-2017 sh, 2.11)
 *   SIGCHLD ignored           07 handles it: otherwise nobody could wait for a child and learn how it ended
 *   SIGXFSZ                   is ignored: write() to a file that has reached RLIMIT_FSIZE then says EFBIG, and we can say so
 *   other signals ignored     stay ignored: nohup(1) means that
 *   alarm(), timers           stay, and so SIGALRM ends us: that is what they were set for
 *   RLIMIT_CPU                likewise, by SIGXCPU
 *   RLIMIT_NOFILE             a server says in a line that it has no descriptor for a client, and does not start; 02, 03 and 05
 *                             lower it (net_limit_descriptors())
 *   all other limits          stay. What they refuse, a call says, and then we: at the start in a line, later as log.h has it
 *   umask, working directory  do not matter: nothing is created or opened there
 */
#ifndef INHERITED_H
#define INHERITED_H

/* Puts right what this table says of the standard descriptors, the signal mask and SIGXFSZ. To be called first of all. */
void inherited_put_right(void);

#endif
