/* script_check - see script_check.h. What returns bool here returns false after mistake(). */
#include "script_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"
#include "upper.h"

/*
 * With less than this to send, nobody need ever be stuck: with the usual limits of Linux 6.18 (tcp_wmem and tcp_rmem,
 * tcp(7)) the buffers between two programs hold 4 MiB to be sent and 32 MiB received, and a server's own to be sent 4 MiB
 * more. Older kernels stop at 6 MiB received.
 */
static const size_t enough_to_be_stuck = 64; /* MiB */

/* One actor's conversation, as far as the steps have come. The client under test has one too: it runs, then it exits.
 */
struct talk {
    enum { NOT_YET, OPEN, OVER } connection;
    const char *over; /* the verb that ended it */
    bool half_closed;
    bool stopped_reading;
    bool owed_when_stopped;
    size_t unanswered; /* bytes sent since it last expected all answers */
    bool saw_end; /* the other side's end of stream */
    bool input_is_given; /* of the client under test: its messages, or its standard input, are complete */
    int owed_line; /* the last step that made bytes owed */
    bool owed_seeded; /* bytes of a SIZE are among them, which only the player knows */
    char *owed; /* what must arrive, up to the first of these */
    size_t owed_size, owed_room;
    size_t arrived; /* so much of it was expected already */
};

struct checker {
    const struct script *script;
    struct script_mistake *mistake;
    struct talk *talks; /* one for each actor */
    const struct step *step;
    const char *name; /* of the step's actor */
    struct talk *talk; /* and its conversation */
    bool server_stopped;
};

__attribute__((format(printf, 3, 4))) static void complain(const struct checker *c, int line, const char *format, ...)
{
    va_list arguments;

    c->mistake->line = line;
    va_start(arguments, format);
    vsnprintf(c->mistake->what, sizeof c->mistake->what, format, arguments);
    va_end(arguments);
}

/* What every function returns that has found one: mistake(c, line, "no %s", word). */
#define mistake(...) (complain(__VA_ARGS__), false)

/* Will more come to this one than it has expected? */
static bool is_owed(const struct talk *talk)
{
    return talk->owed_seeded || talk->arrived < talk->owed_size;
}

/* What arrives is what the tested client sends, or what the tested server makes of what was sent to it. */
static void owe(struct checker *c, const char *bytes, size_t size)
{
    struct talk *talk = c->talk;

    if (talk->owed_seeded || size == 0)
        return;
    if (talk->owed_size + size > talk->owed_room) {
        talk->owed_room = (talk->owed_size + size) * 2;
        talk->owed = memory_resized(talk->owed, talk->owed_room);
    }
    memcpy(talk->owed + talk->owed_size, bytes, size);
    if (c->script->kind == SCRIPT_FOR_SERVERS)
        upper(talk->owed + talk->owed_size, size);
    talk->owed_size += size;
}

static void forget_owed(struct talk *talk)
{
    talk->owed_seeded = false;
    talk->arrived = talk->owed_size = 0;
}

static void begin_connection(struct talk *talk)
{
    forget_owed(talk);
    talk->unanswered = 0;
    talk->connection = OPEN;
    talk->half_closed = talk->stopped_reading = talk->saw_end = false;
}

static bool is_open(struct checker *c)
{
    const bool for_clients = c->script->kind == SCRIPT_FOR_CLIENTS;

    if (c->talk->connection == OPEN)
        return true;
    if (c->talk->connection == OVER && for_clients)
        return mistake(c, c->step->line, "nothing can follow \"%s %s\"", c->name, c->talk->over);
    if (c->talk->connection == OVER)
        return mistake(c, c->step->line, "after \"%s %s\" only \"%s connect\" can follow", c->name, c->talk->over,
                       c->name);
    return mistake(c, c->step->line, "%s is not connected yet: \"%s %s\" comes first", c->name, c->name,
                   for_clients ? "accept" : "connect");
}

static bool check_connect(struct checker *c)
{
    if (c->talk->connection == OPEN)
        return mistake(c, c->step->line, "%s is connected already; close or reset it first", c->name);
    begin_connection(c->talk);
    return true;
}

/* What must arrive at the played server is what the client is given: here all from a phase on. */
static void owe_given(struct checker *c, int phase)
{
    for (int i = 0; i < c->script->step_count; i++) {
        const struct step *step = &c->script->steps[i];
        if (step->phase < phase || (step->verb != VERB_RUN && step->verb != VERB_INPUT))
            continue;
        for (int text = 0; text < step->texts; text++) {
            owe(c, step->bytes[text], step->sizes[text]);
            owe(c, "\n", step->verb == VERB_RUN ? 1 : 0);
        }
        c->talk->owed_seeded |= step->verb == VERB_INPUT && step->texts == 0;
    }
}

static bool check_accept(struct checker *c)
{
    if (c->talk->connection != NOT_YET)
        return mistake(c, c->step->line, "server accepts one connection in a script, and it has done so above");
    begin_connection(c->talk);
    c->talk->owed_line = c->step->line;
    owe_given(c, 0);
    return true;
}

