/* ranking - servers in the order of a figure, the least first, those that a run cannot tell apart side by side. */
#ifndef RANKING_H
#define RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include "player/text.h"
#include "section.h"

struct ranked {
    size_t subject;
    struct summary summary;
};

struct ranking {
    struct ranked *items; /* those of which there is a figure */
    size_t count;
};

/* Ranks them; the caller's to free(items). */
struct ranking ranking_make(const struct findings *findings, const struct setting *setting, int figure);

/*
 * Does it tell who is better? Not if there is one server only, or one round, which has no spread; and if all are equal, which it
 * appends to `text`.
 */
bool ranking_tells(const struct ranking *ranking, struct text *text);

/* How many at its head are equal to the first; and at its end, to the last. */
size_t ranking_first(const struct ranking *ranking);
size_t ranking_last(const struct ranking *ranking);

/*
 * Appends who is at both ends, with the median of the first and the last as `add` writes it: "cheapest with 05-select and 06-libuv,
 * 22.0 us (this run cannot tell them apart), and dearest with 07-process-per-client, 173 us". `least` and `most` are the words.
 */
void ranking_add_ends(struct text *text, const struct findings *findings, const struct ranking *ranking,
                      const char *least, const char *most, void (*add)(struct text *text, double number));

/* Appends the names of `count` from `first` on: "05-select, 06-libuv and 09-epoll"; or, of more than six, "9 servers". */
void ranking_add_names(struct text *text, const struct findings *findings, const struct ranked *first, size_t count);

#endif
