/* player_peer - the steps of the ends of a conversation that we play; see player_parts.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io_uv.h"
#include "memory.h"
#include "player_parts.h"
#include "upper.h"

enum { SHOWN = 60 /* bytes of what came, in a message */ };

static size_t unexpected(const struct connection *connection)
{
    return connection->received - connection->expected;
}

/* What must come for `expect everything`: all that this client has sent, or all that the client under test is given. */
static size_t everything(const struct actor *actor)
{
    if (actor->play->script->kind == SCRIPT_FOR_SERVERS)
        return actor->connection->sent.total;
    return program_all_input(actor->play, actor->play->phase);
}

/* ---- What happens on a connection ---- */

static const char *sender_of_answer(const struct play *play)
{
    return play->script->kind == SCRIPT_FOR_SERVERS ? "the answer" : "what the client sends";
}

void peer_describe_wrong(struct text *problem, const struct wrong_byte *wrong, const char *whole)
{
    if (wrong->is_too_much) {
        text_add(problem, "%s should end after %zu byte%s, but ", whole, wrong->at, wrong->at == 1 ? "" : "s");
        text_add_byte(problem, wrong->is);
        text_add(problem, " follows");
        return;
    }
    text_add(problem, "byte %zu of %s should be ", wrong->at, whole);
    text_add_byte(problem, wrong->should_be);
    text_add(problem, " and is ");
    text_add_byte(problem, wrong->is);
}

static void fail_wrong(struct actor *actor, const struct connection *connection)
{
    const struct wrong_byte wrong = {connection->wrong_at, connection->is_too_much, connection->should_be,
                                     connection->is};
    struct text problem = {0};

    peer_describe_wrong(&problem, &wrong, sender_of_answer(actor->play));
    play_fail(actor->play, actor, "%s", problem.chars);
    text_free(&problem);
}

static void on_open(struct actor *actor, struct io_result result)
{
    char words[IO_TEXT_SIZE];

    if (result.status == IO_SUCCESS) {
        play_trace(actor->play, actor, PLAY_CONNECTED, result, 0);
        actor_recheck(actor, true);
        return;
    }
    play_trace(actor->play, actor, PLAY_RESET, result, 0);
    if (actor->play->stage >= STAGE_STOPS)
        return; /* a server that we have told to stop need not let anybody in */
    play_fail(actor->play, actor, "%s cannot connect: %s", actor->play->script->actors[actor->index],
              io_describe(result, words));
}

static void on_event(struct connection *connection, enum connection_event event, struct io_result result)
{
    struct actor *actor = connection->owner;
    struct play *play = actor->play;

    switch (event) {
    case CONNECTION_OPEN:
        on_open(actor, result);
        return;
    case CONNECTION_SENT:
        play_trace(play, actor, PLAY_SENT, result, connection->sender.sent);
        actor_recheck(actor, true);
        return;
    case CONNECTION_LOST:
        if (connection->has_stopped) /* otherwise reading will come to the end by itself */
            play_trace(play, actor, PLAY_RESET, result, 0);
        actor_recheck(actor, false);
        return;
    case CONNECTION_RECEIVED:
        play_trace(play, actor, PLAY_RECEIVED, result, connection->received);
        actor_recheck(actor, true);
        return;
    case CONNECTION_WRONG:
        fail_wrong(actor, connection);
        return;
    case CONNECTION_ENDED:
        play_trace(play, actor, result.status == IO_CONNECTION_CLOSED ? PLAY_CLOSED : PLAY_RESET, result, 0);
        actor_recheck(actor, false);
        return;
    }
}

static void on_closed(struct connection *connection)
{
    const struct actor *actor = connection->owner;

    play_note_closed(actor->play);
}

static struct connection *new_connection(struct actor *actor)
{
    struct play *play = actor->play;
    const bool we_are_clients = play->script->kind == SCRIPT_FOR_SERVERS;
    struct connection *connection =
        connection_new(play->loop, we_are_clients ? NULL : &play->program.input, play->buffer);

    connection->owner = actor;
    connection->on_event = on_event;
    connection->on_closed = on_closed;
    connection->next = play->connections;
    play->connections = connection;
    play->open_things++;
    actor->connection = connection;
    return connection;
}

