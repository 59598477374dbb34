/* client - see client.h */
#include "client.h"

#include <string.h>

#include "io_uv.h"

/* ---- What goes wrong ---- */

/* The first problem counts. */
void client_object(struct load *load, const char *what)
{
    if (load->problem.chars == NULL)
        text_add(&load->problem, "%s", what);
}

static void object_to_byte(struct load *load, char is, char should_be)
{
    struct text words = {0};

    text_add(&words, "a byte of an answer is ");
    text_add_byte(&words, (unsigned char)is);
    text_add(&words, " instead of ");
    text_add_byte(&words, (unsigned char)should_be);
    client_object(load, words.chars);
    text_free(&words);
}

/* ---- The states of a client ---- */

static void enter(struct client *client, enum client_state state)
{
    struct load *load = client->load;

    load->connecting -= client->state == CONNECTING;
    load->owed -= client->state == ASKING || client->state == LEAVING;
    client->state = state;
    load->connecting += state == CONNECTING;
    load->owed += state == ASKING || state == LEAVING;
}

static void on_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    client->load->open_handles--;
    client->is_writing = false;
    if (client->load->mode == VISITS)
        client_visit(client);
}

static void leave(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->tcp))
        return;
    enter(client, GONE);
    uv_close((uv_handle_t *)&client->tcp, on_closed);
}

static bool is_visited(const struct load *load)
{
    return load->mode == VISITS || load->mode == LAST_VISITS;
}

/* ---- Answers ---- */

static void count_answer(struct client *client, uint64_t now)
{
    struct load_result *result = client->load->result;

    if (result == NULL)
        return;
    result->messages++;
    histogram_add(&result->waits, now - client->asked_at);
}

static void on_half_closed(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status; /* if it could not, the server's answer says so */
}

/* In the open loop the next message may be due long since: its wait has begun then. */
void client_send_due(struct client *client)
{
    struct load *load = client->load;

    if (client->due == 0)
        return;
    client->due--;
    const uint64_t since = load->began_at + (uint64_t)((double)client->number * load->interval);
    client->number += load->busy;
    client_send(client, since);
}

static void send_next(struct client *client, uint64_t now)
{
    switch (client->load->mode) {
    case GATHERING:
    case CLOSED_LOOP:
        client_send(client, now);
        break;
    case OPEN_LOOP:
        client_send_due(client);
        break;
    case QUIET:
    case VISITS:
    case LAST_VISITS:
        break;
    }
}

static void on_answered(struct client *client)
{
    struct load *load = client->load;
    const uint64_t now = uv_hrtime();

    load->messages++;
    load->unserved -= !client->was_served && load->unserved > 0;
    client->was_served = true;
    if (is_visited(load)) {
        enter(client, LEAVING);
        uv_shutdown(&client->half_close, (uv_stream_t *)&client->tcp, on_half_closed);
        return;
    }
    enter(client, IDLE);
    count_answer(client, now);
    if (!client->is_writing) /* otherwise on_written() goes on */
        send_next(client, now);
}

/* Compares what came with what is owed. */
static void check(struct client *client, const char *came, size_t size)
{
    struct load *load = client->load;
    const char *due = load->answer + client->place + client->received;
    const size_t owed = client->state == ASKING ? load->size - client->received : 0;

    if (size > owed) {
        client_object(load, "there are more bytes in an answer than in the message");
        leave(client);
        return;
    }
    if (memcmp(came, due, size) != 0) {
        size_t at = 0;
        while (came[at] == due[at])
            at++;
        object_to_byte(load, came[at], due[at]);
        leave(client);
        return;
    }
    client->received += size;
    if (client->received == load->size)
        on_answered(client);
}

/* A server that is full may send away who has just come; of who is served, it may not. */
static void on_end_of_stream(struct client *client, ssize_t n)
{
    struct load *load = client->load;

    if (client->state == LEAVING && n == UV_EOF)
        count_answer(client, uv_hrtime());
    else if (load->mode != QUIET && load->mode != GATHERING)
        client_object(load,
                      n == UV_EOF ? "it closes connections that are in use" : "it resets connections that are in use");
    leave(client);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(client->load->buffer, sizeof client->load->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    if (client->state == GONE)
        return;
    if (n > 0)
        check(client, buffer->base, (size_t)n);
    else if (n < 0)
        on_end_of_stream(client, n);
}

/* ---- Messages ---- */

static void on_written(uv_write_t *request, int status)
{
    struct client *client = request->data;

    client->is_writing = false;
    if (status == 0 && client->state == IDLE)
        send_next(client, uv_hrtime());
}

/* Usually the kernel takes it all at once. `since`: when its wait begins. */
void client_send(struct client *client, uint64_t since)
{
    struct load *load = client->load;

    client->place = (client->place + 97) % PLACES;
    client->received = 0;
    client->asked_at = since;
    enter(client, ASKING);
    uv_buf_t rest = uv_buf_init(load->question + client->place, (unsigned)load->size);
    const int taken = uv_try_write((uv_stream_t *)&client->tcp, &rest, 1);
    if (taken == (int)load->size || (taken < 0 && taken != UV_EAGAIN))
        return; /* what is wrong with the connection, on_read() is told, too */
    if (taken > 0) {
        rest.base += taken;
        rest.len -= (size_t)taken;
    }
    client->is_writing = uv_write(&client->write, (uv_stream_t *)&client->tcp, &rest, 1, on_written) == 0;
}

/* ---- Coming ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct client *client = request->data;
    struct load *load = client->load;

    if (client->state == GONE)
        return;
    if (status != 0) {
        if (is_visited(load))
            client_object(load, "a client cannot connect");
        leave(client);
        return;
    }
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, give_buffer, on_read);
    enter(client, IDLE);
    if (is_visited(load))
        client_send(client, client->asked_at);
}

void client_come(struct client *client)
{
    struct load *load = client->load;

    client->tcp.data = client->connecting.data = client->write.data = client;
    enter(client, CONNECTING);
    uv_tcp_init(load->loop, &client->tcp);
    load->open_handles++;
    if (uv_tcp_connect(&client->connecting, &client->tcp, (const struct sockaddr *)&load->address, on_connected) != 0)
        leave(client);
}

void client_visit(struct client *client)
{
    client->asked_at = uv_hrtime();
    client_come(client);
}

void client_reset(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->tcp))
        return;
    enter(client, GONE);
    if (uv_tcp_close_reset(&client->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&client->tcp, on_closed);
}
