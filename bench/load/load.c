/* load - see load.h */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io_uv.h"
#include "player/memory.h"
#include "player/payload.h"
#include "player/text.h"
#include "upper.h"

enum {
    PLACES = 4093, /* where a message may begin in the pattern; a prime, so that neighbours do not meet */
    WAVE = 500, /* so many connect at a time: fewer than a listener's backlog has places for */
    PATIENCE_MS = 500, /* without any progress when clients connect */
    STALL_MS = 2000 /* and when messages are to be answered */
};

enum client_state {
    CONNECTING,
    IDLE,
    ASKING, /* it is owed an answer, or the rest of it */
    LEAVING, /* on a visit: it is owed the server's end of stream */
    GONE
};

struct client {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_write_t write;
    uv_shutdown_t half_close;
    struct load *load;
    enum client_state state;
    bool was_served; /* it has been answered at least once */
    bool is_writing; /* the rest of a message that the kernel did not take at once */
    uint64_t asked_at; /* since when it waits, uv_hrtime() */
    uint64_t due; /* open loop: how many messages are due and not sent yet */
    uint64_t number; /* open loop: the next of all messages that is its own */
    size_t place; /* of its message in the pattern; another one each time */
    size_t received;
};

enum mode {
    QUIET, /* nobody sends by himself */
    GATHERING, /* a closed loop in which a server may still send clients away */
    CLOSED_LOOP,
    OPEN_LOOP,
    VISITS,
    LAST_VISITS /* nobody comes again */
};

struct load {
    uv_loop_t *loop;
    struct sockaddr_storage address;
    const bool *stop;
    uv_idle_t clock; /* in the open loop, which looks at the time without a pause: no timer is exact enough */

    struct client **clients;
    size_t count;
    size_t connecting, owed; /* how many clients are in these states */
    size_t unserved; /* of those who are gathered */
    size_t open_handles;

    enum mode mode;
    size_t first, busy; /* the clients that send */
    size_t size; /* of a message */
    uint64_t began_at; /* open loop: when message 0 was due */
    double interval; /* open loop: between two messages, in nanoseconds */
    uint64_t arrived; /* open loop: how many messages have become due */

    uint64_t messages; /* answered so far */
    struct load_result *result; /* NULL: no time is measured */
    struct text problem;
    char question[LOAD_MAX_SIZE + PLACES], answer[LOAD_MAX_SIZE + PLACES];
    char buffer[LOAD_MAX_SIZE];
};

static void send_message(struct client *client, uint64_t since);
static void visit(struct client *client);

/* ---- What goes wrong ---- */

/* The first problem counts. */
static void object(struct load *load, const char *what)
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
    object(load, words.chars);
    text_free(&words);
}

const char *load_problem(const struct load *load)
{
    return load->problem.chars;
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
        visit(client);
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
static void send_next_due(struct client *client)
{
    struct load *load = client->load;

    if (client->due == 0)
        return;
    client->due--;
    const uint64_t since = load->began_at + (uint64_t)((double)client->number * load->interval);
    client->number += load->busy;
    send_message(client, since);
}

static void send_next(struct client *client, uint64_t now)
{
    switch (client->load->mode) {
    case GATHERING:
    case CLOSED_LOOP:
        send_message(client, now);
        break;
    case OPEN_LOOP:
        send_next_due(client);
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
        object(load, "there are more bytes in an answer than in the message");
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
        object(load, n == UV_EOF ? "it closes connections that are in use" : "it resets connections that are in use");
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
static void send_message(struct client *client, uint64_t since)
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
            object(load, "a client cannot connect");
        leave(client);
        return;
    }
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, give_buffer, on_read);
    enter(client, IDLE);
    if (is_visited(load))
        send_message(client, client->asked_at);
}

static void come(struct client *client)
{
    struct load *load = client->load;

    client->tcp.data = client->connecting.data = client->write.data = client;
    enter(client, CONNECTING);
    uv_tcp_init(load->loop, &client->tcp);
    load->open_handles++;
    if (uv_tcp_connect(&client->connecting, &client->tcp, (const struct sockaddr *)&load->address, on_connected) != 0)
        leave(client);
}

static void visit(struct client *client)
{
    client->asked_at = uv_hrtime();
    come(client);
}

static struct client *add_client(struct load *load)
{
    struct client *client = memory_zeroed(1, sizeof *client);

    load->clients = memory_grown(load->clients, load->count, sizeof(struct client *));
    *client = (struct client){.load = load, .state = GONE, .place = load->count * 61 % PLACES};
    load->clients[load->count++] = client;
    return client;
}

/* ---- Waiting ---- */

/* Runs the loop until `*left` is 0, or has not become less for so long. */
static void wait_for(struct load *load, const size_t *left, uint64_t patience_ms)
{
    size_t before = *left;

    uv_update_time(load->loop);
    uint64_t moved_at = uv_now(load->loop);
    while (*left > 0 && !*load->stop && load->problem.chars == NULL && uv_now(load->loop) - moved_at < patience_ms) {
        uv_run(load->loop, UV_RUN_ONCE);
        if (*left < before)
            moved_at = uv_now(load->loop);
        before = *left;
    }
}

size_t load_connect(struct load *load, size_t count)
{
    const size_t first = load->count;
    size_t connected = 0;

    for (size_t i = 0; i < count; i++) {
        come(add_client(load));
        if (load->connecting >= WAVE)
            wait_for(load, &load->connecting, PATIENCE_MS);
    }
    wait_for(load, &load->connecting, PATIENCE_MS);
    for (size_t i = first; i < load->count; i++)
        connected += load->clients[i]->state == IDLE;
    return connected;
}

