/* plot - see plot.h */
#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "player/memory.h"
#include "player/text.h"
#include "ranking.h"
#include "run_program.h"
#include "section_parts.h"

#define PLOTS "bench/report/plots"

enum { HUES = 6 }; /* in style.gp */

static const double name_height = 0.05; /* of a plot's height */

/* A plot's variables for its script, and whether there is anything to plot. */
struct plot {
    const char *folder, *name;
    size_t rows, grey; /* of the rows the first so many are lines in grey */
    double most; /* the highest x */
    double bottom, top; /* the y axis; 0: gnuplot's choice */
    double limit; /* where something was given up */
};

static FILE *open_data(const struct plot *plot, const char *suffix)
{
    struct text path = {0};

    text_add(&path, "%s/%s%s.dat", plot->folder, plot->name, suffix);
    FILE *file = fopen(path.chars, "w");
    if (file == NULL)
        fprintf(stderr, "bench: cannot write %s: %s\n", path.chars, strerror(errno));
    text_free(&path);
    return file;
}

/* ---- Rows: a server each, the least first ---- */

/* NUMBER "NAME" MEDIAN LOW HIGH */
static void write_spreads(struct plot *plot, const struct findings *findings, const struct setting *setting, int figure)
{
    struct ranking ranking = ranking_make(findings, setting, figure);
    FILE *file = open_data(plot, "");

    for (size_t i = 0; file != NULL && i < ranking.count; i++) {
        const struct summary summary = ranking.items[i].summary;
        fprintf(file, "%zu \"%s\" %g %g %g\n", i, findings->subjects->items[ranking.items[i].subject].name,
                summary.median, summary.low, summary.high);
    }
    if (file != NULL)
        fclose(file);
    plot->rows = ranking.count;
    free(ranking.items);
}

/* NUMBER "NAME" and three waits: the median, one in 100, one in 1000. */
static void write_waits(struct plot *plot, const struct findings *findings, const struct setting *setting)
{
    struct ranking ranking = ranking_make(findings, setting, PRICE_P99);
    FILE *file = open_data(plot, "");

    for (size_t i = 0; file != NULL && i < ranking.count; i++) {
        const size_t subject = ranking.items[i].subject;
        fprintf(file, "%zu \"%s\" %g %g %g\n", i, findings->subjects->items[subject].name,
                section_summary(findings, subject, setting, PRICE_P50).median, ranking.items[i].summary.median,
                section_summary(findings, subject, setting, PRICE_P999).median);
    }
    if (file != NULL)
        fclose(file);
    plot->rows = ranking.count;
    free(ranking.items);
}

/* ---- Lines: a server each; those that stand out in a colour, with their names at the end ---- */

/* What a line is made of, and whose line matters more than the others'. */
struct lines {
    const struct setting *const *settings;
    const double *xs;
    size_t count; /* of both */
    int figure;
    bool (*matters)(const struct findings *findings, size_t subject);
};

struct end {
    double x, y; /* of the last point; then of the name */
    size_t line; /* in the plot */
    const char *name;
};

static int compare(const void *a, const void *b)
{
    const struct end *one = a, *other = b;

    if (one->x != other->x)
        return (one->x > other->x) - (one->x < other->x);
    return (one->y > other->y) - (one->y < other->y);
}

/* Names that would lie on each other are pushed up, and down again where that was too far. The axis is logarithmic. */
static void spread_names(struct end *ends, size_t count, double top, double step)
{
    for (size_t i = 1; i < count; i++)
        if (ends[i].x == ends[i - 1].x)
            ends[i].y = fmax(ends[i].y, ends[i - 1].y * step);
    for (size_t i = count; i > 0; i--) {
        const bool is_highest = i == count || ends[i].x != ends[i - 1].x;
        ends[i - 1].y = fmin(ends[i - 1].y, is_highest ? top : ends[i].y / step);
    }
}

