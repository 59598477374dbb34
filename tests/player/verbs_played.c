/* verbs_played - the verbs of an end of a connection that we play; the table is at the end, verb.h says what its rows mean */

#include "actor.h"
#include "script_parts.h"
#include "text.h"
#include "upper.h"
#include "verb.h"

enum {
    SHOWN_OF_LINE = 40, /* bytes of a text, in a message about a line of the script */
    SHOWN = 60, /* the same in a message about what was played */
    STUCK_PARTS = 8, /* in how many looks, at least, `is stuck` watches that nothing is taken */
    /*
     * With less than this to send, nobody need ever be stuck: with the usual limits of Linux 6.18 (tcp_wmem and tcp_rmem,
     * tcp(7)) the buffers between two programs hold 4 MiB to be sent and 32 MiB received, and a server's own to be sent
     * 4 MiB more. Older kernels stop at 6 MiB received.
     */
    ENOUGH_TO_BE_STUCK = 64 /* MiB */
};

static bool is_for_clients(const struct checker *c)
{
    return c->script->kind == SCRIPT_FOR_CLIENTS;
}

/* ---- connect, accept ---- */

static void begin_conversation(struct conversation *own)
{
    own->arrived = own->owed.total;
    own->unanswered = 0;
    own->connection = OPEN;
    own->half_closed = own->stopped_reading = own->saw_end = false;
}

static bool can_connect(struct checker *c)
{
    if (c->own->connection == OPEN)
        return script_is_wrong(c, "%s is connected already; close or reset it first", c->name);
    begin_conversation(c->own);
    return true;
}

static enum step_state begin_connect(struct actor *actor)
{
    if (!process_status(actor->program->process).is_ready)
        return actor_fails(actor, "the server is just being started again: a sync is missing");
    actor_connect(actor);
    return STEP_WAITS;
}

/* To wait in the backlog or for room there is the same to a client: nobody has accepted it. */
static enum step_state check_connect(struct actor *actor)
{
    if (actor->connection->is_open)
        return STEP_DONE;
    if (!actor_is_left_waiting(actor))
        return STEP_WAITS;
    actor->result.status = IO_NO_DATA;
    return STEP_DONE;
}

/* Everything that the client is given anywhere in the script must come to the server that we play. */
static bool can_accept(struct checker *c)
{
    struct conversation *own = c->own;

    if (own->connection != NOT_YET)
        return script_is_wrong(c, "server accepts one connection in a script, and it has done so above");
    begin_conversation(own);
    own->owed_line = c->line;
    for (int i = 0; i < c->script->step_count; i++)
        script_add_input(&c->script->steps[i], &own->owed);
    return true;
}

static enum step_state check_accept(struct actor *actor)
{
    return actor_accept(actor) ? STEP_DONE : STEP_WAITS;
}

static enum step_state begin_accept(struct actor *actor)
{
    actor_new_connection(actor);
    return STEP_WAITS;
}

/* May the step use its connection? */
static bool is_open(struct checker *c)
{
    const struct conversation *own = c->own;

    if (own->connection == OPEN)
        return true;
    if (own->connection == OVER && is_for_clients(c))
        return script_is_wrong(c, "nothing can follow \"%s %s\"", c->name, own->over);
    if (own->connection == OVER)
        return script_is_wrong(c, "after \"%s %s\" only \"%s connect\" can follow", c->name, own->over, c->name);
    return script_is_wrong(c, "%s is not connected yet: \"%s %s\" comes first", c->name, c->name,
                           is_for_clients(c) ? "accept" : "connect");
}

/* ---- send ---- */

static bool can_send(struct checker *c)
{
    struct conversation *own = c->own;

    if (!is_open(c))
        return false;
    if (own->half_closed)
        return script_is_wrong(c, "%s cannot send any more after its half-close", c->name);
    own->unanswered += c->step->sizes[0];
    if (is_for_clients(c))
        return true;
    if (own->saw_end)
        return script_is_wrong(c, "%s cannot send: the server has closed the connection above", c->name);
    own->owed_line = c->line;
    payload_add(&own->owed, script_part(c->step, 0));
    return true;
}

