/* report - see report.h */
#include "report.h"

#include <ctype.h>
#include <string.h>

enum { WIDTH = 80 };

/* Lines of what a program has said. */
enum { LAST_WORDS = 5, FIRST_ERROR = 10 };

enum verdict report_verdict(const struct run *run, enum play_outcome outcome)
{
    const enum play_outcome expected = run->expectation != NULL ? run->expectation->outcome : PLAY_PASSES;

    if (run->has_args && outcome == PLAY_PASSES)
        return VERDICT_PASSES; /* the options may well do away with a stall */
    if (outcome != expected || outcome == PLAY_FAILS)
        return VERDICT_FAILS;
    return outcome == PLAY_PASSES ? VERDICT_PASSES : VERDICT_STALLS;
}

/* ---- One play ---- */

/* The beginning of the last `lines` lines. */
static const char *last_lines(const char *words, int lines)
{
    const char *at = words + strlen(words);

    if (at > words && at[-1] == '\n')
        at--;
    while (at > words && (at[-1] != '\n' || --lines > 0))
        at--;
    return at;
}

/*
 * The beginning of the first line that speaks of an error; `end` if none before that does. A sanitizer's report is one, and
 * the errors that a server lives with stand before it.
 */
static const char *first_error(const char *words, const char *end)
{
    static const char *const errors[] = {"Sanitizer: ", "ERROR", "Error", "error:"};
    const char *first = end;

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const char *found = strstr(words, errors[i]);
        if (found != NULL && found < first)
            first = found;
        if (i == 0 && first < end)
            break;
    }
    while (first < end && first > words && first[-1] != '\n')
        first--;
    return first;
}

/* Adds the lines from `line` to `end`, `max` of them at most. Returns where it stopped. */
static const char *add_lines(struct text *text, const char *line, const char *end, int max)
{
    for (; line < end && max > 0; max--) {
        const int length = (int)strcspn(line, "\n");
        text_add(text, "    | %.*s\n", length, line);
        line += length + (line[length] != '\0');
    }
    return line;
}

/* Often the reason stands above the last lines, because many follow it: a sanitizer's report, a stack of calls. */
static void add_last_words(struct text *text, const char *said)
{
    const char *end = said + strlen(said), *last = last_lines(said, LAST_WORDS);

    if (last == end)
        return;
    text_add(text, "  its last words:\n");
    if (add_lines(text, first_error(said, last), last, FIRST_ERROR) < last)
        text_add(text, "    | ...\n");
    add_lines(text, last, end, LAST_WORDS);
}

static void add_line(struct text *text, const char *name, const char *what)
{
    if (what[0] != '\0')
        text_add(text, "  %-10s%s\n", name, what);
}

void report_result(struct text *text, const struct script *script, const struct play_result *result)
{
    if (result->step != -1) {
        const struct step *step = &script->steps[result->step];
        text_add(text, "%s:%d: %s\n", script->path, step->line, step->text);
        add_line(text, "who", script->actors[step->actor]);
    }
    add_line(text, "expected", result->expected);
    add_line(text, "came", result->came);
    if (result->step != -1) {
        text_add(text, "  %-10s", "waited");
        text_add_time(text, result->waited, TIME_EXACT);
        text_add(text, "\n");
    }
    add_line(text, "ended", result->ended);
    add_line(text, "note", result->note);
}

void report_failure(struct text *text, const struct run *run, const struct play_result *result, const char *replay)
{
    const struct expectation *expectation = run->expectation;

    if (result->outcome == PLAY_PASSES && expectation != NULL)
        text_add(text, "expected to stall (%s), but passed: correct %s:%d\n", expectation->reason,
                 run->model->expected_path, expectation->line);
    else
        text_add(text, "%s: %s\n", play_outcome_name(result->outcome), result->problem);
    report_result(text, run->script, result);
    add_last_words(text, result->said);
    add_line(text, "replay", replay);
}

/* ---- The matrix ---- */

struct style {
    const char *word, *mark, *colour;
};

static struct style style_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_NONE:
        return (struct style){"-", "-", ""};
    case VERDICT_PASSES:
        return (struct style){"passes", ".", "\033[32m"};
    case VERDICT_STALLS:
        return (struct style){"stalls", "s", "\033[33m"};
    case VERDICT_FAILS:
        return (struct style){"FAILS", "F", "\033[1;31m"};
    }
    return (struct style){"", "", ""};
}

/* The name of a model in another folder is its path; a column shows the end of it. */
static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

/* "05" for 05-select; a name without a number, as far as it fits. */
static int short_length(const char *name)
{
    return isdigit((unsigned char)name[0]) ? (int)strcspn(name, "-") : 6;
}

/* How many scripts there are: each model begins with the first of them. */
static size_t count_scripts(const struct run *runs, size_t count)
{
    size_t scripts = 1;

    while (scripts < count && runs[scripts].script != runs[0].script)
        scripts++;
    return scripts;
}

static int name_width(const struct run *runs, size_t scripts)
{
    size_t width = strlen("client scripts");

    for (size_t i = 0; i < scripts; i++)
        if (strlen(runs[i].script->name) > width)
            width = strlen(runs[i].script->name);
    return (int)width;
}

/* A column has room for its heading, and where it stands alone, for a word; otherwise a mark must do, so that many fit. */
static int column_width(const struct run *run, bool is_alone)
{
    const int heading = short_length(run->model->name);
    const int word = (int)strlen("passes");

    return is_alone && heading < word ? word : heading;
}

