/*
 * memory - malloc() for programs that cannot go on without memory: they abort(), so none of these functions returns NULL. The
 * kernel ends the programs under test then, too (see process.h).
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* Room for `count` objects of `size` bytes, all zero. The caller's to free(). */
void *memory_zeroed(size_t count, size_t size);

/* `old` (or NULL), moved to where `size` bytes fit; what is new is uninitialised. The caller's to free(). */
void *memory_resized(void *old, size_t size);

/*
 * `items`, `count` of `size` bytes each (or NULL and 0), moved if need be to where one more fits. An array that only this
 * function makes longer has room for the next power of two, and needs no field for its room. The caller's to free().
 */
void *memory_grown(void *items, size_t count, size_t size);

/* A copy of the string `text`, the caller's to free(). */
char *memory_string(const char *text);

#endif
