/*
 * memory - malloc() for programs that have nothing better to do without memory than to end.
 *
 * None of these returns NULL: out of memory is abort(). The programs under test are told by the kernel and end too (see
 * process.h).
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* Room for `count` objects of `size` bytes, all zero. The caller's to free(). */
void *memory_zeroed(size_t count, size_t size);

/* `old` (or NULL), moved to where `size` bytes fit; what is new is uninitialised. The caller's to free(). */
void *memory_resized(void *old, size_t size);

/* A copy of the string `text`, the caller's to free(). */
char *memory_string(const char *text);

#endif
