/*
 * script - see script.h
 *
 * Goes through the lines and writes them out as steps: a range is one step for each client, and the `end` of a `repeat`
 * copies the steps that stand in it, which share their texts.
 * script_check.c finds out whether the steps make sense together. A function that returns bool returns false after mistake().
 */
#include "script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "script_parts.h"
#include "text.h"
#include "verb.h"

#define BLANKS " \t\r"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Far more than anybody wants to read; a typo (C1..C99999) must not fill the memory. */
enum {
    MAX_SOURCE = 64 * 1024,
    MAX_CLIENTS = 5000,
    MAX_REPEATS = 1000,
    MAX_STEPS = 100000,
    MAX_KEPT = 64 * 1024 * 1024,
    MAX_SIZE = 1024 * 1024 * 1024,
    MAX_MILLISECONDS = 60 * 60 * 1000,
    MAX_DESCRIPTORS = 1000000,
    MAX_THREADS = 1000000,
    MAX_DIGITS = 9, /* of any number: it fits an int */
    MAX_NAME_DIGITS = 6, /* of the number in a name */
    MAX_NAME_LETTERS = 32
};

struct parser {
    struct script *script;
    char *error;
    size_t error_size;
    size_t kept; /* bytes in the script's arena */

    int line; /* being read, from 1; for a message also 0: the file as a whole */
    const char *at; /* what is left of it: the start of a word, or its end */
    const struct verb *verb; /* NULL before it is known */
    int number; /* of the client whose step it is, for {n}; -1: it has none */
    int phase;
    int repeat_line; /* where the open `repeat` stands; 0: there is none */
    int repeats; /* how many times */
    int repeat_step, repeat_phase; /* where it begins */
    int last_actor; /* where to look first */
};

/* ---- Mistakes ---- */

__attribute__((format(printf, 2, 3))) static void complain(const struct parser *p, const char *format, ...)
{
    char what[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (p->line > 0)
        snprintf(p->error, p->error_size, "%s:%d: %s", p->script->path, p->line, what);
    else
        snprintf(p->error, p->error_size, "%s: %s", p->script->path, what);
}

/* What every function returns that has found one: mistake(p, "no %s", word). */
#define mistake(...) (complain(__VA_ARGS__), false)

/* ---- Memory: all that a script keeps hangs on one chain, which script_free() walks ---- */

struct chunk {
    struct chunk *next;
    char bytes[];
};

/* `size` zeroed bytes that live as long as the script. */
static void *keep(struct parser *p, size_t size)
{
    struct chunk *chunk = memory_zeroed(1, sizeof *chunk + size);

    chunk->next = p->script->arena;
    p->script->arena = chunk;
    p->kept += size;
    return chunk->bytes;
}

/* A copy of `bytes` with a NUL at its end, which lives as long as the script. */
static char *keep_copy(struct parser *p, const char *bytes, size_t size)
{
    return memcpy(keep(p, size + 1), bytes, size);
}

/* ---- Words ---- */

static bool at_end(const struct parser *p)
{
    return *p->at == '\0' || *p->at == '#';
}

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->at, BLANKS);
}

static size_t word_length(const char *at)
{
    return strcspn(at, BLANKS "\"#");
}

/* Is `phrase` what comes next, word for word? Then steps over it. */
static bool take(struct parser *p, const char *phrase)
{
    const char *at = p->at;

    while (*phrase != '\0') {
        const size_t length = strcspn(phrase, " ");
        if (word_length(at) != length || strncmp(at, phrase, length) != 0)
            return false;
        at += length;
        at += strspn(at, BLANKS);
        phrase += length;
        phrase += strspn(phrase, " ");
    }
    p->at = at;
    return true;
}

/* Bytes of the script, for a message. */
static const char *quote(struct parser *p, const char *bytes, size_t size)
{
    struct text text = {0};

    text_add_bytes(&text, bytes, size, 40);
    const char *copy = keep_copy(p, text.chars, text.length);
    text_free(&text);
    return copy;
}

/* The next word, for a message. */
static const char *found(struct parser *p)
{
    const size_t length = word_length(p->at);

    return at_end(p) ? "nothing" : quote(p, p->at, length > 0 ? length : strlen(p->at));
}

