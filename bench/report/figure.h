/* figure - how figures are written: three digits that count, and a unit. */
#ifndef FIGURE_H
#define FIGURE_H

#include "player/text.h"
#include "rows.h"

/* Appends "4.71 us", "233 us", "6.95 ms", "1.20 s". */
void figure_add_time(struct text *text, double microseconds);

/* Appends "0.56 KiB", "21.4 KiB", "1.20 MiB"; nothing if it is not more than 0: others have given some back meanwhile. */
void figure_add_memory(struct text *text, double kib);

/* Appends "1.45", "12.3", "1,234". */
void figure_add_number(struct text *text, double number);

/* Appends "951", "1,000". */
void figure_add_count(struct text *text, double count);

/* Appends "0.3 %", "95 %". */
void figure_add_share(struct text *text, double share);

/* Appends the median and, if there are several rounds, the spread: "1.45 (1.41-1.52)". */
void figure_add_spread(struct text *text, struct summary summary);

#endif
