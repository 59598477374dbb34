/* load - see load.h */
#include "load.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "player/memory.h"
#include "player/payload.h"
#include "upper.h"

enum {
    WAVE = 50, /* so many connect at a time: a listener's backlog may be short, */
    PATIENCE_MS = 1500, /* and who finds no place in it tries again after a second (RFC 6298 2) */
    STALL_MS = 2000, /* and when messages are to be answered */
    LAST_WORDS_MS = 200 /* when it does not matter */
};

const char *load_problem(const struct load *load)
{
    return load->problem.chars;
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
    bool is_full = false; /* the listener's backlog, too */

    for (size_t i = 0; i < count; i++) {
        struct client *client = add_client(load);
        if (is_full)
            continue;
        client_come(client);
        if (load->connecting >= WAVE) {
            wait_for(load, &load->connecting, PATIENCE_MS);
            is_full = load->connecting >= WAVE;
        }
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
            client_send(load->clients[i], uv_hrtime());
    wait_for(load, &load->owed, (uint64_t)(patience * 1000));
    for (size_t i = first; i < first + count; i++)
        answered += load->clients[i]->state == IDLE && load->clients[i]->received == size;
    return answered;
}

static void send_from_all(struct load *load)
{
    for (size_t i = load->first; i < load->first + load->busy; i++)
        if (load->clients[i]->state == IDLE)
            client_send(load->clients[i], uv_hrtime());
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
            client_send_due(client);
    }
    sched_yield(); /* where the server has no core of its own, it runs now */
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
        client_visit(add_client(load));
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

/* Somebody waits in vain; one with a part of his answer tells more. */
static void object_to_stall(struct load *load, size_t waiting)
{
    struct text words = {0};
    size_t received = 0;

    if (waiting == 0 || *load->stop)
        return;
    for (size_t i = 0; i < load->count; i++)
        if (load->clients[i]->state == ASKING && !load->clients[i]->was_served)
            received = load->clients[i]->received;
    text_add(&words, "it has not answered for two seconds");
    if (received > 0)
        text_add(&words, ", and only %zu bytes of %zu before", received, load->size);
    client_object(load, words.chars);
    text_free(&words);
}

/* Everybody who talks must be answered once more; they talk on meanwhile, as a server may wait a while for who does not. */
static void see_everybody_answered(struct load *load)
{
    load->unserved = load->busy;
    for (size_t i = load->first; i < load->first + load->busy; i++)
        load->clients[i]->was_served = false;
    wait_for(load, &load->unserved, STALL_MS);
    object_to_stall(load, load->unserved);
}

bool load_end(struct load *load)
{
    if (load->mode == VISITS) {
        load->mode = LAST_VISITS;
        wait_for(load, &load->owed, STALL_MS);
        object_to_stall(load, load->owed);
    } else {
        see_everybody_answered(load);
        load->mode = QUIET;
        uv_idle_stop(&load->clock);
        wait_for(load, &load->owed, LAST_WORDS_MS);
    }
    return load->problem.chars == NULL;
}

uint64_t load_messages(const struct load *load)
{
    return load->messages;
}

size_t load_gone(const struct load *load)
{
    size_t gone = 0;

    for (size_t i = 0; i < load->count; i++)
        gone += load->clients[i]->state == GONE;
    return gone;
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

void load_free(struct load *load)
{
    load->mode = QUIET;
    for (size_t i = 0; i < load->count; i++)
        if (load->clients[i]->state != GONE)
            client_reset(load->clients[i]);
    uv_close((uv_handle_t *)&load->clock, on_clock_closed);
    while (load->open_handles > 0)
        uv_run(load->loop, UV_RUN_ONCE);
    for (size_t i = 0; i < load->count; i++)
        free(load->clients[i]);
    free(load->clients);
    text_free(&load->problem);
    free(load);
}