static bool check_send(struct checker *c)
{
    struct talk *talk = c->talk;

    if (!is_open(c))
        return false;
    if (talk->half_closed)
        return mistake(c, c->step->line, "%s cannot send any more after its half-close", c->name);
    talk->unanswered += c->step->sizes[0];
    if (c->script->kind == SCRIPT_FOR_CLIENTS)
        return true;
    if (talk->saw_end)
        return mistake(c, c->step->line, "%s cannot send: the server has closed the connection above", c->name);
    talk->owed_line = c->step->line;
    if (c->step->texts == 0)
        talk->owed_seeded = true;
    else
        owe(c, c->step->bytes[0], c->step->sizes[0]);
    return true;
}

static bool can_read(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->talk->saw_end)
        return mistake(c, c->step->line, "nothing comes after the end that %s expected above", c->name);
    if (c->talk->stopped_reading)
        return mistake(c, c->step->line, "%s has stopped reading; \"%s read on\" comes first", c->name, c->name);
    return true;
}

static bool comes_otherwise(struct checker *c)
{
    const size_t rest = c->talk->owed_size - c->talk->arrived;
    struct text text = {0};

    text_add(&text, "%s expects ", c->name);
    text_add_bytes(&text, c->step->bytes[0], c->step->sizes[0], 40);
    if (rest > 0) {
        text_add(&text, ", but what comes is ");
        text_add_bytes(&text, c->talk->owed + c->talk->arrived, rest, 40);
    } else {
        text_add(&text, ", but nothing more is to come");
    }
    complain(c, c->step->line, "%s", text.chars);
    text_free(&text);
    return false;
}

static bool check_expect_text(struct checker *c)
{
    struct talk *talk = c->talk;
    const size_t size = c->step->sizes[0];
    const size_t rest = talk->owed_size - talk->arrived;

    if (!can_read(c))
        return false;
    if (size > rest && talk->owed_seeded)
        return mistake(c, c->step->line, "bytes of a SIZE are to come, which only \"%s expect everything\" knows",
                       c->name);
    if (size > rest || memcmp(talk->owed + talk->arrived, c->step->bytes[0], size) != 0)
        return comes_otherwise(c);
    talk->arrived += size;
    return true;
}

static bool check_expect_everything(struct checker *c)
{
    if (!can_read(c))
        return false;
    if (!is_owed(c->talk))
        return mistake(c, c->step->line, "%s expects everything, but nothing more is to come", c->name);
    forget_owed(c->talk);
    if (c->script->kind == SCRIPT_FOR_CLIENTS)
        owe_given(c, c->step->phase + 1);
    else
        c->talk->unanswered = 0;
    return true;
}

static bool check_expect_closed(struct checker *c)
{
    if (!can_read(c))
        return false;
    if (is_owed(c->talk) && !c->server_stopped)
        return mistake(c, c->step->line, "%s expects the end, but more bytes come before it; add: %s expect everything",
                       c->name, c->name);
    c->talk->saw_end = true;
    return true;
}

static bool check_stuck(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->talk->unanswered == 0)
        return mistake(c, c->step->line, "%s has nothing to send with which it could be stuck", c->name);
    if (c->talk->unanswered / 1024 / 1024 < enough_to_be_stuck)
        return mistake(c, c->step->line,
                       "so little may fit into the system's buffers: to be stuck, %s must have %zu MiB to send",
                       c->name, enough_to_be_stuck);
    return true;
}

static bool check_half_close(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->talk->half_closed)
        return mistake(c, c->step->line, "%s has done its half-close already", c->name);
    c->talk->half_closed = true;
    return true;
}

static bool check_over(struct checker *c, const char *verb)
{
    if (!is_open(c))
        return false;
    c->talk->connection = OVER;
    c->talk->over = verb;
    return true;
}

static bool check_reading(struct checker *c, bool stops)
{
    if (!is_open(c))
        return false;
    if (c->talk->stopped_reading == stops)
        return mistake(c, c->step->line, stops ? "%s has stopped reading already" : "%s has not stopped reading",
                       c->name);
    c->talk->stopped_reading = stops;
    c->talk->owed_when_stopped = stops && is_owed(c->talk);
    return true;
}

static bool check_run(struct checker *c)
{
    if (c->talk->connection != NOT_YET)
        return mistake(c, c->step->line, "client runs once in a script, and it has been run above");
    c->talk->connection = OPEN;
    c->talk->input_is_given = c->step->texts > 0;
    return true;
}

static bool is_running(struct checker *c)
{
    if (c->talk->connection == NOT_YET)
        return mistake(c, c->step->line, "client does not run yet: \"client run\" comes first");
    return true;
}

static bool check_input(struct checker *c, bool ends)
{
    if (!is_running(c))
        return false;
    if (c->talk->connection == OVER)
        return mistake(c, c->step->line, "client has ended above and takes no input");
    if (c->talk->input_is_given)
        return mistake(c, c->step->line,
                       "client takes no more input: it was run with messages, or its input ended above");
    c->talk->input_is_given = ends;
    return true;
}

