/* client - one client of the load; a part of load, which alone includes it. */
#ifndef CLIENT_H
#define CLIENT_H

#include "load.h"
#include "player/text.h"

enum { PLACES = 4093 /* where a message may begin in the pattern; a prime, so that neighbours do not meet */ };

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

/* It begins to connect. */
void client_come(struct client *client);

/* It comes for a visit; its wait begins now. */
void client_visit(struct client *client);

/* Sends its next message; `since`: when its wait begins. */
void client_send(struct client *client, uint64_t since);

/* Open loop: the same if a message is due. */
void client_send_due(struct client *client);

/* Something is wrong with the server; the first time counts. */
void client_object(struct load *load, const char *what);

/* It leaves by a reset. */
void client_reset(struct client *client);

#endif
