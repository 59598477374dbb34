/* tell - says what came out of a run: on standard output, in files, on a page. */
#ifndef TELL_H
#define TELL_H

#include <stdbool.h>

#include "run.h"

/* Tells it all. `command`: how to do it again, for the page at `page_path`. Returns false, and says so, if a file cannot be written. */
bool tell(struct run *run, const char *page_path, const char *command);

#endif
