/* file - see file.h */
#include "file.h"

#include <stdio.h>

#include "player/text.h"

char *file_read(const char *path)
{
    struct text whole = {0};
    char piece[8192];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return NULL;
    for (size_t n = fread(piece, 1, sizeof piece, file); n > 0; n = fread(piece, 1, sizeof piece, file))
        text_add(&whole, "%.*s", (int)n, piece);
    fclose(file);
    return text_take(&whole);
}