/* ---- Texts ---- */

static int digit_value(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *place = digit == '\0' ? NULL : strchr(digits, digit);

    return place == NULL ? 16 : (int)(place - digits) % 16;
}

/* \xHH, or one to three octal digits: `base` says which. */
static bool read_number_escape(struct parser *p, int base, char *byte)
{
    const int max = base == 16 ? 2 : 3;
    int value = 0;
    int digits = 0;

    for (; digits < max && digit_value(*p->at) < base; digits++)
        value = value * base + digit_value(*p->at++);
    if (base == 16 && digits < 2)
        return mistake(p, "\\x needs two hexadecimal digits after it: \\x0a");
    if (value > 0xff)
        return mistake(p, "\\%o is more than a byte can hold: \\377 is the last", (unsigned)value);
    *byte = (char)value;
    return true;
}

static bool read_escape(struct parser *p, char *byte)
{
    static const char names[] = "abfnrtv\\\"'?";
    static const char bytes[] = "\a\b\f\n\r\t\v\\\"'?";
    const char letter = *++p->at; /* after the backslash */
    const char *name = letter == '\0' ? NULL : strchr(names, letter);

    if (digit_value(letter) < 8)
        return read_number_escape(p, 8, byte);
    p->at += letter != '\0';
    if (letter == 'x')
        return read_number_escape(p, 16, byte);
    if (name == NULL)
        return mistake(p, "unknown escape %s; there are \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\0 (octal) and \\xHH",
                       quote(p, p->at - 2 + (letter == '\0'), letter == '\0' ? 1 : 2));
    *byte = bytes[name - names];
    return true;
}

/* {n}: the client's own number, so that each client of a range sends something different. */
static bool read_own_number(struct parser *p, char **end)
{
    if (p->number < 0)
        return mistake(p, "{n} stands for the client's number, and this one has none; \\x7bn} is the text itself");
    *end += snprintf(*end, MAX_NAME_DIGITS + 1, "%d", p->number);
    p->at += strlen("{n}");
    return true;
}

static bool read_text(struct parser *p, struct step *step)
{
    if (*p->at != '"')
        return mistake(p, "a text in double quotes is missing, there is %s; write: %s", found(p), p->verb->usage);
    if (step->texts == SCRIPT_MAX_TEXTS)
        return mistake(p, "more than %d texts in one step", SCRIPT_MAX_TEXTS);

    char *const start = keep(p, 2 * strlen(p->at)); /* enough for {n}s of six digits */
    char *end = start;
    p->at++;
    while (*p->at != '"') {
        if (*p->at == '\0')
            return mistake(p, "the text is not closed: a \" is missing at its end");
        if (*p->at == '\\') {
            if (!read_escape(p, end++))
                return false;
        } else if (strncmp(p->at, "{n}", strlen("{n}")) == 0) {
            if (!read_own_number(p, &end))
                return false;
        } else {
            *end++ = *p->at++;
        }
    }
    *end = '\0';
    p->at++;
    skip_blanks(p);
    step->bytes[step->texts] = start;
    step->sizes[step->texts++] = (size_t)(end - start);
    return true;
}

bool read_nonempty_text(struct parser *p, struct step *step)
{
    if (!read_text(p, step))
        return false;
    if (step->sizes[step->texts - 1] == 0)
        return mistake(p, "an empty text means nothing here");
    return true;
}

/* ---- Numbers, sizes and times ---- */

static bool read_number(struct parser *p, const char *what, int min, int max, int *number)
{
    const size_t length = word_length(p->at);
    const long value = length <= MAX_DIGITS ? strtol(p->at, NULL, 10) : max + 1L;

    if (length == 0 || strspn(p->at, DIGITS) != length)
        return mistake(p, "%s is a whole number, not %s", what, found(p));
    if (value < min || value > max)
        return mistake(p, "%s is a number from %d to %d, not %s", what, min, max, found(p));
    *number = (int)value;
    p->at += length;
    skip_blanks(p);
    return true;
}

