/* crowd - see crowd.h */
#include "crowd.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "player/backlog.h"
#include "player/memory.h"
#include "player/payload.h"
#include "player/text.h"

enum {
    LARGE = 48, /* so many at a time, */
    SMALL = 6, /* or so many */
    LARGE_SIZE_BITS = 20, /* and they send up to 2^20 bytes, */
    SMALL_SIZE_BITS = 15, /* or 2^15 */
    FILL_SIZE =
        512 * 1024, /* more than the kernel holds on both ways, so that the server has to wait: see make_tight() */
    FILL_MS = 30, /* a busy server's time for that */
    PIECE_SIZE = 64 * 1024, /* the largest piece */
    MAX_PIECES = 200,
    TICK_MS = 20, /* from one look to the next */
    PATIENCE_MS = 10 * 1000
};

enum ending {
    STAYS, /* half-closes, and wants to be answered to the end */
    RESETS,
    VANISHES /* closes in the middle, so that the kernel resets later */
};

/* What a client has in mind. */
struct plan {
    size_t size; /* how many bytes it sends, */
    size_t piece; /* how many of them at once, */
    uint64_t pause_ms; /* and how long it pauses after a piece */
    bool reads_at_once; /* otherwise it reads only later, if it is still there */
    enum ending ending;
    uint64_t
        later_ms; /* when it begins to read, resets, or vanishes; without reading, counted from when it last could send */
};

struct client {
    struct crowd *crowd;
    size_t place;
    uint64_t number;
    struct plan plan;
    uv_tcp_t tcp;
    uv_timer_t pause, later;
    int open_handles;
    uv_connect_t connecting;
    uv_write_t write;
    uv_shutdown_t half_close;
    bool is_gone;
    uint64_t moved_at; /* when something was last sent or received, uv_now() */
    struct payload question;
    struct incoming answer;
    size_t sent;
    char *piece; /* the one that is being sent */
    size_t piece_size;
};

struct crowd {
    uv_loop_t *loop;
    struct sockaddr_storage address;
    uint64_t seed;
    bool is_small;
    uv_timer_t tick;
    bool has_tick;
    struct client *clients[LARGE]; /* who has each place, or NULL */
    size_t wanted; /* the first so many places are to be taken */
    size_t present;
    uint64_t dice; /* for `wanted` */
    bool server_may_leave;
    struct crowd_figures figures;
    struct text problem;
    char buffer[PIECE_SIZE];
};

/* ---- Chance ---- */

/* A number below `limit`, which must not be 0: splitmix64. */
static uint64_t roll(uint64_t *dice, uint64_t limit)
{
    uint64_t z = *dice += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % limit;
}

/* As many small ones as large ones, from 0 to below 2^bits. */
static uint64_t roll_any_size(uint64_t *dice, unsigned bits)
{
    return roll(dice, (uint64_t)1 << roll(dice, bits + 1));
}

static struct plan make_plan(uint64_t *dice, bool is_small)
{
    static const size_t buffers[] = {900, 4096, PIECE_SIZE}; /* ours, and those that servers often have */
    static const enum ending endings[] = {STAYS, STAYS, STAYS, RESETS, VANISHES};
    struct plan plan = {.size = roll_any_size(dice, is_small ? SMALL_SIZE_BITS : LARGE_SIZE_BITS), .piece = PIECE_SIZE};

    plan.reads_at_once = roll(dice, 3) > 0;
    if (!plan.reads_at_once && roll(dice, 2) == 0)
        plan.size += FILL_SIZE;
    if (roll(dice, 3) == 0) { /* what if a buffer is filled exactly? */
        const size_t buffer = buffers[roll(dice, is_small ? 2 : 3)];
        plan.size = (plan.size / buffer + 1) * buffer;
    } else if (roll(dice, 2) == 0) {
        plan.piece = 1 + plan.size / MAX_PIECES + roll_any_size(dice, 12);
        plan.pause_ms = plan.size / plan.piece < 20 ? roll(dice, 4) : 0;
    }
    plan.ending = endings[roll(dice, sizeof endings / sizeof endings[0])];
    plan.later_ms = (plan.reads_at_once ? 0 : FILL_MS) + roll_any_size(dice, 7);
    return plan;
}

/* ---- What goes wrong ---- */

/* The first problem counts. Returns where its words go, or NULL. */
static struct text *object(struct client *client)
{
    struct text *problem = &client->crowd->problem;

    if (problem->chars != NULL)
        return NULL;
    text_add(problem, "client %llu: ", (unsigned long long)client->number);
    return problem;
}

static void object_to_byte(struct client *client)
{
    struct text *problem = object(client);

    if (problem != NULL)
        incoming_describe_wrong(&client->answer, "the answer", problem);
}

