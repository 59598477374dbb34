/* page_file - see page_file.h */
#include "page_file.h"

#include <errno.h>
#include <string.h>

static void complain(const char *path, int error)
{
    fprintf(stderr, "demo: cannot write %s: %s\n", path, strerror(error));
}

FILE *page_file_open(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        complain(path, errno);
    return file;
}

/* A full disk is noticed here at the latest: what is still in the buffer is written now. */
bool page_file_close(FILE *file, const char *path, bool is_complete)
{
    const bool is_flushed = fflush(file) == 0;
    const int error = errno;
    const bool is_written = is_flushed && !ferror(file);
    const bool is_closed = fclose(file) == 0;

    if (is_complete && is_written && is_closed)
        return true;
    if (is_complete)
        complain(path, is_written ? errno : error);
    (void)remove(path);
    return false;
}
