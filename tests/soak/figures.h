/* figures - what a server holds, with all processes that belong to it; and whether that grows from rest to rest. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdbool.h>
#include <sys/types.h>

enum figure { MEMORY, DESCRIPTORS, THREADS, PROCESSES, FIGURES };

struct figures {
    long of[FIGURES]; /* memory in KiB (proc_memory(); 0: not known); all 0 where /proc does not tell */
};

/* What it is called: "memory in KiB", "descriptors". A constant. */
const char *figure_name(enum figure figure);

/* Looks at the process `pid` and all that belong to it (proc_family()); zombies are processes, the kernel's threads no threads. */
struct figures figures_of(pid_t pid);

/* Makes `most` the greater one of both, figure by figure. */
void figures_raise(struct figures *most, const struct figures *now);

/* Apart from memory: is nothing more than before? */
bool figures_are_back(const struct figures *now, const struct figures *before);

enum { RESTS = 5 /* after the warm-up, and after each of four rounds alike */ };

/*
 * Does this figure grow? Not if a cache fills once (a malloc() arena, thread stacks), nor if it rises and falls: something grows
 * if in the last two rests it never came down to the most that it was in the first two. Memory is to be a half and 512 KiB above
 * that, because a heap that is collected grows for long, too; what leaks steadily has become twice as much.
 */
bool figures_grow(const struct figures rests[RESTS], enum figure figure);

#endif
