/*
 * page - see page.h
 *
 * The template is page.html. In it, {{NAME}} stands for the file NAME beside it, as it is, and {{record}} for the record.
 * So the finished page is one file, and its parts are files of their own that an editor can read.
 */
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_data.h"
#include "page_file.h"
#include "page_json.h"
#include "player/text.h"

static const char template_name[] = "page.html";

/* The whole of `folder`/`name` (`length` characters of it), the caller's to free(). NULL: errno says why. */
static char *read_part(const char *folder, const char *name, size_t length)
{
    struct text path = {0}, whole = {0};
    char piece[8192];

    text_add(&path, "%s/%.*s", folder, (int)length, name);
    FILE *file = fopen(path.chars, "r");
    text_free(&path);
    if (file == NULL)
        return NULL;
    for (size_t n = fread(piece, 1, sizeof piece, file); n > 0; n = fread(piece, 1, sizeof piece, file))
        text_add(&whole, "%.*s", (int)n, piece);
    const int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error == 0)
        return text_take(&whole);
    text_free(&whole);
    errno = error;
    return NULL;
}

/* Puts in what {{NAME}} stands for. */
static bool fill_in(FILE *file, const struct record *record, const char *folder, const char *name, size_t length)
{
    static const char data[] = "record";

    if (length == sizeof data - 1 && strncmp(name, data, length) == 0) {
        page_json_write(page_data(record), file);
        return true;
    }
    char *part = read_part(folder, name, length);
    if (part == NULL) {
        fprintf(stderr, "demo: cannot read %s/%.*s: %s\n", folder, (int)length, name, strerror(errno));
        return false;
    }
    fputs(part, file);
    free(part);
    return true;
}

static bool fill(FILE *file, const struct record *record, const char *folder, const char *template)
{
    const char *rest = template;

    for (const char *open = strstr(rest, "{{"); open != NULL; open = strstr(rest, "{{")) {
        const char *name = open + 2;
        const char *close = strstr(name, "}}");
        if (close == NULL)
            break;
        (void)fwrite(rest, 1, (size_t)(open - rest), file);
        if (!fill_in(file, record, folder, name, (size_t)(close - name)))
            return false;
        rest = close + 2;
    }
    fputs(rest, file);
    return true;
}

bool page_write(const struct record *record, const char *folder, const char *path)
{
    char *template = read_part(folder, template_name, strlen(template_name));

    if (template == NULL) {
        fprintf(stderr, "demo: cannot read %s/%s: %s\n", folder, template_name, strerror(errno));
        return false;
    }
    FILE *file = page_file_open(path);
    const bool is_filled = file != NULL && fill(file, record, folder, template);
    free(template);
    return file != NULL && page_file_close(file, path, is_filled);
}