/* A kind of thing that is measured in units. */
struct measure {
    const char *name, *example, *hint;
    uint64_t max; /* in its smallest unit */
    struct {
        const char *name;
        uint64_t factor;
    } units[4];
};

static const struct measure size_measure = {
    "size", "300 bytes", "bytes, KiB or MiB", MAX_SIZE, {{"bytes", 1}, {"byte", 1}, {"KiB", 1024}, {"MiB", 1048576}}};
static const struct measure time_measure = {"time", "500ms", "ms or s", MAX_MILLISECONDS, {{"ms", 1}, {"s", 1000}}};

/* A decimal number in thousandths: "1.5" is 1500. */
static bool read_thousandths(struct parser *p, const struct measure *measure, uint64_t *thousandths)
{
    const size_t whole = strspn(p->at, DIGITS);
    const size_t fraction = p->at[whole] == '.' ? strspn(p->at + whole + 1, DIGITS) : 0;

    if (whole == 0 || (p->at[whole] == '.' && fraction == 0))
        return mistake(p, "a %s such as %s is missing, there is %s; write: %s", measure->name, measure->example,
                       found(p), p->verb != NULL ? p->verb->usage : "limit time TIME");
    if (whole > MAX_DIGITS || fraction > 3)
        return mistake(p, "%s has too many digits", found(p));
    *thousandths = strtoull(p->at, NULL, 10) * 1000;
    p->at += whole;
    if (fraction > 0) {
        uint64_t worth = 100;
        for (p->at++; *p->at >= '0' && *p->at <= '9'; p->at++, worth /= 10)
            *thousandths += worth * (uint64_t)(*p->at - '0');
    }
    skip_blanks(p);
    return true;
}

static bool read_unit(struct parser *p, const struct measure *measure, uint64_t *factor)
{
    const size_t count = sizeof measure->units / sizeof measure->units[0];

    for (size_t i = 0; i < count && measure->units[i].name != NULL; i++)
        if (take(p, measure->units[i].name)) {
            *factor = measure->units[i].factor;
            return true;
        }
    if (at_end(p))
        return mistake(p, "a %s needs a unit: %s", measure->name, measure->hint);
    return mistake(p, "%s is no unit of a %s; there are %s", found(p), measure->name, measure->hint);
}

static bool read_measure(struct parser *p, const struct measure *measure, uint64_t *value)
{
    uint64_t thousandths = 0;
    uint64_t factor = 0;

    if (!read_thousandths(p, measure, &thousandths) || !read_unit(p, measure, &factor))
        return false;
    if (thousandths == 0)
        return mistake(p, "a %s must be more than 0", measure->name);
    if (thousandths * factor % 1000 != 0)
        return mistake(p, "a %s must be a whole number of %s", measure->name, measure->units[0].name);
    *value = thousandths * factor / 1000;
    if (*value > measure->max)
        return mistake(p, "too much: the most is %s", measure == &size_measure ? "1024 MiB" : "3600s");
    return true;
}

static bool read_time(struct parser *p, uint64_t *milliseconds)
{
    return read_measure(p, &time_measure, milliseconds);
}

static bool read_bytes(struct parser *p, size_t *size)
{
    uint64_t bytes;

    if (!read_measure(p, &size_measure, &bytes))
        return false;
    *size = (size_t)bytes;
    return true;
}

/* ---- What follows a verb ---- */

static bool expect_end_of_line(struct parser *p, const char *usage)
{
    return at_end(p) || mistake(p, "there is %s too much; write: %s", found(p), usage);
}

bool read_text_or_size(struct parser *p, struct step *step)
{
    if (*p->at == '"')
        return read_nonempty_text(p, step);
    if (strspn(p->at, DIGITS) == 0)
        return mistake(p, "a text in double quotes or a size such as 300 bytes is missing, there is %s; write: %s",
                       found(p), p->verb->usage);
    return read_bytes(p, &step->sizes[0]);
}

bool read_text_or_size_in_pieces(struct parser *p, struct step *step)
{
    if (!read_text_or_size(p, step))
        return false;
    if (!take(p, "in pieces of"))
        return true;
    return read_bytes(p, &step->piece) && (!take(p, "every") || read_time(p, &step->every_ms));
}

