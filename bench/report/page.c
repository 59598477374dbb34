/*
 * page - see page.h
 *
 * In the template page.html, {{NAME}} stands for a piece that is made here, or for a file of that name as it is.
 */
#include "page.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "player/text.h"

static const char template_path[] = "bench/report/page.html";

/* ---- Pieces ---- */

/* As text in HTML: somebody's command may have anything in it. */
static void add_escaped(struct text *out, const char *words)
{
    for (; *words != '\0'; words++)
        if (*words == '<')
            text_add(out, "&lt;");
        else if (*words == '&')
            text_add(out, "&amp;");
        else if (*words == '"')
            text_add(out, "&quot;");
        else
            text_add(out, "%c", *words);
}

/* The same, but a model's name, "05-select", is not broken at its hyphens. */
static void add_sentence(struct text *out, const char *words)
{
    while (*words != '\0') {
        const size_t length = strcspn(words, " ");
        const bool is_name = isdigit((unsigned char)words[0]) && strcspn(words, "-") < length;
        char *word = strndup(words, length);
        text_add(out, is_name ? "<span class=\"name\">" : "");
        add_escaped(out, word);
        text_add(out, is_name ? "</span>" : "");
        free(word);
        words += length;
        if (*words == ' ')
            text_add(out, "%c", *words++);
    }
}

/* A model's name leads to its code: the page is in build/, beside the models' folders. */
static void add_name(struct text *out, const struct subject *subject)
{
    if (subject->program.command == NULL)
        text_add(out, "<a href=\"../%.*s/server.c\">", (int)strcspn(subject->name, " "), subject->name);
    add_escaped(out, subject->name);
    if (subject->program.command == NULL)
        text_add(out, "</a>");
}

static void add_table(struct text *out, const struct report *report, const struct table *table)
{
    text_add(out, "<div class=\"scroll\"><table><thead><tr><th>server</th>");
    for (size_t column = 0; column < table->columns; column++)
        if (!table_is_empty(report, table, column))
            text_add(out, "<th>%s</th>", table->heads[column]);
    text_add(out, "</tr></thead><tbody>\n");
    for (size_t row = 0; row < report->subjects->count; row++) {
        text_add(out, "<tr><th>");
        add_name(out, &report->subjects->items[row]);
        text_add(out, "</th>");
        for (size_t column = 0; column < table->columns; column++)
            if (!table_is_empty(report, table, column)) {
                text_add(out, "<td>");
                add_escaped(out, table->rows[row][column]);
                text_add(out, "</td>");
            }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

static void add_section(struct text *out, const struct report *report, const struct section *section,
                        const char *folder)
{
    struct text path = {0};

    text_add(&path, "%s/%s.svg", folder, section->name);
    char *plot = file_read(path.chars);
    text_add(out, "<section id=\"%s\"%s>\n", section->name, plot == NULL ? " class=\"plain\"" : "");
    if (plot != NULL)
        text_add(out, "<figure>%s</figure>\n", plot);
    text_add(out, "<div><h2>%s</h2>\n<p class=\"answer\">", section->question);
    add_sentence(out, section->answer);
    text_add(out, "</p>\n<p class=\"how\">");
    add_escaped(out, section->how);
    text_add(out, "</p></div>\n");
    add_table(out, report, &section->table);
    text_add(out, "</section>\n");
    free(plot);
    text_free(&path);
}

static void add_sections(struct text *out, const struct report *report, const char *folder)
{
    for (size_t i = 0; i < report->count; i++)
        if (!section_is_empty(report, &report->sections[i]))
            add_section(out, report, &report->sections[i], folder);
}

static void add_reasons(struct text *out, const char *reasons)
{
    if (reasons[0] == '\0')
        return;
    text_add(out, "<p>What could not be measured:</p><ul>");
    for (size_t length = strcspn(reasons, "\n"); *reasons != '\0'; length = strcspn(reasons, "\n")) {
        char *line = strndup(reasons, length);
        text_add(out, "<li>");
        add_escaped(out, line);
        text_add(out, "</li>");
        free(line);
        reasons += length + (reasons[length] == '\n');
    }
    text_add(out, "</ul>");
}

static void add_warning(struct text *out, const char *words)
{
    if (words[0] == '\0')
        return;
    text_add(out, "<p class=\"warning\">");
    add_escaped(out, words);
    text_add(out, "</p>");
}

/* ---- The template ---- */

static void add_piece(struct text *out, const char *name, const struct report *report, const struct page_words *words,
                      const char *folder)
{
    if (strcmp(name, "sections") == 0)
        add_sections(out, report, folder);
    else if (strcmp(name, "reasons") == 0)
        add_reasons(out, report->reasons);
    else if (strcmp(name, "warning") == 0)
        add_warning(out, words->warning);
    else if (strcmp(name, "machine") == 0)
        add_escaped(out, words->machine);
    else if (strcmp(name, "when") == 0)
        add_escaped(out, words->when);
    else if (strcmp(name, "load") == 0)
        add_escaped(out, words->load);
    else if (strcmp(name, "command") == 0)
        add_escaped(out, words->command);
    else if (strcmp(name, "files") == 0)
        text_add(out, "<a href=\"bench/\">%s</a>", folder);
    else {
        char *part = file_read(name);
        text_add(out, "%s", part != NULL ? part : "");
        free(part);
    }
}

static void fill(struct text *out, const char *template, const struct report *report, const struct page_words *words,
                 const char *folder)
{
    const char *rest = template;

    for (const char *open = strstr(rest, "{{"); open != NULL; open = strstr(rest, "{{")) {
        char *name = strndup(open + 2, strcspn(open + 2, "}"));
        text_add(out, "%.*s", (int)(open - rest), rest);
        add_piece(out, name, report, words, folder);
        rest = open + strlen(name) + strlen("{{}}");
        free(name);
    }
    text_add(out, "%s", rest);
}

bool page_write(const struct report *report, const struct page_words *words, const char *folder, const char *path)
{
    char *template = file_read(template_path);
    FILE *file = template != NULL ? fopen(path, "w") : NULL;
    struct text out = {0};

    if (file == NULL) {
        fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
        free(template);
        return false;
    }
    fill(&out, template, report, words, folder);
    fputs(out.chars, file);
    const bool is_written = ferror(file) == 0;
    text_free(&out);
    free(template);
    return fclose(file) == 0 && is_written;
}
