/* example - records made by hand: what a demo could have seen, without any server having run. For tests of the page. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include "record/recorder.h"

struct example {
    struct recorder recorder; /* what it has recorded */
    struct script *script; /* the record's */
};

/*
 * Eight models and a ninth that does not start; four clients. In 01 everybody waits for a silent client and a step
 * stalls, in 06 the server dies, and one client resets.
 */
struct example *example_class(void);

/* Names and sentences with everything in them that means something in HTML or JSON, or is not even text. */
struct example *example_odd(void);

/* A script without steps, and no model. */
struct example *example_empty(void);

/* All of these. */
enum { EXAMPLE_COUNT = 4 };
extern const struct example_kind {
    const char *name;
    struct example *(*make)(void);
} example_kinds[EXAMPLE_COUNT];

/* Frees what one of these returned. */
void example_free(struct example *example);

#endif
