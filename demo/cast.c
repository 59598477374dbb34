/* cast - see cast.h */
#include "cast.h"

#include <stdlib.h>
#include <string.h>

/* What stands behind "# models:", or NULL. */
static const char *cast_of(const struct script *script)
{
    static const char head[] = "# models: ";

    for (int i = 0; i < script->line_count; i++)
        if (strncmp(script->lines[i], head, strlen(head)) == 0)
            return script->lines[i] + strlen(head);
    return NULL;
}

bool cast_has(const struct script *script, const char *model)
{
    const long number = strtol(model, NULL, 10);
    const char *rest = cast_of(script);
    char *end;

    if (rest == NULL)
        return true;
    for (long first = strtol(rest, &end, 10); end != rest; first = strtol(rest, &end, 10)) {
        const long last = strncmp(end, "..", 2) == 0 ? strtol(end + 2, &end, 10) : first;
        if (number >= first && number <= last)
            return true;
        rest = end;
    }
    return false;
}