bool read_texts(struct parser *p, struct step *step)
{
    do {
        if (!read_nonempty_text(p, step))
            return false;
    } while (take(p, "or"));
    return true;
}

/* Each message becomes one argument on a command line, and C strings end at a NUL. */
bool read_messages(struct parser *p, struct step *step)
{
    while (*p->at == '"') {
        if (!read_text(p, step))
            return false;
        if (strlen(step->bytes[step->texts - 1]) != step->sizes[step->texts - 1])
            return mistake(p, "a message on the command line cannot hold \\0; use: client input \"TEXT\"");
    }
    return true;
}

bool read_duration(struct parser *p, struct step *step)
{
    return read_time(p, &step->duration_ms);
}

bool read_for_duration(struct parser *p, struct step *step)
{
    if (!take(p, "for"))
        return mistake(p, "for how long? There is %s; write: %s", found(p), p->verb->usage);
    return read_duration(p, step);
}

bool read_growth(struct parser *p, struct step *step)
{
    const char *const unit = p->at + strspn(p->at, DIGITS) + strspn(p->at + strspn(p->at, DIGITS), BLANKS);

    if (word_length(unit) != strlen("threads") || strncmp(unit, "threads", strlen("threads")) != 0)
        return read_bytes(p, &step->sizes[0]);
    return read_number(p, "how many threads", 1, MAX_THREADS, &step->threads) && take(p, "threads");
}

bool read_exit_status(struct parser *p, struct step *step)
{
    return read_number(p, "an exit status", 0, 255, &step->exit_status);
}

/* A verb takes a `within` if its usage says so. */
static bool read_arguments(struct parser *p, struct step *step)
{
    const struct verb *verb = p->verb;

    if (verb->read != NULL && !verb->read(p, step))
        return false;
    if (strstr(verb->usage, "[within TIME]") != NULL && take(p, "within") && !read_time(p, &step->within_ms))
        return false;
    return expect_end_of_line(p, verb->usage);
}

/* ---- Verbs ---- */

static const struct verb *verbs_of(enum role role)
{
    return (role & PLAYED) != 0 ? played_verbs : tested_verbs;
}

static bool unknown_verb(struct parser *p, enum role role)
{
    struct text known = {0};

    for (const struct verb *verb = verbs_of(role); verb->phrase != NULL; verb++)
        if ((verb->roles & role) != 0)
            text_add(&known, "%s%s", known.length == 0 ? "" : ", ", verb->phrase);
    if (role == PLAYED_SERVER)
        text_add(&known, ", refuses");
    if (at_end(p))
        complain(p, "a verb is missing after the name; there are: %s", known.chars);
    else
        complain(p, "there is no verb %s here; there are: %s", found(p), known.chars);
    text_free(&known);
    return false;
}

static bool read_verb(struct parser *p, enum role role)
{
    for (const struct verb *verb = verbs_of(role); verb->phrase != NULL; verb++)
        if ((verb->roles & role) != 0 && take(p, verb->phrase)) {
            p->verb = verb;
            return true;
        }
    return unknown_verb(p, role);
}

/* ---- Names: A, B7, and C1..C50 ---- */

struct names {
    const char *letters;
    size_t length;
    int first, last; /* -1: no number */
};

static bool read_name(struct parser *p, const char *end, const char **letters, size_t *length, int *number)
{
    const char *digits = p->at + strspn(p->at, LETTERS);
    const size_t count = strspn(digits, DIGITS);

    if (digits == p->at || digits + count != end)
        return mistake(p, "%s is not a name: a name is letters, then perhaps a number, such as A or B7",
                       quote(p, p->at, (size_t)(end - p->at)));
    *letters = p->at;
    *length = (size_t)(digits - p->at);
    if (*length > MAX_NAME_LETTERS || count > MAX_NAME_DIGITS || (count > 1 && digits[0] == '0'))
        return mistake(p, "%s is too long, or its number begins with 0", quote(p, p->at, (size_t)(end - p->at)));
    *number = count == 0 ? -1 : (int)strtol(digits, NULL, 10);
    p->at = end;
    return true;
}

