/* canvas - see canvas.h */
#include "canvas.h"

#include <stdlib.h>
#include <string.h>

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

static void clear(struct canvas *canvas)
{
    for (int i = 0; i < canvas->style.width; i++)
        canvas->cells[i] = (struct canvas_cell){.glyph = " "};
}

void canvas_begin(struct canvas *canvas, struct text *out, const struct canvas_style *style)
{
    *canvas = (struct canvas){.style = *style, .out = out};
    canvas->cells = memory_zeroed((size_t)style->width + 1, sizeof canvas->cells[0]);
    clear(canvas);
}

/* ---- Characters ---- */

/* The length of the UTF-8 sequence that `text` begins with; 0: it is none. */
static size_t sequence_length(const unsigned char *text)
{
    const size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Below U+0300 (Latin) every character takes one column, and so do punctuation, arrows and box drawing. */
static bool is_one_column(const unsigned char *text, size_t length)
{
    return (length == 2 && text[0] < 0xcc && (text[0] > 0xc2 || text[1] >= 0xa1)) ||
           (length == 3 && text[0] == 0xe2 && text[1] >= 0x86 && text[1] <= 0x97);
}

/* Reads one character into `glyph`. Returns its length in bytes. */
static size_t take_glyph(const struct canvas *canvas, const char *text, char glyph[5])
{
    const unsigned char *bytes = (const unsigned char *)text;
    const size_t length = bytes[0] < 0x80 ? 1 : sequence_length(bytes);
    const bool is_shown =
        length == 1 ? bytes[0] >= ' ' && bytes[0] != 0x7f : canvas->style.is_utf8 && is_one_column(bytes, length);

    memset(glyph, 0, 5);
    if (is_shown)
        memcpy(glyph, text, length);
    else
        glyph[0] = '?';
    return length > 0 ? length : 1;
}

int canvas_columns(const struct canvas *canvas, const char *text)
{
    char glyph[5];
    int columns = 0;

    for (; *text != '\0'; columns++)
        text += take_glyph(canvas, text, glyph);
    return columns;
}

int canvas_put_until(struct canvas *canvas, int column, int end, const char *text, enum tint tint)
{
    if (end > canvas->style.width)
        end = canvas->style.width;
    while (*text != '\0' && column < end) {
        struct canvas_cell cell = {.tint = (unsigned char)tint};
        text += take_glyph(canvas, text, cell.glyph);
        if (column >= 0)
            canvas->cells[column] = cell;
        column++;
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
