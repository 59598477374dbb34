/*
 * sender - sends a payload through a libuv stream in the background: in chunks of bounded size, in pieces where the payload
 * says so, and the end of stream after everything.
 */
#ifndef SENDER_H
#define SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "payload.h"

struct sender {
    uv_stream_t *stream;
    const struct payload *payload;
    void (*on_sent)(struct sender *sender, ssize_t n); /* n > 0: so many bytes more; n < 0: it failed, a libuv error */
    void *owner;

    size_t sent; /* taken by the kernel; see also sender_sent() */
    size_t in_flight;
    int error; /* of a write: nothing is sent any more */
    bool end_is_owed; /* half-close after everything */
    bool is_stopped;

    char *chunk;
    uv_write_t write;
    uv_shutdown_t shutdown;
    uv_timer_t pause;
    void (*on_closed)(struct sender *sender);
};

/* Prepares to send `payload`, which may grow, through `stream`; both live longer than the sender. Nothing is sent yet. */
void sender_init(struct sender *sender, uv_stream_t *stream, const struct payload *payload,
                 void (*on_sent)(struct sender *sender, ssize_t n), void *owner);

/*
 * Sends what the payload has, unless that goes on already. To be called whenever the payload has grown, and when a stream
 * opens that was none before.
 */
void sender_go(struct sender *sender);

/* Half-closes the stream when everything has been sent. To be called once. */
void sender_end(struct sender *sender);

/* Bytes that the kernel has taken, also from a write that is not finished. */
size_t sender_sent(const struct sender *sender);

/* Is there something that could be sent now, if only the kernel took it? False in a pause between two pieces. */
bool sender_is_held_up(const struct sender *sender);

/* Has everything been sent (or can no more be), and the end of stream, if it is owed? */
bool sender_is_idle(const struct sender *sender);

/* Sends no more and calls `on_closed` later. The stream's own uv_close() comes at the same time or before. */
void sender_close(struct sender *sender, void (*on_closed)(struct sender *sender));

#endif
