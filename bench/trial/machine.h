/* machine - what the bench runs on: its cores and who has them, what it is, and who else uses it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

#include "player/text.h"

/* Who has a core of his own where there are two: the load has the last one, the server all others (Linux). */
enum machine_part { MACHINE_FOR_SERVER, MACHINE_FOR_LOAD };

/* From now on this program, and what it starts, runs there only. Where there is one core, or on other systems, anywhere. */
void machine_use(enum machine_part part);

/* How many cores the server has, and whether the load has another one. */
struct machine_cores {
    int server;
    bool are_separate;
};

/* Returns that. */
struct machine_cores machine_cores(void);

/* Appends what this machine is: "Linux 6.1.0 x86_64, Intel(R) Xeon(R) Processor, 2 cores". */
void machine_describe(struct text *text);

/* The seconds that all its cores together have been busy since it runs; 0 if that is not known. */
double machine_busy_time(void);

/* What the kernel itself holds for sockets, files and threads, of all programs, in KiB; 0 if it is not known. */
double machine_kernel_memory(void);

/* Raises our limit on descriptors as far as it is allowed, at best to `wanted`. Returns what it is then. */
long machine_raise_descriptors(long wanted);

#endif