/* X Y "NAME" LINE. The grey lines, which come first, share one name, at the middle of those that go on longest. */
static void write_names(const struct plot *plot, struct end *ends)
{
    FILE *file = open_data(plot, "-names");
    struct end *named = ends;
    size_t count = plot->rows;

    if (plot->grey > 0) {
        qsort(ends, plot->grey, sizeof ends[0], compare);
        named += plot->grey - 1;
        count -= plot->grey - 1;
        named[0].y = ends[plot->grey / 2].y;
        named[0].line = 0;
        named[0].name = "the others";
    }
    qsort(named, count, sizeof named[0], compare);
    spread_names(named, count, plot->top, pow(plot->top / plot->bottom, name_height));
    for (size_t i = 0; file != NULL && i < count; i++)
        fprintf(file, "%g %g \"%s\" %zu\n", named[i].x, named[i].y, named[i].name, named[i].line);
    if (file != NULL)
        fclose(file);
}

/* A block of lines "X MEDIAN LOW HIGH", if there are any figures. */
static void write_line(FILE *file, struct plot *plot, const struct findings *findings, const struct lines *lines,
                       size_t subject, struct end *ends)
{
    struct end end = {.line = plot->rows, .name = findings->subjects->items[subject].name};

    for (size_t k = 0; k < lines->count; k++) {
        const struct summary summary = section_summary(findings, subject, lines->settings[k], lines->figure);
        if (summary.rounds == 0)
            continue;
        fprintf(file, "%g %g %g %g\n", lines->xs[k], summary.median, summary.low, summary.high);
        end.x = lines->xs[k];
        end.y = summary.median;
    }
    if (end.y == 0)
        return;
    fprintf(file, "\n\n");
    ends[plot->rows++] = end;
    plot->most = fmax(plot->most, end.x);
}

/* Few may all have a colour. Somebody's own server is what he wants to see. */
static bool has_colour(const struct findings *findings, const struct lines *lines, size_t subject)
{
    return findings->subjects->count <= HUES || findings->subjects->items[subject].command != NULL ||
           lines->matters(findings, subject);
}

/* The grey ones first, so that the others lie above them. */
static void write_lines(struct plot *plot, const struct findings *findings, const struct lines *lines)
{
    const size_t count = findings->subjects->count;
    struct end *ends = memory_zeroed(count, sizeof ends[0]);
    FILE *file = open_data(plot, "");

    for (size_t i = 0; file != NULL && i < count; i++)
        if (!has_colour(findings, lines, i))
            write_line(file, plot, findings, lines, i, ends);
    plot->grey = plot->rows;
    for (size_t i = 0; file != NULL && i < count; i++)
        if (has_colour(findings, lines, i))
            write_line(file, plot, findings, lines, i, ends);
    if (file != NULL)
        fclose(file);
    write_names(plot, ends);
    free(ends);
}

static void write_growth(struct plot *plot, const struct findings *findings)
{
    static const double clients[] = {1, 10, 50, 200, 1000, 10000};
    enum { COUNT = sizeof clients / sizeof clients[0] };
    const struct setting *settings[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        settings[i] = section_setting(findings, PRICE, (size_t)clients[i]);
    plot->bottom = 0.8; /* what costs more than 40 floors spins */
    plot->top = 40;
    write_lines(plot, findings, &(struct lines){settings, clients, COUNT, PRICE_FLOORS, section_grows});
}

static void write_newcomer(struct plot *plot, const struct findings *findings)
{
    static const size_t silent[] = {0, 1, 4, 16, 64};
    static const double places[] = {0, 1, 2, 3, 4};
    enum { COUNT = sizeof silent / sizeof silent[0] };
    const struct setting *settings[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        settings[i] = section_setting(findings, NEWCOMER, silent[i]);
        if (settings[i] != NULL)
            plot->limit = settings[i]->seconds * 1e6;
    }
    plot->bottom = 20; /* microseconds: nobody is faster */
    plot->top = plot->limit * 2.5;
    write_lines(plot, findings, &(struct lines){settings, places, COUNT, NEWCOMER_WAIT, section_lets_wait});
}

static void write_price(struct plot *plot, const struct findings *findings)
{
    write_spreads(plot, findings, section_setting(findings, PRICE, 50), PRICE_FLOORS);
}

static void write_silence(struct plot *plot, const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, SILENCE, 1000);

    write_spreads(plot, findings, setting != NULL ? setting : section_setting(findings, SILENCE, 200), SILENCE_MEMORY);
}

