/* page - a report for a browser: one file with its plots, tables and sentences, that needs nothing else. */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>

#include "section.h"

/* What is said about the run; each may be "". */
struct page_words {
    const char *warning; /* at the top, in lines */
    const char *machine, *when, *load, *command; /* how it was measured */
};

/* Writes it to `path`, with the plots that are in `folder`. Returns false, and says so on stderr, if it cannot. */
bool page_write(const struct report *report, const struct page_words *words, const char *folder, const char *path);

#endif