static bool check_exits(struct checker *c)
{
    if (!is_running(c))
        return false;
    if (c->talk->connection == OVER)
        return mistake(c, c->step->line, "client has ended above");
    c->talk->connection = OVER;
    return true;
}

static bool check_server(struct checker *c)
{
    if (c->server_stopped)
        return mistake(c, c->step->line, "the server was stopped above");
    c->server_stopped = c->step->verb == VERB_STOP;
    return true;
}

static bool check_step(struct checker *c)
{
    switch (c->step->verb) {
    case VERB_CONNECT:
        return check_connect(c);
    case VERB_ACCEPT:
        return check_accept(c);
    case VERB_SEND:
        return check_send(c);
    case VERB_EXPECT_TEXT:
        return check_expect_text(c);
    case VERB_EXPECT_EVERYTHING:
        return check_expect_everything(c);
    case VERB_EXPECT_CLOSED:
        return check_expect_closed(c);
    case VERB_EXPECT_RESET:
        return can_read(c) && check_over(c, "expect reset");
    case VERB_EXPECT_NOTHING:
        return can_read(c);
    case VERB_ANSWER:
        return can_read(c) && check_send(c) && check_over(c, "answer everything");
    case VERB_STUCK:
        return check_stuck(c);
    case VERB_WAIT:
        return true;
    case VERB_HALF_CLOSE:
        return check_half_close(c);
    case VERB_CLOSE:
        return check_over(c, "close");
    case VERB_RESET:
        return check_over(c, "reset");
    case VERB_STOP_READING:
        return check_reading(c, true);
    case VERB_READ_ON:
        return check_reading(c, false);
    case VERB_RUN:
        return check_run(c);
    case VERB_INPUT:
        return check_input(c, false);
    case VERB_INPUT_END:
        return check_input(c, true);
    case VERB_PRINTS_TEXT:
    case VERB_PRINTS_EVERYTHING:
        return is_running(c);
    case VERB_SAYS:
        return c->script->kind == SCRIPT_FOR_SERVERS || is_running(c);
    case VERB_EXITS:
        return check_exits(c);
    case VERB_RESTS:
    case VERB_STOP:
        return check_server(c);
    }
    return true;
}

static bool check_steps(struct checker *c)
{
    const struct script *script = c->script;

    for (int i = 0; i < script->step_count; i++) {
        c->step = &script->steps[i];
        c->talk = &c->talks[c->step->actor];
        c->name = script->actors[c->step->actor];
        if (script->refuses && strcmp(c->name, "server") == 0)
            return mistake(c, c->step->line, "server does nothing else in a script in which it refuses");
        if (!check_step(c))
            return false;
    }
    return true;
}

/* May bytes have come to a played end that no step has expected? Who left, or takes none, has none. */
static bool has_leftovers(const struct talk *talk)
{
    return talk->connection == OPEN && is_owed(talk) && (!talk->stopped_reading || talk->owed_when_stopped);
}

/* What the server sends, the client prints; after a reset, nobody can say how much of it. */
static const struct step *find_unprinted(const struct script *script)
{
    const struct step *sends = NULL;

    for (int i = 0; i < script->step_count; i++) {
        const struct step *step = &script->steps[i];
        if (step->verb == VERB_PRINTS_TEXT || step->verb == VERB_PRINTS_EVERYTHING || step->verb == VERB_RESET)
            return NULL;
        if (step->verb == VERB_SEND || step->verb == VERB_ANSWER)
            sends = step;
    }
    return sends;
}

/* Bytes that nobody expected make a played script fail, so they are a mistake in it. */
static bool check_ends(struct checker *c)
{
    const struct step *unprinted = find_unprinted(c->script);

    for (int i = 0; i < c->script->actor_count && !c->server_stopped; i++)
        if (has_leftovers(&c->talks[i]))
            return mistake(c, c->talks[i].owed_line,
                           "%s never expects all of what comes to it; add: %s expect everything", c->script->actors[i],
                           c->script->actors[i]);
    if (c->script->kind == SCRIPT_FOR_CLIENTS && unprinted != NULL)
        return mistake(c, unprinted->line, "the client prints what the server sends; add: client prints everything");
    return true;
}

static bool has_run(const struct script *script)
{
    for (int i = 0; i < script->step_count; i++)
        if (script->steps[i].verb == VERB_RUN)
            return true;
    return false;
}

bool script_check(const struct script *script, struct script_mistake *mistake_found)
{
    struct checker checker = {.script = script, .mistake = mistake_found};

    if (script->step_count == 0)
        return mistake(&checker, 0, "there are no steps in it");
    if (script->kind == SCRIPT_FOR_CLIENTS && !has_run(script))
        return mistake(&checker, 0, "the client never runs; add: client run \"TEXT\"");

    checker.talks = memory_zeroed((size_t)script->actor_count, sizeof *checker.talks);
    const bool makes_sense = check_steps(&checker) && check_ends(&checker);
    for (int i = 0; i < script->actor_count; i++)
        free(checker.talks[i].owed);
    free(checker.talks);
    return makes_sense;
}
