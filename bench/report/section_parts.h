/* section_parts - what section.c and the files with the single sections share. Nobody else includes it. */
#ifndef SECTION_PARTS_H
#define SECTION_PARTS_H

#include "section.h"

#include "player/text.h"

enum { SMALL_MESSAGE = 64, LARGE_MESSAGE = 16384 };

/* What there is of a figure; nothing without a setting. */
struct summary section_summary(const struct findings *findings, size_t subject, const struct setting *setting,
                               int figure);

/* The setting with messages of SMALL_MESSAGE bytes in the closed loop, or NULL. */
const struct setting *section_setting(const struct findings *findings, enum question question, size_t clients);

/* Gives it a table with these heads, up to a NULL, and a row for each server. */
void section_begin(struct section *section, const struct findings *findings, const char *const *heads);

/* Puts `cell` where it belongs, and empties it; "-" if it is empty. */
void section_put(struct section *section, size_t row, size_t column, struct text *cell);

/* Puts the median, as `add` writes it. */
void section_put_median(struct section *section, size_t row, size_t column, struct summary summary,
                        void (*add)(struct text *text, double number));

/* Adds a name to a list: "05-select, 06-libuv". */
void section_add_name(struct text *list, const char *name);

/* The sections. */
void section_price(struct section *section, const struct findings *findings);
void section_growth(struct section *section, const struct findings *findings);
void section_punctuality(struct section *section, const struct findings *findings);
void section_newcomer(struct section *section, const struct findings *findings);
void section_silence(struct section *section, const struct findings *findings);
void section_crowd(struct section *section, const struct findings *findings);
void section_visits(struct section *section, const struct findings *findings);

#endif
