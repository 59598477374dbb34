/* write_examples - writes the pages and traces of the records in example.h into a folder: write_examples TEMPLATE FOLDER */
#include <stdio.h>

#include "example.h"
#include "page/page.h"
#include "player/text.h"

static bool write_example(const char *template, const char *folder, const char *name, struct example *example)
{
    struct text page = {0}, trace = {0};

    text_add(&page, "%s/%s.html", folder, name);
    text_add(&trace, "%s/%s.trace.json", folder, name);
    const bool is_written = page_write(&example->recorder.record, template, page.chars) &&
                            page_write_trace(&example->recorder.record, trace.chars);
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
    for (size_t i = 0; i < EXAMPLE_COUNT; i++)
        if (!write_example(argv[1], argv[2], example_kinds[i].name, example_kinds[i].make()))
            return 1;
    return 0;
}