static void add_header(struct text *text, const struct run *runs, size_t count, size_t scripts, const char *title)
{
    text_add(text, "\n%-*s", name_width(runs, scripts), title);
    for (size_t i = 0; i < count; i += scripts) {
        const char *name = runs[i].model->name;
        text_add(text, " %*.*s", column_width(&runs[i], scripts == count), short_length(name), last_part(name));
    }
    text_add(text, "\n");
}

static void add_cell(struct text *text, const struct run *run, bool is_alone, bool colour)
{
    const struct style style = style_of(run->verdict);
    const char *shown = is_alone ? style.word : style.mark;

    text_add(text, " %s%*s%s", colour ? style.colour : "", column_width(run, is_alone), shown, colour ? "\033[0m" : "");
}

static void add_table(struct text *text, const struct run *runs, size_t count, enum script_kind kind, bool colour)
{
    const size_t scripts = count_scripts(runs, count);
    bool has_header = false;

    for (size_t i = 0; i < scripts; i++) {
        if (runs[i].script->kind != kind)
            continue;
        if (!has_header)
            add_header(text, runs, count, scripts, kind == SCRIPT_FOR_SERVERS ? "server scripts" : "client scripts");
        has_header = true;
        text_add(text, "%-*s", name_width(runs, scripts), runs[i].script->name);
        for (size_t j = i; j < count; j += scripts)
            add_cell(text, &runs[j], scripts == count, colour);
        text_add(text, "\n");
    }
}

/* The length of the last line so far. */
static size_t column(const struct text *text)
{
    size_t start = text->length;

    while (start > 0 && text->chars[start - 1] != '\n')
        start--;
    return text->length - start;
}

/* Adds a word (or some that stay together), on a new line if it does not fit on this one. */
static void add_wrapped(struct text *text, int indent, const char *word, size_t length)
{
    if (column(text) + 1 + length >= WIDTH) /* there may be a comma to follow */
        text_add(text, "\n%*s", indent, "");
    else if (column(text) > (size_t)indent)
        text_add(text, " ");
    text_add(text, "%.*s", (int)length, word);
}

static void add_words(struct text *text, int indent, const char *words)
{
    while (*words != '\0') {
        const size_t length = strcspn(words, " ");
        add_wrapped(text, indent, words, length);
        words += length;
        words += strspn(words, " ");
    }
}

static void add_legend(struct text *text, const struct run *runs, size_t count)
{
    const size_t scripts = count_scripts(runs, count);
    const char *before = "\n";
    bool is_begun = false;

    if (scripts < count) {
        text_add(text, "\n. = passes, s = stalls as expected, F = FAILS\n");
        before = "";
    }
    for (size_t i = 0; i < count; i += scripts) {
        const char *name = runs[i].model->name;
        struct text entry = {0};
        if (!isdigit((unsigned char)name[0]))
            continue;
        text_add(text, "%s", is_begun ? "," : before);
        text_add(&entry, "%.*s = %s", short_length(name), name, name);
        add_wrapped(text, 0, entry.chars, entry.length);
        text_free(&entry);
        is_begun = true;
    }
    text_add(text, is_begun ? "\n" : "");
}

static void add_totals(struct text *text, const struct run *runs, size_t count)
{
    size_t counts[VERDICT_FAILS + 1] = {0};

    for (size_t i = 0; i < count; i++)
        counts[runs[i].verdict]++;
    text_add(text, "\n%zu plays: %zu passed, %zu stalled as expected, %zu FAILED\n", count, counts[VERDICT_PASSES],
             counts[VERDICT_STALLS], counts[VERDICT_FAILS]);
}

/* Do both stall as expected, of the same model and for the same reason? */
static bool share_reason(const struct run *a, const struct run *b)
{
    return a->model == b->model && a->verdict == VERDICT_STALLS && b->verdict == VERDICT_STALLS &&
           strcmp(a->expectation->reason, b->expectation->reason) == 0;
}

static void add_reason(struct text *text, const struct run *runs, size_t count, size_t first)
{
    text_add(text, "  %s:", runs[first].model->name);
    for (size_t i = first; i < count; i++) {
        if (!share_reason(&runs[first], &runs[i]))
            continue;
        text_add(text, i > first ? "," : "");
        add_wrapped(text, 4, runs[i].script->name, strlen(runs[i].script->name));
    }
    text_add(text, "\n    ");
    add_words(text, 4, runs[first].expectation->reason);
    text_add(text, "\n");
}

static void add_reasons(struct text *text, const struct run *runs, size_t count)
{
    bool has_title = false;

    for (size_t i = 0; i < count; i++) {
        bool is_first = runs[i].verdict == VERDICT_STALLS;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = !share_reason(&runs[j], &runs[i]);
        if (!is_first)
            continue;
        text_add(text, has_title ? "" : "\nWhy they stall:\n");
        has_title = true;
        add_reason(text, runs, count, i);
    }
}

void report_matrix(struct text *text, const struct run *runs, size_t count, bool colour)
{
    add_table(text, runs, count, SCRIPT_FOR_SERVERS, colour);
    add_table(text, runs, count, SCRIPT_FOR_CLIENTS, colour);
    add_legend(text, runs, count);
    add_totals(text, runs, count);
    add_reasons(text, runs, count);
}
