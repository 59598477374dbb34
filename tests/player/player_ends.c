/* player_ends - the ends of connections that we play: what happens there; see actor.h and player_parts.h */
#include <netinet/in.h>

#include "backlog.h"
#include "flood.h"
#include "player_parts.h"

enum {
    /* A client that does not read must soon be stuck: the server that we play holds only so much for it. */
    SEND_BUFFER = 64 * 1024,
    BACKLOG = 4,
    ROOM_LOOK_MS = 2, /* from one look at the server's backlog to the next */
    LEFT_WAITING_MS = 300 /* a server that has accepted nobody for so long does not mean to, for the time being */
};

/* ---- What happens on a connection ---- */

static size_t port_of(const struct connection *connection)
{
    struct sockaddr_in address = {.sin_port = 0}; /* IPv6 has its port at the same place */
    int size = sizeof address;

    (void)uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void on_open(struct actor *actor, struct io_result result)
{
    char words[IO_TEXT_SIZE];

    if (result.status == IO_SUCCESS) {
        play_trace(actor->play, actor, PLAY_CONNECTED, result, port_of(actor->connection));
        actor_recheck(actor, true);
        return;
    }
    play_trace(actor->play, actor, PLAY_RESET, result, 0);
    if (actor->play->stage >= STAGE_STOPS || process_status(actor->program->process).was_told)
        return; /* a server that was told to stop need not accept anyone */
    play_fail(actor->play, actor, "%s cannot connect: %s", actor->name, io_describe(result, words));
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
        if (connection->has_stopped) /* otherwise reading finds the end */
            play_trace(play, actor, PLAY_RESET, result, 0);
        actor_recheck(actor, false);
        return;
    case CONNECTION_RECEIVED:
        play_trace(play, actor, PLAY_RECEIVED, result, connection->incoming.received);
        actor_recheck(actor, true);
        return;
    case CONNECTION_WRONG:
        play_fail_wrong(play, actor, &connection->incoming,
                        play->script->kind == SCRIPT_FOR_SERVERS ? "the answer" : "what the client sends");
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

void actor_new_connection(struct actor *actor)
{
    struct play *play = actor->play;
    const bool we_are_clients = actor->script->kind == SCRIPT_FOR_SERVERS;
    struct connection *connection =
        connection_new(play->loop, we_are_clients ? NULL : &actor->program->input, play->buffer);

    connection->owner = actor;
    connection->on_event = on_event;
    connection->on_closed = on_closed;
    connection->next = play->connections;
    play->connections = connection;
    play->open_things++;
    actor->connection = connection;
    actor->program->output.due = &connection->sent;
}

/* ---- Its beginning and its end ---- */

static void begin_to_connect(struct actor *actor)
{
    const int error = connection_connect(actor->connection, process_address(actor->program->process));

    actor->waits_for_room = false;
    actor->play->had_room_at = uv_now(actor->play->loop);
    if (error == UV_EMFILE || error == UV_ENFILE)
        play_fail(actor->play, actor, "the player is out of descriptors (%s): a higher limit is needed, see ulimit -Hn",
                  uv_err_name(error));
    else if (error != 0)
        play_fail(actor->play, actor, "%s cannot connect: %s", actor->name, uv_strerror(error));
}

static struct actor *next_who_waits_for_room(struct play *play)
{
    for (int i = 0; i < play->script->actor_count; i++)
        if (play->actors[i].waits_for_room)
            return &play->actors[i];
    return NULL;
}

static bool has_room(const struct play *play)
{
    struct backlog backlog;

    return !backlog_look(process_address(play->program.process), &backlog) || backlog.waiting <= backlog.limit;
}

static bool accepts_nobody(const struct play *play)
{
    return uv_now(play->loop) - play->had_room_at >= LEFT_WAITING_MS;
}

bool actor_is_left_waiting(const struct actor *actor)
{
    return actor->waits_for_room && accepts_nobody(actor->play);
}

static void look_for_room(uv_timer_t *timer)
{
    struct play *play = timer->data;
    struct actor *actor;

    while ((actor = next_who_waits_for_room(play)) != NULL && has_room(play))
        begin_to_connect(actor);
    if (actor == NULL)
        uv_timer_stop(timer);
    for (int i = 0; i < play->script->actor_count; i++)
        if (actor_is_left_waiting(&play->actors[i]))
            actor_recheck(&play->actors[i], false);
}

/*
 * Room is waited for here and not in the kernel. That would drop the attempt and repeat it a second later, together with all
 * others, then say yes to more of them than there is room for (SYN cookies, tcp(7)), and reset these when they send: clients of
 * which the server has never heard.
 */
void actor_connect(struct actor *actor)
{
    struct play *play = actor->play;

    actor_leave(actor, false);
    play_trace(play, actor, PLAY_CONNECTING, (struct io_result){.status = IO_NO_DATA}, 0);
    actor_new_connection(actor);
    actor->waits_for_room = !has_room(play);
    if (!actor->waits_for_room)
        begin_to_connect(actor);
    else if (!uv_is_active((uv_handle_t *)&play->room_timer))
        uv_timer_start(&play->room_timer, look_for_room, ROOM_LOOK_MS, ROOM_LOOK_MS);
}

static void on_newcomer(uv_stream_t *listener, int error)
{
    struct play *play = listener->data;

    (void)error; /* an actor that waits for a connection sees whether there is one */
    for (int i = 0; i < play->script->actor_count; i++)
        actor_recheck(&play->actors[i], true);
}

int play_open_listener(struct play *play)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int size = SEND_BUFFER; /* accepted sockets inherit both buffers */
    int error = connection_open_socket(&play->listener, AF_INET);

    if (error == 0)
        error = uv_send_buffer_size((uv_handle_t *)&play->listener, &size);
    if (error == 0)
        error = uv_tcp_bind(&play->listener, (const struct sockaddr *)&address, 0);
    if (error != 0 || play->script->refuses)
        return error;
    return uv_listen((uv_stream_t *)&play->listener, BACKLOG, on_newcomer);
}

bool actor_accept(struct actor *actor)
{
    if (connection_accept(actor->connection, (uv_stream_t *)&actor->play->listener) != 0)
        return false;
    play_trace(actor->play, actor, PLAY_CONNECTED, actor->result, port_of(actor->connection));
    return true;
}

void actor_flood(struct actor *actor)
{
    actor->flood = flood_start(process_address(actor->program->process));
}

void actor_end_flood(struct actor *actor)
{
    if (actor->flood != NULL)
        flood_stop(actor->flood);
    actor->flood = NULL;
}

void actor_leave(struct actor *actor, bool by_reset)
{
    actor_end_flood(actor);
    if (actor->connection == NULL || actor->connection->is_over)
        return;
    play_trace(actor->play, actor, PLAY_LEFT, (struct io_result){.status = IO_SUCCESS}, 0);
    actor->waits_for_room = false;
    if (by_reset)
        connection_reset(actor->connection);
    else
        connection_close(actor->connection);
}

/* ---- What has come ---- */

void actor_describe_came(const struct actor *actor, struct text *came)
{
    const struct connection *connection = actor->connection;

    if (connection == NULL)
        return;
    if (!connection->is_open) {
        text_add(came, "no connection%s", actor->waits_for_room ? ": the server's backlog is full" : "");
        return;
    }
    incoming_describe(&connection->incoming, came);
    if (connection->has_ended || connection->sender.error != 0) {
        char words[IO_TEXT_SIZE];
        text_add(came, ", then %s", io_describe(connection_end(connection), words));
    }
    if (sender_sent(&connection->sender) < connection->sent.total)
        text_add(came, " (%zu of %zu bytes could be sent)", sender_sent(&connection->sender), connection->sent.total);
}

bool actor_has_leftovers(const struct actor *actor, struct text *problem)
{
    if (actor->flood != NULL && flood_is_wrong(actor->flood)) {
        text_add(problem, "a byte of what came to %s, which floods, is wrong", actor->name);
        return true;
    }
    if (actor->connection == NULL || actor->connection->is_over || actor->has_dropped_out ||
        incoming_unexpected(&actor->connection->incoming) == 0)
        return false;
    text_add(problem, "at the end %s had received more than any step expected: ", actor->name);
    incoming_describe(&actor->connection->incoming, problem);
    return true;
}
