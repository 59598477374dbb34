/*
 * words - numbers and names as the demo writes them: short, with a unit, and the same everywhere. For times there is text.h.
 */
#ifndef WORDS_H
#define WORDS_H

#include "player/text.h"
#include "record.h"

/* A whole number, its thousands set apart: "1,843,211". */
void words_add_count(struct text *text, long count);

/* A lower bound in two digits, the rest zeros: 92,417 is "92,000". */
void words_add_rough(struct text *text, long count);

/* A size given in KiB: "812 KiB", "1.7 MiB". */
void words_add_memory(struct text *text, long kib);

/* A share in percent: "97 %". */
void words_add_share(struct text *text, double share);

/* A client's name. */
const char *words_client(const struct record *record, const struct lane *lane);

/*
 * What lane `index` of the model's server is called: "server" if it is the only one, "process 2" or "thread 2"; "process 2.1"
 * is the first thread of the second process, where there are several of both.
 */
void words_add_lane(struct text *text, const struct model_record *model, size_t index);

#endif
