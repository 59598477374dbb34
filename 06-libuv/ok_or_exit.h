/* ok_or_exit - for the libuv calls without which a program cannot do its job. */
#ifndef OK_OR_EXIT_H
#define OK_OR_EXIT_H

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* `result` is what the call returned. If that is an error: says "`complaint`: why" on stderr and exits with 1. */
static inline void ok_or_exit(int result, const char *complaint)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", complaint, uv_strerror(result));
    exit(1);
}

#endif
