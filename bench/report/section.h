/*
 * section - what came out, question by question: a table and a sentence each, made once, and shown on the terminal and on the page.
 */
#ifndef SECTION_H
#define SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "rows.h"
#include "trial/subject.h"

enum { SECTION_MAX = 8, TABLE_COLUMNS = 10 };

/* What a report is made of. */
struct findings {
    const struct plan *plan;
    const struct rows *rows;
    const struct subjects *subjects;
    const char *no_calls; /* why calls were not counted, or NULL */
};

/* A row for each server. Cells and heads are short; "-" is: not known or not possible. */
struct table {
    const char *heads[TABLE_COLUMNS];
    size_t columns; /* without the name's */
    char *(*rows)[TABLE_COLUMNS];
};

struct section {
    const char *name; /* of its plot: "price" */
    const char *question; /* "What does a message cost?" */
    const char *how; /* how it was asked, and what the columns mean */
    struct table table;
    char *answer; /* in a sentence or two; "" if there is nothing to say */
};

struct report {
    const struct subjects *subjects; /* the rows of all tables */
    struct section sections[SECTION_MAX];
    size_t count;
    char *reasons; /* a line for each server and what could not be measured of it */
};

/* Makes all sections. What `findings` points at must outlive the report. */
void report_make(struct report *report, const struct findings *findings);

/* Is there nothing in a column? Then it is not shown; and neither is a section without figures. */
bool table_is_empty(const struct report *report, const struct table *table, size_t column);
bool section_is_empty(const struct report *report, const struct section *section);

/* Frees them. */
void report_free(struct report *report);

#endif
