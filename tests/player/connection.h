/*
 * connection - one TCP connection of which we play one end: sends, receives, and compares every byte that comes, at once,
 * with what must come. It knows nothing of scripts.
 *
 * A connection stays in memory when it is over, so that what was sent can still be looked up; connection_free() ends it.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <uv.h>

#include "io_status.h"
#include "payload.h"
#include "sender.h"

enum connection_event {
    CONNECTION_OPEN, /* IO_SUCCESS, or why there is none */
    CONNECTION_SENT, /* the kernel took so many bytes more */
    CONNECTION_LOST, /* sending failed; what has come can still be read */
    CONNECTION_RECEIVED, /* so many bytes more have come, and all are right */
    CONNECTION_WRONG, /* a byte is wrong, or one too much: see `incoming` */
    CONNECTION_ENDED /* everything was read: IO_CONNECTION_CLOSED or IO_ERROR */
};

enum { CONNECTION_BUFFER = 64 * 1024 };

struct connection {
    void (*on_event)(struct connection *connection, enum connection_event event, struct io_result result);
    void (*on_closed)(struct connection *connection); /* now connection_free() is possible */
    void *owner;
    char *buffer; /* CONNECTION_BUFFER bytes to read into, shared by all connections of a play */

    uv_tcp_t tcp;
    uv_connect_t request;
    struct payload sent;
    struct sender sender;
    struct incoming incoming;

    bool is_open;
    bool is_over; /* closed or reset by us: no events any more */
    bool has_stopped; /* does not want to read */
    bool is_answering; /* sends back what comes, in upper case, and half-closes after its end */
    bool has_ended; /* the other side's end, or a reset, was read */
    struct io_result end; /* which */

    int open_handles;
    struct connection *next; /* for the owner's list */
};

/*
 * Makes a connection that is not open yet: connection_connect() or connection_accept() opens it. `due` may grow; it lives
 * as long as the connection. With NULL, what we send is due, in upper case. The caller sets on_event, on_closed and owner.
 */
struct connection *connection_new(uv_loop_t *loop, const struct payload *due, char *buffer);

/* Connects; CONNECTION_OPEN follows. Returns 0 or a libuv error. */
int connection_connect(struct connection *connection, const struct sockaddr *address);

/* Gives `tcp` a socket with a small receive buffer. Returns 0 or a libuv error. */
int connection_open_socket(uv_tcp_t *tcp, int family);

/* Takes the next connection from `listener`; no event follows. Returns 0 or a libuv error (UV_EAGAIN: there is none). */
int connection_accept(struct connection *connection, uv_stream_t *listener);

/* Hands over bytes, see payload_add(). They are sent in the background; what becomes of them, and the end, see `sender`. */
void connection_send(struct connection *connection, struct payload_part part);

/* Answers everything from what no step has expected on: the same bytes in upper case, then the end. */
void connection_answer(struct connection *connection);

/* Stops reading, or reads on. */
void connection_read(struct connection *connection, bool wanted);

/* How it has ended: by what was read, or by what became of sending. */
struct io_result connection_end(const struct connection *connection);

/* Closes now, or resets. Only on_closed follows. Does nothing if it is over already. */
void connection_close(struct connection *connection);
void connection_reset(struct connection *connection);

/* Gives the memory back, after on_closed. */
void connection_free(struct connection *connection);

#endif
