/* upper - the job itself, the same for all servers: answer every byte in upper case. */
#ifndef UPPER_H
#define UPPER_H

#include <stddef.h>

/*
 * How many bytes a server receives at once. The same for all models, so that only the model differs between them, and
 * small enough that a connection with its buffer stays under 1 KiB.
 */
enum { BUFFER_SIZE = 900 };

/*
 * Turns `a` to `z` in the `size` bytes at `bytes` into `A` to `Z`, in place. All other bytes stay as they are, NUL and
 * the bytes of UTF-8 included, whatever the locale.
 */
void upper(char *bytes, size_t size);

#endif
