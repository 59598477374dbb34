/* canvas - see canvas.h */
/* NOLINTNEXTLINE(bugprone-reserved-identifier, cert-dcl37-c, cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700 /* declares wcwidth() */
#include "canvas.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "player/memory.h"

/*
 * Orange and blue are told apart with every kind of colour blindness, and both can be read on black and on white. What goes
 * wrong is inverted.
 */
static const char *const codes[][3] = {
    [TINT_PLAIN] = {"", "", ""},          [TINT_STRONG] = {"", "1", "1"},          [TINT_FAINT] = {"", "2", "2"},
    [TINT_WAIT] = {"", "33", "38;5;208"}, [TINT_GOOD] = {"", "36;1", "38;5;39;1"}, [TINT_BAD] = {"", "7;1", "7;1"},
    [TINT_CALL] = {"", "", "38;5;109"},   [TINT_SPIN] = {"", "35", "38;5;170"},
};

static const struct canvas_cell blank = {.glyph = " "};

static void clear(struct canvas *canvas)
{
    for (int i = 0; i < canvas->style.width; i++)
        canvas->cells[i] = blank;
}

void canvas_begin(struct canvas *canvas, struct text *out, const struct canvas_style *style)
{
    *canvas = (struct canvas){.style = *style, .out = out};
    canvas->cells = memory_zeroed((size_t)style->width + 1, sizeof canvas->cells[0]);
    clear(canvas);
}

/* ---- Characters ---- */

/* A character as it is drawn. */
struct glyph {
    const char *bytes;
    size_t length;
    int columns; /* 0: an accent, on top of what stands before it */
};

/* From U+2000 to U+206F a character without a width is no accent: it reverses the direction of a row, or hides in it. */
static bool is_shown(wchar_t character, int columns)
{
    return columns > 0 || (columns == 0 && (character < 0x2000 || character > 0x206f));
}

/* Reads one character into `glyph`. Returns its length in bytes. */
static size_t take_glyph(const struct canvas *canvas, const char *text, struct glyph *glyph)
{
    mbstate_t state = {0};
    wchar_t character;
    size_t length = 1;

    *glyph = (struct glyph){"?", 1, 1};
    if (!canvas->style.is_utf8 && (*text & 0x80) != 0) {
        while ((text[length] & 0xc0) == 0x80) /* not the first byte of a character of UTF-8 */
            length++;
        return length;
    }
    length = mbrtowc(&character, text, strnlen(text, MB_LEN_MAX), &state);
    if (length > MB_LEN_MAX) /* (size_t)-1 or -2: none begins here */
        return 1;
    const int columns = wcwidth(character);
    if (is_shown(character, columns))
        *glyph = (struct glyph){text, length, columns};
    return length;
}

int canvas_columns(const struct canvas *canvas, const char *text)
{
    struct glyph glyph;
    int columns = 0;

    for (; *text != '\0'; columns += glyph.columns)
        text += take_glyph(canvas, text, &glyph);
    return columns;
}

/* Of a character that takes two columns no half is left when something is drawn over the other one. */
static void put_cells(struct canvas *canvas, int column, const struct glyph *glyph, enum tint tint)
{
    struct canvas_cell *cell = &canvas->cells[column];

    if (column > 0 && cell->glyph[0] == '\0')
        cell[-1] = blank;
    if (cell[glyph->columns].glyph[0] == '\0')
        cell[glyph->columns] = blank;
    cell[0] = cell[glyph->columns - 1] = (struct canvas_cell){.tint = (unsigned char)tint};
    memcpy(cell->glyph, glyph->bytes, glyph->length);
}

/* As many as there is room for; one that begins a text stands on nothing, and is left out. */
static void put_accent(struct canvas *canvas, int column, const struct glyph *glyph)
{
    if (column < 0)
        return;
    char *cell = canvas->cells[column].glyph;
    const size_t length = strlen(cell);
    if (length + glyph->length < sizeof canvas->cells[column].glyph)
        memcpy(cell + length, glyph->bytes, glyph->length);
}

int canvas_put_until(struct canvas *canvas, int column, int end, const char *text, enum tint tint)
{
    struct glyph glyph;
    int last = -1; /* the column of the character before */

    if (end > canvas->style.width)
        end = canvas->style.width;
    for (; *text != '\0'; column += glyph.columns) {
        text += take_glyph(canvas, text, &glyph);
        if (glyph.columns == 0) {
            put_accent(canvas, last, &glyph);
            continue;
        }
        if (column + glyph.columns > end)
            break;
        if (column >= 0)
            put_cells(canvas, column, &glyph, tint);
        last = column;
    }
    return column;
}

void canvas_put_cut(struct canvas *canvas, int column, int end, const char *text, enum tint tint)
{
    canvas_put_until(canvas, column, end, text, tint);
    if (end - column >= 2 && column + canvas_columns(canvas, text) > end)
        canvas_put(canvas, end - 2, "..", tint);
}

int canvas_put(struct canvas *canvas, int column, const char *text, enum tint tint)
{
    return canvas_put_until(canvas, column, canvas->style.width, text, tint);
}

void canvas_put_glyph(struct canvas *canvas, int column, const char *ascii, const char *utf8, enum tint tint)
{
    canvas_put(canvas, column, canvas->style.is_utf8 ? utf8 : ascii, tint);
}

/* ---- Rows ---- */

static void change_tint(const struct canvas *canvas, unsigned char from, unsigned char to)
{
    const char *before = codes[from][canvas->style.colours];
    const char *after = codes[to][canvas->style.colours];

    if (strcmp(before, after) == 0)
        return;
    text_add(canvas->out, before[0] != '\0' && after[0] != '\0' ? "\033[0;%sm" : "\033[%sm", after);
}

void canvas_end_row(struct canvas *canvas)
{
    unsigned char tint = TINT_PLAIN;
    int end = canvas->style.width;

    while (end > 0 && strcmp(canvas->cells[end - 1].glyph, " ") == 0)
        end--;
    for (int i = 0; i < end; i++) {
        change_tint(canvas, tint, canvas->cells[i].tint);
        tint = canvas->cells[i].tint;
        text_add(canvas->out, "%s", canvas->cells[i].glyph);
    }
    change_tint(canvas, tint, TINT_PLAIN);
    text_add(canvas->out, "%s", canvas->style.line_end);
    clear(canvas);
}

void canvas_wrap(struct canvas *canvas, int column, const char *text, enum tint tint)
{
    int at = column;

    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        struct text word = {0};
        text_add(&word, "%.*s", (int)length, text);
        const int columns = canvas_columns(canvas, word.chars);
        if (at > column && at + 1 + columns > canvas->style.width) {
            canvas_end_row(canvas);
            at = column;
        }
        at = canvas_put(canvas, at > column ? at + 1 : at, word.chars, tint);
        text_free(&word);
        text += length + strspn(text + length, " ");
    }
    canvas_end_row(canvas);
}

void canvas_end(struct canvas *canvas)
{
    free(canvas->cells);
}