/*
 * A server that closes has stopped receiving, too; a client that half-closes has not. After a reset nothing can be sent.
 */
static bool can_be_sent_to(const struct actor *actor)
{
    const struct connection *connection = actor->connection;

    if (connection->sender.error != 0)
        return false;
    if (!connection->has_ended)
        return true;
    return actor->script->kind == SCRIPT_FOR_CLIENTS && connection->end.status == IO_CONNECTION_CLOSED;
}

static enum step_state fail_to_send(struct actor *actor)
{
    char words[IO_TEXT_SIZE];

    return actor_loses(actor, "%s cannot send, its connection has ended before: %s", actor->name,
                       io_describe(connection_end(actor->connection), words));
}

static enum step_state begin_send(struct actor *actor)
{
    if (!can_be_sent_to(actor))
        return fail_to_send(actor);
    actor->result.bytes = actor_step(actor)->sizes[0];
    connection_send(actor->connection, script_part(actor_step(actor), 0));
    return STEP_DONE;
}

/* ---- expect "TEXT", expect everything ---- */

static bool can_read(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->own->saw_end)
        return script_is_wrong(c, "nothing comes after the end that %s expected above", c->name);
    if (c->own->stopped_reading)
        return script_is_wrong(c, "%s has stopped reading; \"%s read on\" comes first", c->name, c->name);
    return true;
}

/* How many of the next bytes are known, at most `max`? Those of a SIZE are not: only the player makes them. */
static size_t known_bytes(const struct conversation *conversation, size_t max)
{
    const size_t left = conversation->owed.total - conversation->arrived;
    size_t known = 0;

    if (max > left)
        max = left;
    while (known < max) {
        const struct payload_part *part = payload_part_at(&conversation->owed, conversation->arrived + known);
        if (part->text == NULL)
            return known;
        known = part->start + part->size - conversation->arrived;
    }
    return max;
}

static bool comes_otherwise(struct checker *c)
{
    char bytes[SHOWN_OF_LINE + 1]; /* one more than is shown: then "..." says that there are more */
    const size_t known = known_bytes(c->own, sizeof bytes);
    struct text text = {0};

    text_add(&text, "%s expects ", c->name);
    text_add_bytes(&text, c->step->bytes[0], c->step->sizes[0], SHOWN_OF_LINE);
    if (known > 0) {
        payload_read(&c->own->owed, c->own->arrived, bytes, known);
        if (!is_for_clients(c))
            upper(bytes, known);
        text_add(&text, ", but what comes is ");
        text_add_bytes(&text, bytes, known, SHOWN_OF_LINE);
    } else {
        text_add(&text, ", but nothing more is to come");
    }
    script_is_wrong(c, "%s", text.chars);
    text_free(&text);
    return false;
}

static bool can_expect_text(struct checker *c)
{
    struct conversation *own = c->own;
    const size_t size = c->step->sizes[0];

    if (!can_read(c))
        return false;
    const size_t known = known_bytes(own, size);
    if (known < size && own->arrived + known < own->owed.total)
        return script_is_wrong(c, "bytes of a SIZE are to come, which only \"%s expect everything\" knows", c->name);
    if (payload_compare(&own->owed, own->arrived, !is_for_clients(c), c->step->bytes[0], size, NULL) < size)
        return comes_otherwise(c);
    own->arrived += size;
    return true;
}

static bool can_expect_everything(struct checker *c)
{
    struct conversation *own = c->own;
    const size_t everything = is_for_clients(c) ? c->given.total : own->owed.total;

    if (!can_read(c))
        return false;
    if (!script_is_owed(own))
        return script_is_wrong(c, "%s expects everything, but nothing more is to come", c->name);
    if (everything > own->arrived)
        c->step->sizes[0] = everything - own->arrived;
    own->arrived += c->step->sizes[0];
    if (!is_for_clients(c))
        own->unanswered = 0;
    return true;
}

