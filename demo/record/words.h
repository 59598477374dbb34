/* words - numbers as the demo writes them: short, with a unit, and the same everywhere. For times there is text.h. */
#ifndef WORDS_H
#define WORDS_H

#include "player/text.h"

/* A whole number, its thousands set apart: "1,843,211". */
void words_add_count(struct text *text, long count);

/* A lower bound in two digits, the rest zeros: 92,417 is "92,000". */
void words_add_rough(struct text *text, long count);

/* A size given in KiB: "812 KiB", "1.7 MiB". */
void words_add_memory(struct text *text, long kib);

/* A share in percent: "97 %". */
void words_add_share(struct text *text, double share);

#endif