/* NUMBER "NAME" and two prices: alone, and among silent clients. */
static void write_crowd(struct plot *plot, const struct findings *findings)
{
    const struct setting *setting = section_setting(findings, SILENCE, 1000);
    struct ranking ranking = ranking_make(findings, setting, SILENCE_FLOORS);
    FILE *file = open_data(plot, "");

    for (size_t i = 0; file != NULL && i < ranking.count; i++) {
        const size_t subject = ranking.items[i].subject;
        const struct summary alone =
            section_summary(findings, subject, section_setting(findings, PRICE, 50), PRICE_FLOORS);
        fprintf(file, "%zu \"%s\" %g %g\n", i, findings->subjects->items[subject].name, alone.median,
                ranking.items[i].summary.median);
    }
    if (file != NULL)
        fclose(file);
    plot->rows = ranking.count;
    free(ranking.items);
}

static void write_punctuality(struct plot *plot, const struct findings *findings)
{
    write_waits(plot, findings, plan_find(findings->plan, PRICE, 50, SMALL_MESSAGE, 1));
}

static void write_visits(struct plot *plot, const struct findings *findings)
{
    write_spreads(plot, findings, section_setting(findings, VISITS, 10), VISITS_CPU);
}

/* ---- gnuplot ---- */

/* Light and dark: see plot.css. gnuplot's own beginning, up to `<svg`, is not wanted in a page. */
static bool add_style(const char *path)
{
    char *plot = file_read(path), *style = file_read("bench/report/plot.css");
    const char *start = plot != NULL ? strstr(plot, "<svg") : NULL;
    const char *end = start != NULL ? strchr(start, '>') : NULL;
    FILE *file = end != NULL && style != NULL ? fopen(path, "w") : NULL;

    if (file != NULL) {
        fprintf(file, "%.*s role=\"img\">\n<style>\n%s</style>%s", (int)(end - start), start, style, end + 1);
        fclose(file);
    }
    free(plot);
    free(style);
    return file != NULL;
}

static int draw(uv_loop_t *loop, const struct plot *plot, struct text *said)
{
    struct text settings = {0}, script = {0}, path = {0};

    text_add(&settings,
             "folder = '%s'; plots = '" PLOTS "'; rows = %zu; grey = %zu; most = %g; bottom = %g; top = %g; limit = %g",
             plot->folder, plot->rows, plot->grey, plot->most, plot->bottom, plot->top, plot->limit);
    text_add(&script, PLOTS "/%s.gp", plot->name);
    text_add(&path, "%s/%s.svg", plot->folder, plot->name);
    const char *const words[] = {"gnuplot", "-e", settings.chars, script.chars, NULL};
    int status = run_program(loop, words, said);
    if (status == 0 && !add_style(path.chars))
        status = 1;
    text_free(&settings);
    text_free(&script);
    text_free(&path);
    return status;
}

const char *plot_all(uv_loop_t *loop, const struct findings *findings, const char *folder, struct text *said)
{
    static const struct {
        const char *name;
        void (*write)(struct plot *plot, const struct findings *findings);
    } plots[] = {{"price", write_price},       {"crowd", write_crowd},     {"growth", write_growth},
                 {"newcomer", write_newcomer}, {"silence", write_silence}, {"punctuality", write_punctuality},
                 {"visits", write_visits}};
    int status = 0;

    for (size_t i = 0; i < sizeof plots / sizeof plots[0] && status == 0; i++) {
        struct plot plot = {.folder = folder, .name = plots[i].name, .most = 1};
        struct text path = {0};
        text_add(&path, "%s/%s.svg", folder, plot.name);
        (void)remove(path.chars); /* one of an earlier run would look like ours */
        text_free(&path);
        plots[i].write(&plot, findings);
        if (plot.rows > 0)
            status = draw(loop, &plot, said);
    }
    if (status == 127)
        return "gnuplot is missing (./setup.sh bench installs it)";
    return status == 0 ? NULL : said->length > 0 ? said->chars : "gnuplot failed";
}
