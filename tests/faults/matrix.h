/* matrix - what came out, as a table that a glance takes in: a row for each call, a column for each model. */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "errors.h"
#include "plan.h"
#include "player/text.h"
#include "trial.h"

/*
 * Adds the table: with `by_error` a row for each error of a call. A model that is left out has no column.
 */
void matrix_add(struct text *text, const struct plan *plan, const struct errors *errors, const struct subject *subjects,
                size_t count, bool by_error);

/* Adds what the letters mean, how many faults there were, and what is wrong, one paragraph each. */
void matrix_add_legend(struct text *text, bool is_of_clients);
void matrix_add_sum(struct text *text, const struct plan *plan);
void matrix_add_wrong(struct text *text, const struct plan *plan);

#endif