static void leave(struct actor *actor, bool by_reset)
{
    if (actor->connection == NULL || actor->connection->is_over)
        return;
    play_trace(actor->play, actor, PLAY_LEFT, (struct io_result){.status = IO_SUCCESS}, 0);
    if (by_reset)
        connection_reset(actor->connection);
    else
        connection_close(actor->connection);
}

/* ---- Steps begin ---- */

static enum step_state begin_connect(struct actor *actor)
{
    struct play *play = actor->play;

    leave(actor, false);
    play_trace(play, actor, PLAY_CONNECTING, (struct io_result){.status = IO_NO_DATA}, 0);
    const int error = connection_connect(new_connection(actor), process_address(play->program.process));
    if (error == UV_EMFILE || error == UV_ENFILE)
        return actor_fails(actor, "the player is out of descriptors (%s): a higher limit is needed, see ulimit -Hn",
                           uv_err_name(error));
    if (error != 0)
        return actor_fails(actor, "%s cannot connect: %s", play->script->actors[actor->index], uv_strerror(error));
    return STEP_WAITS;
}

struct payload_part peer_part(const struct actor *actor, int text)
{
    const struct step *step = actor_step(actor);

    return (struct payload_part){.size = step->sizes[text],
                                 .text = step->texts > 0 ? step->bytes[text] : NULL,
                                 .seed = (uint64_t)step->line << 32 | (uint64_t)actor->index,
                                 .piece = step->piece,
                                 .every_ms = step->every_ms};
}

/*
 * A server that closes has stopped receiving too; a client that half-closes has not. What a reset connection was, it is
 * no more.
 */
static bool can_be_sent_to(const struct actor *actor)
{
    const struct connection *connection = actor->connection;

    if (connection->sender.error != 0)
        return false;
    if (!connection->has_ended)
        return true;
    return actor->play->script->kind == SCRIPT_FOR_CLIENTS && connection->end.status == IO_CONNECTION_CLOSED;
}

static struct io_result end_of(const struct connection *connection)
{
    return connection->has_ended ? connection->end : io_of_uv(connection->sender.error);
}

static enum step_state fail_to_send(struct actor *actor)
{
    char words[IO_TEXT_SIZE];

    return actor_fails(actor, "%s cannot send, its connection has ended before: %s",
                       actor->play->script->actors[actor->index], io_describe(end_of(actor->connection), words));
}

static enum step_state begin_send(struct actor *actor)
{
    if (!can_be_sent_to(actor))
        return fail_to_send(actor);
    const struct payload_part part = peer_part(actor, 0);
    actor->result.bytes = part.size;
    connection_send(actor->connection, part);
    return STEP_DONE;
}

static size_t bytes_taken(const struct actor *actor)
{
    return sender_sent(&actor->connection->sender);
}

static enum step_state begin_stuck(struct actor *actor)
{
    actor->taken = bytes_taken(actor);
    actor->quiet_looks = 0;
    actor_set_timer(actor, actor_step(actor)->duration_ms / STUCK_PARTS + 1);
    return peer_check(actor);
}

/* An expectation that nothing comes has its own time; all others have the usual limit. */
static enum step_state begin_for_a_time(struct actor *actor)
{
    actor_set_timer(actor, actor_step(actor)->duration_ms);
    return peer_check(actor);
}

static enum step_state begin_on_connection(struct actor *actor)
{
    struct connection *connection = actor->connection;

    switch (actor_step(actor)->verb) {
    case VERB_SEND:
        return begin_send(actor);
    case VERB_ANSWER:
        connection_answer(connection);
        return STEP_DONE;
    case VERB_HALF_CLOSE:
        connection_half_close(connection);
        return STEP_DONE;
    case VERB_RESET:
        leave(actor, true);
        return STEP_DONE;
    case VERB_STOP_READING:
        connection_read(connection, false);
        return STEP_DONE;
    case VERB_READ_ON:
        connection_read(connection, true);
        return STEP_DONE;
    case VERB_STUCK:
        return begin_stuck(actor);
    case VERB_EXPECT_NOTHING:
        return begin_for_a_time(actor);
    default: /* all that is done only when something happens */
        return peer_check(actor);
    }
}

