/* table - a report for the terminal: text, at most so wide. */
#ifndef TABLE_H
#define TABLE_H

#include "player/text.h"
#include "section.h"

/* Appends all sections. */
void table_add(struct text *out, const struct report *report);

/* Appends words as lines that are not wider. */
void table_wrap(struct text *out, const char *words);

#endif