static bool read_range(struct parser *p, struct names *names, const char *dots, const char *end)
{
    const char *letters;
    size_t length;

    if (!read_name(p, dots, &names->letters, &names->length, &names->first))
        return false;
    p->at = dots + strlen("..");
    if (!read_name(p, end, &letters, &length, &names->last))
        return false;
    if (length != names->length || strncmp(letters, names->letters, length) != 0)
        return mistake(p, "a range goes from one name to another that begins alike: C1..C50");
    if (names->first < 0 || names->last < names->first)
        return mistake(p, "a range counts upwards: C1..C50");
    if (names->last - names->first >= MAX_CLIENTS)
        return mistake(p, "more than %d clients in one range", MAX_CLIENTS);
    return true;
}

static bool read_names(struct parser *p, struct names *names)
{
    const char *end = p->at + word_length(p->at);
    const char *dots = strstr(p->at, "..");

    if (end == p->at)
        return mistake(p, "a step begins with a name, such as A, not with %s", found(p));
    if (dots != NULL && dots < end) {
        if (!read_range(p, names, dots, end))
            return false;
    } else {
        if (!read_name(p, end, &names->letters, &names->length, &names->first))
            return false;
        names->last = names->first;
    }
    skip_blanks(p);
    return true;
}

static bool is_called(const struct names *names, const char *name)
{
    return names->length == strlen(name) && strncmp(names->letters, name, names->length) == 0;
}

static bool find_role(struct parser *p, const struct names *names, enum role *role)
{
    const bool for_clients = p->script->kind == SCRIPT_FOR_CLIENTS;
    const bool is_server = is_called(names, "server");
    const bool is_client = is_called(names, "client");

    if ((is_server || is_client) && names->first >= 0)
        return mistake(p, "the names \"server\" and \"client\" have no number");
    if (for_clients && !is_server && !is_client)
        return mistake(p, "in a script for clients there are only the names \"server\" and \"client\"");
    if (!for_clients && is_client)
        return mistake(p, "\"client\" is for scripts in the folder clients; here clients have names such as A or B7");
    if (for_clients)
        *role = is_server ? PLAYED_SERVER : TESTED_CLIENT;
    else
        *role = is_server ? TESTED_SERVER : PLAYED_CLIENT;
    return true;
}

/* ---- Steps ---- */

/* Stores the place of `name` in the script's actors; a new one is added. */
static bool find_actor(struct parser *p, const char *name, int *actor)
{
    struct script *script = p->script;
    const int count = script->actor_count;

    for (int i = 1; i <= count; i++) { /* a range often meets the same names in the same order again */
        *actor = (p->last_actor + i) % count;
        if (strcmp(script->actors[*actor], name) == 0) {
            p->last_actor = *actor;
            return true;
        }
    }
    if (count == MAX_CLIENTS + 1) /* and the server */
        return mistake(p, "more than %d clients", MAX_CLIENTS);
    script->actors = memory_grown(script->actors, (size_t)count, sizeof *script->actors);
    script->actors[count] = keep_copy(p, name, strlen(name));
    p->last_actor = *actor = script->actor_count++;
    return true;
}

static bool add_step(struct parser *p, struct step step)
{
    struct script *script = p->script;

    if (script->step_count == MAX_STEPS)
        return mistake(p, "more than %d steps once ranges and repeats are written out", MAX_STEPS);
    script->steps = memory_grown(script->steps, (size_t)script->step_count, sizeof *script->steps);
    script->steps[script->step_count++] = step;
    return true;
}

static bool find_actor_of(struct parser *p, const struct names *names, int *actor)
{
    char name[2 * MAX_NAME_LETTERS];

    if (p->number < 0)
        snprintf(name, sizeof name, "%.*s", (int)names->length, names->letters);
    else
        snprintf(name, sizeof name, "%.*s%d", (int)names->length, names->letters, p->number);
    return find_actor(p, name, actor);
}