enum step_state peer_begin(struct actor *actor)
{
    switch (actor_step(actor)->verb) {
    case VERB_CONNECT:
        return begin_connect(actor);
    case VERB_ACCEPT:
        new_connection(actor);
        return peer_check(actor);
    case VERB_WAIT:
        return begin_for_a_time(actor);
    default:
        break;
    }
    if (actor->connection != NULL)
        return begin_on_connection(actor);
    return actor_fails(actor, "%s is not connected", actor->play->script->actors[actor->index]);
}

/* ---- Is a step done? ---- */

static enum step_state check_accept(struct actor *actor)
{
    if (connection_accept(actor->connection, (uv_stream_t *)&actor->play->listener) != 0)
        return STEP_WAITS;
    play_trace(actor->play, actor, PLAY_CONNECTED, actor->result, 0);
    return STEP_DONE;
}

static enum step_state fail_ended(struct actor *actor)
{
    const struct connection *connection = actor->connection;

    return actor_fails(actor, connection->end.status == IO_CONNECTION_CLOSED ? "the connection was closed too early"
                                                                             : "the connection was reset");
}

/* Waits for so many bytes more; all that came are right already, as they are compared when they come. */
static enum step_state check_bytes(struct actor *actor, size_t size)
{
    struct connection *connection = actor->connection;

    if (unexpected(connection) < size)
        return connection->has_ended ? fail_ended(actor) : STEP_WAITS;
    connection->expected += size;
    actor->result.bytes = size;
    return STEP_DONE;
}

static enum step_state check_text(struct actor *actor)
{
    const struct connection *connection = actor->connection;
    const struct step *step = actor_step(actor);
    const size_t size = step->sizes[0];

    if (unexpected(connection) < size)
        return check_bytes(actor, size);
    char *came = memory_resized(NULL, size);
    payload_read(connection->due, connection->expected, came, size);
    if (connection->due_in_upper_case)
        upper(came, size);
    const bool is_right = memcmp(came, step->bytes[0], size) == 0;
    free(came);
    return is_right ? check_bytes(actor, size) : actor_fails(actor, "something else came than the script expects");
}

static enum step_state check_closed(struct actor *actor)
{
    const struct connection *connection = actor->connection;

    if (unexpected(connection) > 0)
        return actor_fails(actor, "bytes came where the end of the stream should have come");
    if (!connection->has_ended)
        return STEP_WAITS;
    actor->result = connection->end;
    if (connection->end.status == IO_CONNECTION_CLOSED)
        return STEP_DONE;
    return actor_fails(actor, "the connection was reset instead of closed in an orderly way");
}

static enum step_state check_reset(struct actor *actor)
{
    struct connection *connection = actor->connection;

    if (!connection->has_ended)
        return STEP_WAITS;
    connection->expected = connection->received; /* a reset may destroy what came before it: anything may have come */
    actor->result = connection->end;
    if (connection->end.status == IO_ERROR)
        return STEP_DONE;
    return actor_fails(actor, "the connection was closed in an orderly way instead of reset");
}

static enum step_state check_nothing(struct actor *actor)
{
    if (unexpected(actor->connection) > 0)
        return actor_fails(actor, "something came where nothing should have come");
    return actor->connection->has_ended ? fail_ended(actor) : STEP_WAITS;
}

/* Who has nothing more to send will never be stuck. */
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

/*
 * Many looks, not one at the end: if the player itself was kept from running, it is late for one of them, and sees before
 * the next what the system would have taken meanwhile.
 */
static enum step_state look_whether_stuck(struct actor *actor)
{
    const struct step *step = actor_step(actor);
    const size_t taken = bytes_taken(actor);

    if (taken == actor->taken && sender_is_held_up(&actor->connection->sender))
        actor->quiet_looks++;
    else
        actor->quiet_looks = 0;
    actor->taken = taken;
    if (actor->quiet_looks == STUCK_PARTS)
        return STEP_DONE;
    if (step->within_ms > 0 && uv_hrtime() - actor->began >= step->within_ms * 1000000)
        return STEP_OUT_OF_TIME;
    actor_set_timer(actor, step->duration_ms / STUCK_PARTS + 1);
    return STEP_WAITS;
}

static enum step_state check_close(struct actor *actor)
{
    if (!connection_is_idle(actor->connection))
        return STEP_WAITS;
    leave(actor, false);
    return STEP_DONE;
}

