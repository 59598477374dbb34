/* calls - how many system calls a server makes, as strace -c counts them. */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "player/text.h"

enum { CALLS_MAX = 64, CALLS_WORDS = 7 };

/* How often each was made; starts as {0}. */
struct calls_count {
    struct {
        char name[32];
        double times;
    } items[CALLS_MAX];
    size_t count;
};

/* Can strace trace here? Runs it once in `loop` to see. Returns NULL, or why not; a constant. */
const char *calls_probe(uv_loop_t *loop);

/* The words that run a server so that it is counted into the file at `path`; `words` is where they are put. */
void calls_runner(const char *path, const char *words[CALLS_WORDS]);

/* Reads that file, when the server has ended. Returns false if it is not there or not complete. */
bool calls_read(const char *path, struct calls_count *count);

/*
 * What `messages` more have taken: the difference of two counts. Returns how many calls that is a message, and appends those that
 * matter: "recvfrom 1.00, sendto 1.00, select 0.02".
 */
double calls_a_message(const struct calls_count *with, const struct calls_count *without, double messages,
                       struct text *words);

#endif