static bool read_step(struct parser *p)
{
    struct names names;
    enum role role = PLAYED_CLIENT;

    if (!read_names(p, &names) || !find_role(p, &names, &role) || !read_verb(p, role))
        return false;

    const char *const arguments = p->at;
    for (p->number = names.first; p->number <= names.last; p->number++) {
        struct step step = {.line = p->line, .phase = p->phase, .verb = p->verb};
        step.text = p->script->lines[p->line - 1];
        p->at = arguments;
        if (!read_arguments(p, &step) || !find_actor_of(p, &names, &step.actor) || !add_step(p, step))
            return false;
        if (p->kept > MAX_KEPT)
            return mistake(p, "too large once its ranges are written out");
    }
    return true;
}

/* ---- Lines that are not steps ---- */

static bool sync_line(struct parser *p)
{
    p->phase++;
    return expect_end_of_line(p, "sync");
}

static bool repeat_line(struct parser *p)
{
    if (p->repeat_line != 0)
        return mistake(p, "a repeat inside the repeat of line %d", p->repeat_line);
    p->repeat_line = p->line;
    p->repeat_step = p->script->step_count;
    p->repeat_phase = p->phase;
    return read_number(p, "how often to repeat", 1, MAX_REPEATS, &p->repeats) && expect_end_of_line(p, "repeat NUMBER");
}

/* Adds the steps that stand in the repeat as often as they are still missing; each time its `sync`s come again. */
static bool add_repeated_steps(struct parser *p)
{
    const int first = p->repeat_step, last = p->script->step_count;
    const int phases = p->phase - p->repeat_phase;

    for (int times = 1; times < p->repeats; times++)
        for (int i = first; i < last; i++) {
            struct step step = p->script->steps[i];
            step.phase += times * phases;
            p->line = step.line;
            if (!add_step(p, step))
                return false;
        }
    p->phase += (p->repeats - 1) * phases;
    return true;
}

static bool end_line(struct parser *p)
{
    if (p->repeat_line == 0)
        return mistake(p, "an end without a repeat above it");
    if (!expect_end_of_line(p, "end"))
        return false;
    const int line = p->line;
    if (!add_repeated_steps(p))
        return false;
    p->line = line;
    p->repeat_line = 0;
    return true;
}

static bool limit_line(struct parser *p)
{
    if (p->script->step_count > 0)
        return mistake(p, "a limit stands before the first step: limit descriptors NUMBER, limit time TIME");
    if (take(p, "time"))
        return read_time(p, &p->script->time_ms) && expect_end_of_line(p, "limit time TIME");
    if (!take(p, "descriptors"))
        return mistake(p, "limit what? Write: limit descriptors NUMBER, or limit time TIME");
    if (p->script->kind == SCRIPT_FOR_CLIENTS)
        return mistake(p, "limit descriptors is for scripts for servers");
    return read_number(p, "how many descriptors", 1, MAX_DESCRIPTORS, &p->script->descriptors) &&
           expect_end_of_line(p, "limit descriptors NUMBER");
}

static bool refuses_line(struct parser *p)
{
    if (p->script->kind == SCRIPT_FOR_SERVERS)
        return mistake(p, "server refuses is for scripts for clients");
    p->script->refuses = true;
    return expect_end_of_line(p, "server refuses");
}

static const struct {
    const char *phrase;
    bool (*read)(struct parser *p);
} directives[] = {
    {"sync", sync_line},   {"repeat", repeat_line},          {"end", end_line},
    {"limit", limit_line}, {"server refuses", refuses_line},
};

static bool read_line(struct parser *p)
{
    p->at = p->script->lines[p->line - 1];
    p->verb = NULL;
    if (at_end(p))
        return true;
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++)
        if (take(p, directives[i].phrase))
            return directives[i].read(p);
    return read_step(p);
}

static bool read_lines(struct parser *p)
{
    for (p->line = 1; p->line <= p->script->line_count; p->line++)
        if (!read_line(p))
            return false;
    p->script->phase_count = p->phase + 1;
    if (p->repeat_line != 0) {
        p->line = p->repeat_line;
        return mistake(p, "a repeat without an end below it");
    }
    return true;
}

