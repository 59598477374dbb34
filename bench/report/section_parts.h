/* section_parts - what section.c, the files with the single sections, and the plots share. */
#ifndef SECTION_PARTS_H
#define SECTION_PARTS_H

#include "section.h"

#include "player/text.h"

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

/* From one figure to another: what it costs that something is different. */
struct change {
    const struct setting *before;
    int figure_before;
    const struct setting *after;
    int figure_after;
};

/* How many times as much; 1: it stays, or this run cannot tell; 0: one of both was not measured often enough. */
double change_growth(const struct findings *findings, size_t subject, const struct change *change);

/* "BEGINNING costs more: 05-select 2.8 times. With the others it costs the same. 01-blocking does not serve so many." */
char *change_say(const struct findings *findings, const struct change *change, const char *beginning);

/* Who stands out in a plot: the price grows with more clients, or cannot; a newcomer behind 64 silent clients notices them. */
bool section_grows(const struct findings *findings, size_t subject);
bool section_lets_wait(const struct findings *findings, size_t subject);

/* The sections. */
void section_price(struct section *section, const struct findings *findings);
void section_growth(struct section *section, const struct findings *findings);
void section_punctuality(struct section *section, const struct findings *findings);
void section_newcomer(struct section *section, const struct findings *findings);
void section_silence(struct section *section, const struct findings *findings);
void section_crowd(struct section *section, const struct findings *findings);
void section_visits(struct section *section, const struct findings *findings);

#endif
