/*
 * script_check - does a conversation make sense? The second half of script_parse(), not for anybody else.
 *
 * Goes through the steps in the file's order and follows every connection: nobody speaks before being connected or
 * after a close, nobody expects what cannot come, and nothing comes that nobody expects.
 */
#ifndef SCRIPT_CHECK_H
#define SCRIPT_CHECK_H

#include "script.h"

struct script_mistake {
    int line; /* 0: the file as a whole */
    char what[300];
};

/* Returns false, and the first mistake in `*mistake`. */
bool script_check(const struct script *script, struct script_mistake *mistake);

#endif
