/* table - see table.h */
#include "table.h"

#include <string.h>

enum { WIDTH = 118, GAP = 2 };

void table_wrap(struct text *out, const char *words)
{
    size_t column = 0;

    while (*words != '\0') {
        const size_t length = strcspn(words, " ");
        if (column > 0 && column + 1 + length > WIDTH) {
            text_add(out, "\n");
            column = 0;
        }
        text_add(out, "%s%.*s", column > 0 ? " " : "", (int)length, words);
        column += length + (column > 0);
        words += length + (words[length] == ' ');
    }
    text_add(out, "\n");
}

static int width_of(const struct report *report, const struct table *table, size_t column)
{
    size_t width = strlen(table->heads[column]);

    for (size_t row = 0; row < report->subjects->count; row++)
        if (strlen(table->rows[row][column]) > width)
            width = strlen(table->rows[row][column]);
    return (int)width + GAP;
}

static int name_width(const struct report *report)
{
    size_t width = 0;

    for (size_t row = 0; row < report->subjects->count; row++)
        if (strlen(report->subjects->items[row].name) > width)
            width = strlen(report->subjects->items[row].name);
    return (int)width;
}

static void add_row(struct text *out, const struct report *report, const struct table *table, const char *name,
                    char *const *cells)
{
    text_add(out, "%-*s", name_width(report), name);
    for (size_t column = 0; column < table->columns; column++)
        if (!table_is_empty(report, table, column))
            text_add(out, "%*s", width_of(report, table, column), cells[column]);
    text_add(out, "\n");
}

static void add_section(struct text *out, const struct report *report, const struct section *section)
{
    const struct table *table = &section->table;

    text_add(out, "%s\n\n", section->question);
    add_row(out, report, table, "", (char *const *)table->heads);
    for (size_t row = 0; row < report->subjects->count; row++)
        add_row(out, report, table, report->subjects->items[row].name, table->rows[row]);
    text_add(out, "\n");
    if (section->answer[0] == '\0')
        return;
    table_wrap(out, section->answer);
    text_add(out, "\n");
}

void table_add(struct text *out, const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (!section_is_empty(report, &report->sections[i]))
            add_section(out, report, &report->sections[i]);
    text_add(out, "%s", report->reasons);
}
