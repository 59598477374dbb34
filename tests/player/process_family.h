/*
 * process_family - a program and the processes that it has started: who is told to end, and who is left behind; a part of
 * process. Where /proc does not tell who they are, its process group stands for its family.
 */
#ifndef PROCESS_FAMILY_H
#define PROCESS_FAMILY_H

#include <stddef.h>
#include <sys/types.h>

#include "text.h"

/* Who was started beside a server, as by "sleep 60 & server". */
struct bystanders {
    pid_t *pids; /* to be freed */
    size_t count;
};

/*
 * Sends `signal_number` to the server: the process that listens on `port`, or the parent of those that do. What it has
 * started is its own business, and what has started it (a shell, timeout(1), npm) sees it end; others, which were started
 * beside it, get SIGTERM and are put into `bystanders`. Where nobody listens, the whole process group is told.
 */
void family_tell(pid_t pid, int port, int signal_number, struct bystanders *bystanders);

/*
 * Sends SIGTERM once more to those of them that are still there. The first one is lost if a shell that traps SIGTERM has
 * only just forked one of them: until the child has reset its traps, the signal is no more than the shell's.
 */
void family_tell_again(pid_t pid, const struct bystanders *bystanders);

/* Sends SIGKILL to all. */
void family_kill(pid_t pid);

/* How many are there? Adds who they are: "123 (server), 124 (server)". */
size_t family_list(pid_t pid, struct text *names);

/* Likewise of the zombies, whose parents have not waited for them; `pid` itself is not meant. */
size_t family_zombies(pid_t pid, struct text *names);

#endif
