/* write_examples - writes the pages and traces of the records in example.h into a folder: write_examples TEMPLATE FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include "example.h"
#include "page/page.h"
#include "player/text.h"

static bool write_example(const char *template, const char *folder, const char *name, struct example *example)
{
    struct text page = {0}, trace = {0};

    text_add(&page, "%s/%s.html", folder, name);
    text_add(&trace, "%s/%s.trace.json", folder, name);
    const bool is_written =
        page_write(&example->record, template, page.chars) && page_write_trace(&example->record, trace.chars);
    text_free(&page);
    text_free(&trace);
    example_free(example);
    return is_written;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: write_examples TEMPLATE FOLDER\n", stderr);
        return 2;
    }
    const bool is_written = write_example(argv[1], argv[2], "class", example_class()) &&
                            write_example(argv[1], argv[2], "crowd", example_crowd()) &&
                            write_example(argv[1], argv[2], "odd", example_odd()) &&
                            write_example(argv[1], argv[2], "empty", example_empty());
    return is_written ? 0 : 1;
}