static enum step_state fail_ended(struct actor *actor)
{
    return actor_loses(actor, actor->connection->end.status == IO_CONNECTION_CLOSED
                                  ? "the connection was closed too early"
                                  : "the connection was reset");
}

/* Only their number matters: every byte was compared when it came. */
static enum step_state check_size(struct actor *actor)
{
    const size_t size = actor_step(actor)->sizes[0];

    if (!incoming_expect(&actor->connection->incoming, size))
        return actor->connection->has_ended ? fail_ended(actor) : STEP_WAITS;
    actor->result.bytes = size;
    return STEP_DONE;
}

static enum step_state check_text(struct actor *actor)
{
    const struct incoming *incoming = &actor->connection->incoming;
    const struct step *step = actor_step(actor);

    if (incoming_unexpected(incoming) >= step->sizes[0] && !incoming_is(incoming, step->bytes[0], step->sizes[0]))
        return actor_fails(actor, "something else came than the script expects");
    return check_size(actor);
}

static void describe_text(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);

    text_add_bytes(expected, step->bytes[0], step->sizes[0], SHOWN);
}

static void describe_everything(const struct actor *actor, struct text *expected)
{
    text_add(expected, "everything: %zu bytes", actor_step(actor)->sizes[0]);
}

/* ---- expect closed, expect reset, expect nothing, wait ---- */

static bool can_expect_closed(struct checker *c)
{
    if (!can_read(c))
        return false;
    if (script_is_owed(c->own) && !c->server_stopped)
        return script_is_wrong(c, "%s expects the end, but more bytes come before it; add: %s expect everything",
                               c->name, c->name);
    c->own->saw_end = true;
    return true;
}

static enum step_state check_closed(struct actor *actor)
{
    const struct connection *connection = actor->connection;

    if (incoming_unexpected(&actor->connection->incoming) > 0)
        return actor_fails(actor, "bytes came where the end of the stream should have come");
    if (!connection->has_ended)
        return STEP_WAITS;
    actor->result = connection->end;
    if (connection->end.status == IO_CONNECTION_CLOSED)
        return STEP_DONE;
    return actor_loses(actor, "the connection was reset instead of closed in an orderly way");
}

/* The step is the last one on this connection. */
static bool can_end(struct checker *c)
{
    if (!is_open(c))
        return false;
    c->own->connection = OVER;
    c->own->over = c->step->verb->phrase;
    return true;
}

static bool can_expect_reset(struct checker *c)
{
    return can_read(c) && can_end(c);
}

static enum step_state check_reset(struct actor *actor)
{
    struct connection *connection = actor->connection;

    if (!connection->has_ended)
        return STEP_WAITS;
    connection->incoming.expected = connection->incoming.received; /* a reset may destroy bytes that came before it */
    actor->result = connection->end;
    if (connection->end.status == IO_ERROR)
        return STEP_DONE;
    return actor_fails(actor, "the connection was closed in an orderly way instead of reset");
}

static enum step_state check_nothing(struct actor *actor)
{
    if (incoming_unexpected(&actor->connection->incoming) > 0)
        return actor_fails(actor, "something came where nothing should have come");
    return actor->connection->has_ended ? fail_ended(actor) : STEP_WAITS;
}

/* The step takes exactly its time. */
static enum step_state begin_for_a_time(struct actor *actor)
{
    actor_set_timer(actor, actor_step(actor)->duration_ms);
    return STEP_WAITS;
}

static enum step_state end_wait(struct actor *actor)
{
    (void)actor;
    return STEP_DONE;
}

static enum step_state end_nothing(struct actor *actor)
{
    actor->result = (struct io_result){.status = IO_NO_DATA};
    return STEP_DONE;
}

static void describe_nothing(const struct actor *actor, struct text *expected)
{
    text_add(expected, "nothing for %llu ms", (unsigned long long)actor_step(actor)->duration_ms);
}

/* ---- answer everything ---- */

