/*
 * canvas - rows of text for a terminal, drawn cell by cell: never wider than they may be, whatever is put into them.
 *
 * A cell holds one character, with its accents; a character that takes two columns (wcwidth()) has two cells. What comes
 * from files is made harmless on the way: control characters and what the locale does not know become '?', and so does all
 * that is not ASCII where the canvas may not show UTF-8.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include <stdbool.h>

#include "player/text.h"

/* What a cell means; shown as a colour or weight, if at all. */
enum tint {
    TINT_PLAIN,
    TINT_STRONG, /* headings */
    TINT_FAINT, /* what may be overlooked */
    TINT_WAIT, /* somebody waits */
    TINT_GOOD, /* an answer */
    TINT_BAD, /* something went wrong */
    TINT_CALL, /* the server sits in a call */
    TINT_SPIN /* the server is busy with nothing */
};

enum canvas_colours { CANVAS_PLAIN, CANVAS_16_COLOURS, CANVAS_256_COLOURS };

struct canvas_style {
    int width;
    enum canvas_colours colours;
    bool is_utf8; /* only if the locale is, too (LC_CTYPE) */
    const char *line_end; /* "\n", or with what a terminal needs */
};

struct canvas_cell {
    char glyph[16]; /* empty: the second half of the one before it */
    unsigned char tint;
};

struct canvas {
    struct canvas_style style;
    struct text *out;
    struct canvas_cell *cells; /* of the present row */
};

/* Begins to draw at the end of `out`, with an empty row. */
void canvas_begin(struct canvas *canvas, struct text *out, const struct canvas_style *style);

/*
 * Puts `text` into the row, from `column` on. What does not fit is cut off; what was there is overwritten.
 * Returns the column behind it.
 */
int canvas_put(struct canvas *canvas, int column, const char *text, enum tint tint);

/* The same, but cut at the column `end`. */
int canvas_put_until(struct canvas *canvas, int column, int end, const char *text, enum tint tint);

/* The same, but with dots at the end if something had to be cut off. */
void canvas_put_cut(struct canvas *canvas, int column, int end, const char *text, enum tint tint);

/* One character, `utf8` if the canvas may show it. */
void canvas_put_glyph(struct canvas *canvas, int column, const char *ascii, const char *utf8, enum tint tint);

/* How many columns `text` takes. */
int canvas_columns(const struct canvas *canvas, const char *text);

/* The row is complete; the next one is empty. Blanks at its end are left out. */
void canvas_end_row(struct canvas *canvas);

/*
 * Writes `text` as paragraphs of whole words from `column` on; the first row may begin further left already. Ends the
 * last row, too.
 */
void canvas_wrap(struct canvas *canvas, int column, const char *text, enum tint tint);

/* Frees what it needed. */
void canvas_end(struct canvas *canvas);

#endif