size_t load_ask(struct load *load, size_t first, size_t count, size_t size, double patience)
{
    size_t answered = 0;

    load->size = size;
    for (size_t i = first; i < first + count; i++)
        if (load->clients[i]->state == IDLE)
            send_message(load->clients[i], uv_hrtime());
    wait_for(load, &load->owed, (uint64_t)(patience * 1000));
    for (size_t i = first; i < first + count; i++)
        answered += load->clients[i]->state == IDLE && load->clients[i]->received == size;
    return answered;
}

static void send_from_all(struct load *load)
{
    for (size_t i = load->first; i < load->first + load->busy; i++)
        if (load->clients[i]->state == IDLE)
            send_message(load->clients[i], uv_hrtime());
}

/*
 * First all send once: who is served must not keep a server from others. But a server that waits a while for each client in turn
 * comes round sooner if they all talk.
 */
size_t load_gather(struct load *load, size_t first, size_t count, size_t size, double patience)
{
    load->first = first;
    load->busy = load->unserved = count;
    load->size = size;
    send_from_all(load);
    wait_for(load, &load->unserved, (uint64_t)(patience * 1000));
    load->mode = GATHERING;
    send_from_all(load);
    wait_for(load, &load->unserved, (uint64_t)(patience * 1000));
    return count - load->unserved;
}

/* ---- The closed loop, the open one, and visits ---- */

/* One message after the other becomes due, and each client's turn comes round. */
static void on_clock(uv_idle_t *clock)
{
    struct load *load = clock->data;
    const uint64_t now = uv_hrtime();

    while (load->began_at + (uint64_t)((double)load->arrived * load->interval) <= now) {
        struct client *client = load->clients[load->first + load->arrived++ % load->busy];
        client->due++;
        if (client->state == IDLE && !client->is_writing)
            send_next_due(client);
    }
}

void load_begin(struct load *load, double rate)
{
    load->mode = rate > 0 ? OPEN_LOOP : CLOSED_LOOP;
    if (rate == 0)
        return; /* they are at it */
    load->interval = 1e9 / rate;
    load->arrived = 0;
    load->began_at = uv_hrtime();
    for (size_t i = 0; i < load->busy; i++) {
        load->clients[load->first + i]->number = i;
        load->clients[load->first + i]->due = 0;
    }
    uv_idle_start(&load->clock, on_clock);
}

void load_begin_visits(struct load *load, size_t count, size_t size)
{
    load->mode = VISITS;
    load->size = size;
    for (size_t i = 0; i < count; i++)
        visit(add_client(load));
}

static double own_cpu_time(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

bool load_go_on(struct load *load, double seconds, struct load_result *result)
{
    const uint64_t start = uv_hrtime(), end = start + (uint64_t)(seconds * 1e9);
    const double cpu_before = own_cpu_time();

    *result = (struct load_result){0};
    load->result = result;
    while (uv_hrtime() < end && load->problem.chars == NULL && !*load->stop)
        uv_run(load->loop, UV_RUN_ONCE);
    load->result = NULL;
    result->seconds = (double)(uv_hrtime() - start) / 1e9;
    result->own_cpu = own_cpu_time() - cpu_before;
    return load->problem.chars == NULL;
}

bool load_end(struct load *load)
{
    load->mode = is_visited(load) ? LAST_VISITS : QUIET;
    uv_idle_stop(&load->clock);
    wait_for(load, &load->owed, STALL_MS);
    if (load->owed > 0 && !*load->stop)
        object(load, "it has not answered for two seconds");
    return load->problem.chars == NULL;
}

uint64_t load_messages(const struct load *load)
{
    return load->messages;
}

/* ---- The whole ---- */

/* Every byte value, and then noise, so that bytes that are lost, doubled or swapped do not look right by chance. */
static void make_pattern(struct load *load)
{
    struct payload payload = {0};

    payload_add(&payload, (struct payload_part){.size = sizeof load->question, .seed = 1});
    payload_read(&payload, 0, load->question, sizeof load->question);
    payload_free(&payload);
    memcpy(load->answer, load->question, sizeof load->answer);
    upper(load->answer, sizeof load->answer);
}

static void on_clock_closed(uv_handle_t *handle)
{
    struct load *load = handle->data;

    load->open_handles--;
}

struct load *load_new(uv_loop_t *loop, const struct sockaddr *address, const bool *stop)
{
    struct load *load = memory_zeroed(1, sizeof *load);

    load->loop = loop;
    load->stop = stop;
    memcpy(&load->address, address,
           address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    make_pattern(load);
    load->clock.data = load;
    uv_idle_init(loop, &load->clock);
    load->open_handles = 1;
    return load;
}

static void reset(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->tcp))
        return;
    enter(client, GONE);
    if (uv_tcp_close_reset(&client->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&client->tcp, on_closed);
}

void load_free(struct load *load)
{
    load->mode = QUIET;
    for (size_t i = 0; i < load->count; i++)
        if (load->clients[i]->state != GONE)
            reset(load->clients[i]);
    uv_close((uv_handle_t *)&load->clock, on_clock_closed);
    while (load->open_handles > 0)
        uv_run(load->loop, UV_RUN_ONCE);
    for (size_t i = 0; i < load->count; i++)
        free(load->clients[i]);
    free(load->clients);
    text_free(&load->problem);
    free(load);
}
