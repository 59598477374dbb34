/* plan - what is measured, and for how long. */
#ifndef PLAN_H
#define PLAN_H

#include <stddef.h>

#include "rows.h"

enum { PLAN_MAX = 24, SMALL_MESSAGE = 64, LARGE_MESSAGE = 16384 /* bytes */ };

struct plan {
    struct setting settings[PLAN_MAX];
    size_t count;
    int rounds; /* the most that a setting has */
};

/* What make bench TIME=... may be: "short" (for tests), "normal" or "long". Returns false if there is no such plan. */
bool plan_make(struct plan *plan, const char *time);

/* The setting with these numbers, or NULL. */
const struct setting *plan_find(const struct plan *plan, enum question question, size_t clients, size_t size,
                                double rate);

/* About how many seconds one trial takes with all that belongs to it. */
double plan_seconds(const struct setting *setting);

#endif