static void object_to_end(struct client *client, const char *what)
{
    struct text *problem = object(client);

    if (problem != NULL)
        text_add(problem, "%s; it has sent %zu of %zu bytes, and has %zu of the answer", what, client->sent,
                 client->plan.size, client->answer.received);
}

/* ---- Leaving ---- */

static void fill_places(struct crowd *crowd);

static void on_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct crowd *crowd = client->crowd;

    if (--client->open_handles > 0)
        return;
    crowd->clients[client->place] = NULL;
    crowd->present--;
    payload_free(&client->question);
    free(client->piece);
    free(client);
    fill_places(crowd);
}

static void leave(struct client *client, enum ending ending)
{
    if (client->is_gone)
        return;
    client->is_gone = true;
    client->crowd->figures.cut_off += ending != STAYS;
    uv_close((uv_handle_t *)&client->pause, on_closed);
    uv_close((uv_handle_t *)&client->later, on_closed);
    if (ending != RESETS || uv_tcp_close_reset(&client->tcp, on_closed) != 0) /* not after a half-close */
        uv_close((uv_handle_t *)&client->tcp, on_closed);
}

/* ---- Receiving ---- */

static bool is_answered(const struct client *client)
{
    return client->plan.ending == STAYS && client->sent == client->plan.size &&
           client->answer.received == client->plan.size;
}

static void on_end_of_answer(struct client *client, ssize_t n)
{
    if (!client->crowd->server_may_leave && n != UV_EOF)
        object_to_end(client, uv_strerror((int)n));
    else if (!client->crowd->server_may_leave && !is_answered(client))
        object_to_end(client, "the server closed the connection too early");
    leave(client, STAYS);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(client->crowd->buffer, sizeof client->crowd->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    if (n < 0) {
        on_end_of_answer(client, n);
        return;
    }
    client->moved_at = uv_now(client->crowd->loop);
    client->crowd->figures.bytes += incoming_add(&client->answer, buffer->base, (size_t)n);
    if (client->answer.is_wrong) {
        object_to_byte(client);
        leave(client, VANISHES);
    }
}

/* ---- What it does later ---- */

static void on_later(uv_timer_t *timer)
{
    struct client *client = timer->data;

    if (client->plan.ending == STAYS)
        uv_read_start((uv_stream_t *)&client->tcp, give_buffer, on_read);
    else
        leave(client, client->plan.ending);
}

static void set_later(struct client *client)
{
    uv_timer_start(&client->later, on_later, client->plan.later_ms, 0);
}

/* ---- Sending ---- */

static void send_piece(struct client *client);

static void on_pause_over(uv_timer_t *timer)
{
    send_piece(timer->data);
}

/* If the server has left, reading says so, too. */
static void on_written(uv_write_t *request, int status)
{
    struct client *client = request->data;

    if (client->is_gone || status != 0)
        return;
    client->moved_at = uv_now(client->crowd->loop);
    client->sent += client->piece_size;
    if (!client->plan.reads_at_once && uv_is_active((uv_handle_t *)&client->later))
        set_later(client);
    if (client->plan.pause_ms > 0)
        uv_timer_start(&client->pause, on_pause_over, client->plan.pause_ms, 0);
    else
        send_piece(client);
}

static void on_half_closed(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status; /* likewise */
}

static void send_piece(struct client *client)
{
    const size_t left = client->plan.size - client->sent;
    const size_t size = left < client->plan.piece ? left : client->plan.piece;
    const uv_buf_t piece = uv_buf_init(client->piece, (unsigned)size);

    client->piece_size = size;
    if (left > 0) {
        payload_read(&client->question, client->sent, client->piece, size);
        uv_write(&client->write, (uv_stream_t *)&client->tcp, &piece, 1, on_written);
    } else if (client->plan.ending == STAYS) {
        uv_shutdown(&client->half_close, (uv_stream_t *)&client->tcp, on_half_closed);
    }
}

/* ---- Coming ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct client *client = request->data;

    if (client->is_gone)
        return;
    if (status != 0) {
        if (!client->crowd->server_may_leave)
            object_to_end(client, uv_strerror(status));
        leave(client, STAYS);
        return;
    }
    if (client->plan.reads_at_once)
        uv_read_start((uv_stream_t *)&client->tcp, give_buffer, on_read);
    if (!client->plan.reads_at_once || client->plan.ending != STAYS)
        set_later(client);
    send_piece(client);
}

/*
 * Who reads late has little room, and segments as on an Ethernet: so the kernel holds some 370 KiB of what was sent and answered.
 * With those of the loopback, 64 KiB long, it would be megabytes.
 */
static void make_tight(struct client *client)
{
    const int receive_room = 8 * 1024, send_room = 32 * 1024, segment = 1400;
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&client->tcp, &fd) != 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_room, sizeof receive_room);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_room, sizeof send_room);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

