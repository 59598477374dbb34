/* sender - see sender.h */
#include "sender.h"

#include <stdlib.h>

#include "memory.h"

enum { CHUNK_SIZE = 64 * 1024 };

void sender_init(struct sender *sender, uv_stream_t *stream, const struct payload *payload,
                 void (*on_sent)(struct sender *sender, ssize_t n), void *owner)
{
    *sender = (struct sender){.stream = stream, .payload = payload, .on_sent = on_sent, .owner = owner};
    sender->write.data = sender->shutdown.data = sender->pause.data = sender;
    uv_timer_init(stream->loop, &sender->pause);
}

static void on_pause_over(uv_timer_t *timer)
{
    sender_go(timer->data);
}

/* Between two pieces of the same part. */
static void pause_after_piece(struct sender *sender)
{
    const struct payload_part *part = payload_part_at(sender->payload, sender->sent - 1);
    const size_t done = sender->sent - part->start;

    if (part->every_ms == 0 || done % part->piece != 0 || done == part->size)
        return;
    uv_update_time(sender->pause.loop);
    uv_timer_start(&sender->pause, on_pause_over, part->every_ms, 0);
}

static void on_written(uv_write_t *write, int error)
{
    struct sender *sender = write->data;
    const size_t written = sender->in_flight;

    free(sender->chunk);
    sender->chunk = NULL;
    sender->in_flight = 0;
    if (sender->is_stopped)
        return;
    if (error != 0) {
        sender->error = error;
        sender->on_sent(sender, error);
        return;
    }
    sender->sent += written;
    pause_after_piece(sender);
    sender->on_sent(sender, (ssize_t)written);
    sender_go(sender);
}

static size_t next_chunk(const struct sender *sender)
{
    const struct payload_part *part = payload_part_at(sender->payload, sender->sent);
    const size_t done = sender->sent - part->start;
    size_t size = part->size - done;

    if (part->piece > 0 && size > part->piece - done % part->piece)
        size = part->piece - done % part->piece;
    return size < CHUNK_SIZE ? size : CHUNK_SIZE;
}

static void write_chunk(struct sender *sender)
{
    sender->in_flight = next_chunk(sender);
    sender->chunk = memory_resized(NULL, sender->in_flight);
    payload_read(sender->payload, sender->sent, sender->chunk, sender->in_flight);

    const uv_buf_t buffer = uv_buf_init(sender->chunk, (unsigned)sender->in_flight);
    const int error = uv_write(&sender->write, sender->stream, &buffer, 1, on_written);
    if (error != 0)
        on_written(&sender->write, error);
}

static void on_shut_down(uv_shutdown_t *shutdown, int error)
{
    (void)shutdown; /* if it failed (ENOTCONN), the other side was faster: there is nothing left to end */
    (void)error;
}

void sender_go(struct sender *sender)
{
    if (sender->is_stopped || sender->error != 0 || sender->in_flight > 0 || !uv_is_writable(sender->stream) ||
        uv_is_active((uv_handle_t *)&sender->pause))
        return;
    if (sender->sent < sender->payload->total) {
        write_chunk(sender);
    } else if (sender->end_is_owed) {
        sender->end_is_owed = false;
        uv_shutdown(&sender->shutdown, sender->stream, on_shut_down);
    }
}

void sender_end(struct sender *sender)
{
    sender->end_is_owed = true;
    sender_go(sender);
}

size_t sender_sent(const struct sender *sender)
{
    return sender->sent + sender->in_flight - (sender->in_flight > 0 ? sender->stream->write_queue_size : 0);
}

bool sender_is_held_up(const struct sender *sender)
{
    return sender->error == 0 && sender->sent < sender->payload->total && !uv_is_active((uv_handle_t *)&sender->pause);
}

bool sender_is_idle(const struct sender *sender)
{
    if (sender->error != 0)
        return true;
    return sender->sent == sender->payload->total && !sender->end_is_owed;
}

static void on_pause_closed(uv_handle_t *handle)
{
    struct sender *sender = handle->data;

    sender->on_closed(sender);
}

void sender_close(struct sender *sender, void (*on_closed)(struct sender *sender))
{
    sender->is_stopped = true;
    sender->on_closed = on_closed;
    uv_close((uv_handle_t *)&sender->pause, on_pause_closed);
}
