/* page_file - a file that is written completely or not at all. */
#ifndef PAGE_FILE_H
#define PAGE_FILE_H

#include <stdbool.h>
#include <stdio.h>

/* Opens `path` for writing. NULL: it cannot be, and standard error says why. */
FILE *page_file_open(const char *path);

/*
 * Closes it. Returns whether it is complete: `is_complete` is what the writer thinks, and everything must have arrived.
 * If not, the file is removed; where the writer thought it was, standard error says why.
 */
bool page_file_close(FILE *file, const char *path, bool is_complete);

#endif
