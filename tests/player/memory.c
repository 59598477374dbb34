/* memory - see memory.h */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void *memory_zeroed(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size)); /* calloc(0) may return NULL */
}

void *memory_resized(void *old, size_t size)
{
    return checked(realloc(old, size > 0 ? size : 1));
}

void *memory_grown(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return items;
    return memory_resized(items, (count == 0 ? 1 : 2 * count) * size);
}

char *memory_string(const char *text)
{
    const size_t size = strlen(text) + 1;

    return memcpy(memory_resized(NULL, size), text, size);
}
