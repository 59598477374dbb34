/* table - what each model did and what that cost, in numbers: a row a model. */
#ifndef TABLE_H
#define TABLE_H

#include "canvas.h"
#include "record/record.h"

/*
 * Adds the table to `out`, and below it what its columns mean. It is never wider than the style's width: names are
 * shortened, and where that does not do, the last columns are left out.
 */
void table_add(const struct record *record, const struct canvas_style *style, struct text *out);

#endif
