/* must - what a test cannot do without: if it did not work, the program is aborted with a line that says why. */
#ifndef MUST_H
#define MUST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* `what` was tried; errno says why it did not work. */
static inline void must(bool worked, const char *what)
{
    if (worked)
        return;
    perror(what);
    abort();
}

#endif
