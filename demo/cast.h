/*
 * cast - the models that tell a script's story best: with these, and no others, the demo begins if nobody says which.
 *
 * A script for the demo names them in a comment, by their numbers: "# models: 01 04 12..99".
 */
#ifndef CAST_H
#define CAST_H

#include <stdbool.h>

#include "player/script.h"

/* Does the model of that name ("05-select") belong to it? Every model does if the script names none. */
bool cast_has(const struct script *script, const char *model);

#endif
