/* plan - which faults are tried: each error of each call, at one place or at many. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "errors.h"
#include "trial.h"

struct plan {
    struct trial *trials;
    size_t count;
};

struct wishes {
    bool is_long; /* at many places of a call; otherwise at one for each moment */
    const char *call, *error; /* only these; NULL: all */
    int place; /* only this; 0: see is_long */
};

/* Adds what the subject shall go through. `trials` is the caller's to free(). */
void plan_add(struct plan *plan, const struct errors *errors, const struct subject *subject,
              const struct wishes *wishes);

#endif