enum step_state peer_check(struct actor *actor)
{
    switch (actor_step(actor)->verb) {
    case VERB_CONNECT:
        return actor->connection->is_open ? STEP_DONE : STEP_WAITS;
    case VERB_ACCEPT:
        return check_accept(actor);
    case VERB_EXPECT_TEXT:
        return check_text(actor);
    case VERB_EXPECT_EVERYTHING:
        return check_bytes(actor, everything(actor) - actor->connection->expected);
    case VERB_EXPECT_CLOSED:
        return check_closed(actor);
    case VERB_EXPECT_RESET:
        return check_reset(actor);
    case VERB_EXPECT_NOTHING:
        return check_nothing(actor);
    case VERB_STUCK:
        return check_stuck(actor);
    case VERB_CLOSE:
        return check_close(actor);
    default: /* a wait; all others are done when they have begun */
        return STEP_WAITS;
    }
}

enum step_state peer_time_is_up(struct actor *actor)
{
    switch (actor_step(actor)->verb) {
    case VERB_WAIT:
        return STEP_DONE;
    case VERB_STUCK:
        return look_whether_stuck(actor);
    case VERB_EXPECT_NOTHING:
        actor->result = (struct io_result){.status = IO_NO_DATA};
        return STEP_DONE;
    default:
        return STEP_OUT_OF_TIME;
    }
}

/* ---- In words ---- */

static void describe_expected(const struct actor *actor, struct text *expected)
{
    const struct step *step = actor_step(actor);

    switch (step->verb) {
    case VERB_CONNECT:
    case VERB_ACCEPT:
        text_add(expected, "a connection");
        return;
    case VERB_EXPECT_TEXT:
        text_add_bytes(expected, step->bytes[0], step->sizes[0], SHOWN);
        return;
    case VERB_EXPECT_EVERYTHING:
        text_add(expected, "everything: %zu bytes", everything(actor) - actor->connection->expected);
        return;
    case VERB_EXPECT_CLOSED:
        text_add(expected, "the orderly end of the stream");
        return;
    case VERB_EXPECT_RESET:
        text_add(expected, "a reset of the connection");
        return;
    case VERB_EXPECT_NOTHING:
        text_add(expected, "nothing for %llu ms", (unsigned long long)step->duration_ms);
        return;
    case VERB_STUCK:
        text_add(expected, "%llu ms in which nothing is taken", (unsigned long long)step->duration_ms);
        return;
    case VERB_CLOSE:
        text_add(expected, "to close after all was sent");
        return;
    default:
        return;
    }
}

static void describe_bytes(const struct connection *connection, struct text *came)
{
    char bytes[SHOWN];
    const size_t size = unexpected(connection);
    const size_t shown = size < SHOWN ? size : SHOWN;

    if (size == 0) {
        text_add(came, "nothing");
        return;
    }
    payload_read(connection->due, connection->expected, bytes, shown);
    if (connection->due_in_upper_case)
        upper(bytes, shown);
    text_add(came, "%zu byte%s: ", size, size == 1 ? "" : "s");
    text_add_bytes(came, bytes, shown, SHOWN);
    if (size > SHOWN)
        text_add(came, "...");
}

static void describe_came(const struct connection *connection, struct text *came)
{
    if (!connection->is_open) {
        text_add(came, "no connection");
        return;
    }
    describe_bytes(connection, came);
    if (connection->has_ended || connection->sender.error != 0) {
        char words[IO_TEXT_SIZE];
        text_add(came, ", then %s", io_describe(end_of(connection), words));
    }
    if (sender_sent(&connection->sender) < connection->sent.total)
        text_add(came, " (%zu of %zu bytes could be sent)", sender_sent(&connection->sender), connection->sent.total);
}

void peer_describe(const struct actor *actor, struct text *expected, struct text *came)
{
    describe_expected(actor, expected);
    if (actor->connection != NULL)
        describe_came(actor->connection, came);
}

bool peer_has_leftovers(const struct actor *actor, struct text *problem)
{
    const struct connection *connection = actor->connection;

    if (connection == NULL || connection->is_over || unexpected(connection) == 0)
        return false;
    text_add(problem,
             "at the end %s had received more than any step expected: ", actor->play->script->actors[actor->index]);
    describe_bytes(connection, problem);
    return true;
}