/* ---- The file as a whole ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static void keep_names(struct parser *p, const char *path)
{
    const char *name = file_name(path);
    const char *suffix = strstr(name, ".script");

    p->script->path = keep_copy(p, path, strlen(path));
    p->script->name = keep_copy(p, name, suffix == NULL ? strlen(name) : (size_t)(suffix - name));
}

static int count_lines(const char *source)
{
    int count = 1;

    for (; *source != '\0'; source++)
        count += *source == '\n';
    return count;
}

static void keep_lines(struct parser *p, const char *source)
{
    struct script *script = p->script;
    const int count = count_lines(source);

    script->source = keep_copy(p, source, strlen(source));
    script->lines = keep(p, (size_t)count * sizeof *script->lines);
    script->line_count = count;
    for (int i = 0; i < count; i++) {
        const char *start = source + strspn(source, BLANKS);
        const char *next = source + strcspn(source, "\n");
        const char *end = next;
        while (end > start && strchr(BLANKS, end[-1]) != NULL)
            end--;
        script->lines[i] = keep_copy(p, start, (size_t)(end - start));
        source = next + 1;
    }
}

static void keep_title(struct parser *p)
{
    struct script *script = p->script;
    const size_t name_length = strlen(script->name);
    const char *title = "";

    for (int i = 0; i < script->line_count && *title == '\0'; i++)
        if (script->lines[i][0] == '#')
            title = script->lines[i] + 1 + strspn(script->lines[i] + 1, BLANKS);
    if (strncmp(title, script->name, name_length) == 0 && strncmp(title + name_length, ": ", 2) == 0)
        title += name_length + 2;
    script->title = keep_copy(p, title, strlen(title));
}

static bool makes_sense(struct parser *p)
{
    struct checker checker = {.script = p->script};

    if (script_check(&checker))
        return true;
    p->line = checker.line;
    return mistake(p, "%s", checker.mistake);
}

struct script *script_parse(const char *path, enum script_kind kind, const char *source, char *error, size_t error_size)
{
    struct script *script = memory_zeroed(1, sizeof *script);
    struct parser parser = {.script = script, .error_size = error_size};

    parser.error = error; /* not above: clang-tidy does not see there that it is written to, and wants it const */
    script->kind = kind;
    keep_names(&parser, path);
    keep_lines(&parser, source);
    keep_title(&parser);
    if (read_lines(&parser) && makes_sense(&parser))
        return script;
    script_free(script);
    return NULL;
}

/* Reads at most `size` bytes of the file at `path`. Returns how many, or -1 with errno. */
static long read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return -1;
    const size_t length = fread(bytes, 1, size, file);
    const int failed = ferror(file) ? errno : 0;
    fclose(file);
    errno = failed;
    return failed != 0 ? -1 : (long)length;
}

static enum script_kind kind_of(const char *path)
{
    static const char folder[] = "clients/";
    const size_t length = sizeof folder - 1;
    const size_t before = (size_t)(file_name(path) - path);

    if (before < length || strncmp(path + before - length, folder, length) != 0)
        return SCRIPT_FOR_SERVERS;
    return before == length || path[before - length - 1] == '/' ? SCRIPT_FOR_CLIENTS : SCRIPT_FOR_SERVERS;
}

struct script *script_read(const char *path, char *error, size_t error_size)
{
    struct script *script = NULL;
    char *source = memory_zeroed(1, MAX_SOURCE + 2); /* one more than allowed, and the NUL */
    const long length = read_file(path, source, MAX_SOURCE + 1);

    if (length < 0)
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    else if (length > MAX_SOURCE)
        snprintf(error, error_size, "%s: too large: a script has at most %d KiB", path, MAX_SOURCE / 1024);
    else if (strlen(source) < (size_t)length)
        snprintf(error, error_size, "%s:%d: a NUL byte: this is no text file", path, count_lines(source));
    else
        script = script_parse(path, kind_of(path), source, error, error_size);
    free(source);
    return script;
}

void script_free(struct script *script)
{
    if (script == NULL)
        return;
    for (struct chunk *chunk = script->arena; chunk != NULL;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(script->actors);
    free(script->steps);
    free(script);
}
