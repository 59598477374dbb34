/* upper - the job itself, the same for all servers: answer every byte in upper case. */
#ifndef UPPER_H
#define UPPER_H

#include <stddef.h>

/*
 * Turns `a` to `z` in the `size` bytes at `bytes` into `A` to `Z`, in place. All other bytes stay as they are, NUL and
 * the bytes of UTF-8 included, whatever the locale.
 */
void upper(char *bytes, size_t size);

#endif
