/* plot - the pictures of a report: data files, and what gnuplot makes of them with the scripts in bench/report/plots/. */
#ifndef PLOT_H
#define PLOT_H

#include <stdbool.h>
#include <uv.h>

#include "section.h"

/*
 * Writes FOLDER/NAME.dat and, with gnuplot, FOLDER/NAME.svg for each section that has figures. Returns NULL, or why there are no
 * plots; a constant, or the last line of gnuplot's complaint, in `said`.
 */
const char *plot_all(uv_loop_t *loop, const struct findings *findings, const char *folder, struct text *said);

#endif