static void come(struct crowd *crowd, size_t place)
{
    struct client *client = memory_zeroed(1, sizeof *client);
    const uint64_t number = ++crowd->figures.connections;
    uint64_t dice = crowd->seed + number * 0xd1342543de82ef95u;

    crowd->clients[place] = client;
    crowd->present++;
    *client = (struct client){.crowd = crowd, .place = place, .number = number, .open_handles = 3};
    client->plan = make_plan(&dice, crowd->is_small);
    client->piece = memory_resized(NULL, client->plan.piece);
    payload_add(&client->question, (struct payload_part){.size = client->plan.size, .seed = dice});
    client->answer = (struct incoming){.due = &client->question, .in_upper_case = true};
    client->moved_at = uv_now(crowd->loop);
    client->tcp.data = client->pause.data = client->later.data = client;
    client->connecting.data = client->write.data = client;
    uv_timer_init(crowd->loop, &client->pause);
    uv_timer_init(crowd->loop, &client->later);
    uv_tcp_init_ex(crowd->loop, &client->tcp, crowd->address.ss_family);
    if (!client->plan.reads_at_once)
        make_tight(client);
    const int error =
        uv_tcp_connect(&client->connecting, &client->tcp, (const struct sockaddr *)&crowd->address, on_connected);
    if (error != 0) {
        object_to_end(client, uv_strerror(error));
        leave(client, STAYS);
    }
}

/* Where a backlog is full, the kernel may reset clients that the server has never seen. */
static bool has_room(const struct crowd *crowd)
{
    struct backlog backlog;

    return !backlog_look((const struct sockaddr *)&crowd->address, &backlog) || backlog.waiting <= backlog.limit;
}

static void fill_places(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->wanted && crowd->problem.chars == NULL; i++)
        if (crowd->clients[i] == NULL && has_room(crowd))
            come(crowd, i);
}

/* ---- The crowd ---- */

static void look_who_waits(struct crowd *crowd)
{
    for (size_t i = 0; i < LARGE; i++) {
        struct client *client = crowd->clients[i];
        if (client != NULL && uv_now(crowd->loop) - client->moved_at > PATIENCE_MS)
            object_to_end(client, "nothing has moved for 10 s");
    }
}

/* Now and then it becomes larger, and then many come at once, or smaller. */
static void on_tick(uv_timer_t *timer)
{
    struct crowd *crowd = timer->data;

    look_who_waits(crowd);
    if (crowd->wanted > 0 && roll(&crowd->dice, 4) == 0)
        crowd->wanted = 1 + roll(&crowd->dice, crowd->is_small ? SMALL : LARGE);
    fill_places(crowd);
}

struct crowd *crowd_new(uv_loop_t *loop, const struct sockaddr *address, uint64_t seed, bool is_small)
{
    struct crowd *crowd = memory_zeroed(1, sizeof *crowd);

    crowd->loop = loop;
    crowd->seed = crowd->dice = seed;
    crowd->is_small = is_small;
    memcpy(&crowd->address, address,
           address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    crowd->tick.data = crowd;
    crowd->has_tick = true;
    uv_timer_init(loop, &crowd->tick);
    uv_timer_start(&crowd->tick, on_tick, TICK_MS, TICK_MS);
    return crowd;
}

void crowd_come(struct crowd *crowd)
{
    crowd->wanted = crowd->is_small ? SMALL : LARGE;
    fill_places(crowd);
}

void crowd_end(struct crowd *crowd)
{
    crowd->wanted = 0;
}

void crowd_end_with_server(struct crowd *crowd)
{
    crowd->wanted = 0;
    crowd->server_may_leave = true;
}

size_t crowd_present(const struct crowd *crowd)
{
    return crowd->present;
}

struct crowd_figures crowd_figures(const struct crowd *crowd)
{
    return crowd->figures;
}

const char *crowd_problem(const struct crowd *crowd)
{
    return crowd->problem.chars;
}

static void on_tick_closed(uv_handle_t *handle)
{
    struct crowd *crowd = handle->data;

    crowd->has_tick = false;
}

void crowd_free(struct crowd *crowd)
{
    crowd->wanted = 0;
    for (size_t i = 0; i < LARGE; i++)
        if (crowd->clients[i] != NULL)
            leave(crowd->clients[i], RESETS);
    uv_close((uv_handle_t *)&crowd->tick, on_tick_closed);
    while (crowd->present > 0 || crowd->has_tick)
        uv_run(crowd->loop, UV_RUN_ONCE);
    text_free(&crowd->problem);
    free(crowd);
}
