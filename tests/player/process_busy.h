/* process_busy - for how long a process has been busy: see process_busy_time() in process.h. */
#ifndef PROCESS_BUSY_H
#define PROCESS_BUSY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The same for any process by its id, which is not checked. */
bool busy_time(pid_t pid, uint64_t *nanoseconds);

#endif
