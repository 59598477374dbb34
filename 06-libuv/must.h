/* must - for the libuv calls that a program cannot go on without. */
#ifndef MUST_H
#define MUST_H

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* `result` is what the call returned. If that is an error: says "`complaint`: why" on stderr and exits with 1. */
static inline void must(int result, const char *complaint)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", complaint, uv_strerror(result));
    exit(1);
}

#endif