static bool can_answer(struct checker *c)
{
    return can_read(c) && can_send(c) && can_end(c);
}

static enum step_state begin_answer(struct actor *actor)
{
    connection_answer(actor->connection);
    return STEP_DONE;
}

/* ---- floods ---- */

static bool can_flood(struct checker *c)
{
    if (c->own->connection != NOT_YET)
        return script_is_wrong(c, "%s has been connected above: another client must flood", c->name);
    c->own->connection = OVER;
    c->own->over = "floods";
    return true;
}

static enum step_state begin_flood(struct actor *actor)
{
    actor_flood(actor);
    return STEP_DONE;
}

/* ---- is stuck ---- */

static bool can_be_stuck(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->own->unanswered == 0)
        return script_is_wrong(c, "%s has nothing to send with which it could be stuck", c->name);
    if (c->own->unanswered / 1024 / 1024 < ENOUGH_TO_BE_STUCK)
        return script_is_wrong(c,
                               "so little may fit into the system's buffers: to be stuck, %s must have %d MiB to send",
                               c->name, ENOUGH_TO_BE_STUCK);
    return true;
}

static size_t bytes_taken(const struct actor *actor)
{
    return sender_sent(&actor->connection->sender);
}

static void look_again_later(struct actor *actor)
{
    actor->taken = bytes_taken(actor);
    actor_set_timer(actor, actor_step(actor)->duration_ms / STUCK_PARTS + 1);
}

/* Without anything more to send it will never be stuck. */
static enum step_state check_stuck(struct actor *actor)
{
    const struct connection *connection = actor->connection;

    if (!can_be_sent_to(actor))
        return fail_to_send(actor);
    if (bytes_taken(actor) < connection->sent.total)
        return STEP_WAITS;
    return actor_fails(actor, connection->has_stopped
                                  ? "everything was taken: the server keeps what it cannot send, or loses it"
                                  : "everything was taken: there is nothing more to be stuck with");
}

static enum step_state begin_stuck(struct actor *actor)
{
    actor->quiet_looks = 0;
    look_again_later(actor);
    return STEP_WAITS;
}

/*
 * Many looks, not one at the end: if the system did not let the player run, one look is late, and the system can still take
 * bytes before the next.
 */
static enum step_state look_whether_stuck(struct actor *actor)
{
    const struct step *step = actor_step(actor);
    const bool is_quiet = bytes_taken(actor) == actor->taken && sender_is_held_up(&actor->connection->sender);

    actor->quiet_looks = is_quiet ? actor->quiet_looks + 1 : 0;
    if (actor->quiet_looks == STUCK_PARTS)
        return STEP_DONE;
    if (step->within_ms > 0 && uv_hrtime() - actor->began >= step->within_ms * 1000000)
        return STEP_OUT_OF_TIME;
    look_again_later(actor);
    return STEP_WAITS;
}

static void describe_stuck(const struct actor *actor, struct text *expected)
{
    text_add(expected, "%llu ms in which nothing is taken", (unsigned long long)actor_step(actor)->duration_ms);
}

/* ---- half-close, close, reset ---- */

static bool can_half_close(struct checker *c)
{
    if (!is_open(c))
        return false;
    if (c->own->half_closed)
        return script_is_wrong(c, "%s has done its half-close already", c->name);
    c->own->half_closed = true;
    return true;
}

static enum step_state begin_half_close(struct actor *actor)
{
    sender_end(&actor->connection->sender);
    return STEP_DONE;
}

static enum step_state check_close(struct actor *actor)
{
    if (!sender_is_idle(&actor->connection->sender))
        return STEP_WAITS;
    actor_leave(actor, false);
    return STEP_DONE;
}

static enum step_state begin_reset(struct actor *actor)
{
    actor_leave(actor, true);
    return STEP_DONE;
}

/* ---- stop reading, read on ---- */

