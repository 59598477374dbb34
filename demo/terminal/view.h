/*
 * view - the record as lanes of characters (lanes.h): live, as many models as fit a terminal, the others in a row each; or all
 * of them as text.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "canvas.h"
#include "record/record.h"

enum { VIEW_MIN_WIDTH = 40 };

struct view {
    struct canvas_style style; /* its line_end is chosen by the functions below */
    int height;
    size_t first; /* live: the first model that is drawn with all its lanes */
    bool is_paused;
    bool has_keys; /* somebody can press some */
    uint64_t length; /* live: how much time the axis shows at least, in nanoseconds */
};

/* How long the conversation takes if nobody has to wait: what the script itself waits, in nanoseconds. */
uint64_t view_expected_length(const struct script *script);

/*
 * How many models, from view->first on, are drawn with all their lanes. At least 1, if there are any. All others have one row
 * each, where there is room for that.
 */
size_t view_page(const struct view *view, const struct record *record);

/* Adds one picture to `out`: exactly `height` rows that begin at the top left and clear what was there. */
void view_frame(const struct view *view, const struct record *record, struct text *out);

/* Adds the lanes of all models and the legend to `out`, as lines. */
void view_lanes(const struct view *view, const struct record *record, struct text *out);

#endif
