/* must - for calls that a test depends on: if one fails, the program is aborted with a line that says why. */
#ifndef MUST_H
#define MUST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* `what` was tried; if it has not `worked`, errno says why. */
static inline void must(bool worked, const char *what)
{
    if (worked)
        return;
    perror(what);
    abort();
}

#endif