static bool can_stop_or_read_on(struct checker *c)
{
    const bool stops = c->step->verb->effect == EFFECT_STOPS_READING;

    if (!is_open(c))
        return false;
    if (c->own->stopped_reading == stops)
        return script_is_wrong(c, stops ? "%s has stopped reading already" : "%s has not stopped reading", c->name);
    c->own->stopped_reading = stops;
    c->own->owed_when_stopped = stops && script_is_owed(c->own);
    return true;
}

static enum step_state begin_stop_or_read_on(struct actor *actor)
{
    connection_read(actor->connection, actor_step(actor)->verb->effect == EFFECT_READS_ON);
    return STEP_DONE;
}

/* ---- The table ---- */

const struct verb played_verbs[] = {
    {"connect", "NAME connect", PLAYED_CLIENT, .effect = EFFECT_CONNECTS, .makes_sense = can_connect,
     .begin = begin_connect, .check = check_connect, .expects = "a connection"},
    {"accept", "server accept [within TIME]", PLAYED_SERVER, .effect = EFFECT_CONNECTS, .makes_sense = can_accept,
     .begin = begin_accept, .check = check_accept, .expects = "a connection"},
    {"send", "NAME send \"TEXT\" or SIZE [in pieces of SIZE [every TIME]]", PLAYED, .effect = EFFECT_SENDS,
     .read = read_text_or_size_in_pieces, .makes_sense = can_send, .begin = begin_send},
    {"expect everything", "NAME expect everything [within TIME]", PLAYED, .effect = EFFECT_EXPECTS_EVERYTHING,
     .makes_sense = can_expect_everything, .check = check_size, .describe_expected = describe_everything},
    {"expect closed", "NAME expect closed [within TIME]", PLAYED, .effect = EFFECT_EXPECTS_END,
     .makes_sense = can_expect_closed, .check = check_closed, .expects = "the orderly end of the stream"},
    {"expect reset", "NAME expect reset [within TIME]", PLAYED, .effect = EFFECT_EXPECTS_END,
     .makes_sense = can_expect_reset, .check = check_reset, .expects = "a reset of the connection"},
    {"expect nothing", "NAME expect nothing for TIME", PLAYED, .read = read_for_duration, .makes_sense = can_read,
     .begin = begin_for_a_time, .check = check_nothing, .time_is_up = end_nothing,
     .describe_expected = describe_nothing},
    {"expect", "NAME expect \"TEXT\" (or everything, closed, reset) [within TIME]", PLAYED, .effect = EFFECT_EXPECTS,
     .read = read_nonempty_text, .makes_sense = can_expect_text, .check = check_text,
     .describe_expected = describe_text},
    {"answer everything", "server answer everything", PLAYED_SERVER, .effect = EFFECT_ANSWERS,
     .makes_sense = can_answer, .begin = begin_answer},
    {"floods", "NAME floods", PLAYED_CLIENT, .makes_sense = can_flood, .begin = begin_flood},
    {"is stuck", "NAME is stuck for TIME [within TIME]", PLAYED, .read = read_for_duration, .makes_sense = can_be_stuck,
     .begin = begin_stuck, .check = check_stuck, .time_is_up = look_whether_stuck, .describe_expected = describe_stuck},
    {"wait", "NAME wait TIME", PLAYED, .read = read_duration, .begin = begin_for_a_time, .time_is_up = end_wait},
    {"half-close", "NAME half-close", PLAYED, .makes_sense = can_half_close, .begin = begin_half_close},
    {"close", "NAME close", PLAYED, .makes_sense = can_end, .check = check_close,
     .expects = "to close after all was sent"},
    {"reset", "NAME reset", PLAYED, .effect = EFFECT_RESETS, .makes_sense = can_end, .begin = begin_reset},
    {"stop reading", "NAME stop reading", PLAYED, .effect = EFFECT_STOPS_READING, .makes_sense = can_stop_or_read_on,
     .begin = begin_stop_or_read_on},
    {"read on", "NAME read on", PLAYED, .effect = EFFECT_READS_ON, .makes_sense = can_stop_or_read_on,
     .begin = begin_stop_or_read_on},
    {.phrase = NULL},
};
