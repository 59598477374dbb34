/*
 * call_name - the names of system calls, as the man pages have them. Each is a constant or the record's, and the same name is the
 * same pointer.
 */
#ifndef CALL_NAME_H
#define CALL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

/* The name that the man pages use for what the kernel calls `name`, of that length: "recv" for "recvfrom". */
const char *call_name(struct record *record, const char *name, size_t length);

/* A name for calls that are folded, those of `before` and one more: "recv, send". Housekeeping is left out. */
const char *call_name_folded(struct record *record, const char *before, const char *name);

/* Is it a call that says nothing about whom the server waits for, or serves? */
bool call_is_housekeeping(const char *name);

/* Is it one call in which somebody can wait? What stands for several calls, or for none, is not. */
bool call_is_a_wait(const char *name);

/* Is its first argument a descriptor that says whom the call is for? */
bool call_has_fd(const char *name);

#endif
