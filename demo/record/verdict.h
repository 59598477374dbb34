/*
 * verdict - one sentence a model that says what the picture showed.
 *
 * It is derived from the record alone: from who waited how long, from the calls in which the server sat meanwhile, and from
 * what it cost. Nothing is known here about any model; what the record does not show is not said.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "record.h"

/* The sentence about model `index` of a finished record; the caller's to free(). */
char *verdict_of(const struct record *record, size_t index);

#endif
