/* connection - see connection.h */
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io_uv.h"
#include "memory.h"

enum {
    /* A reader that stops must soon stop its server, not let the kernel take megabytes (socket(7)). */
    RECEIVE_BUFFER = 64 * 1024,
    /* While so much of our answer is unsent we do not read: back-pressure, as in a real server. */
    ANSWER_LIMIT = 64 * 1024
};

static void tell(struct connection *connection, enum connection_event event, struct io_result result)
{
    if (!connection->is_over)
        connection->on_event(connection, event, result);
}

/* ---- Receiving ---- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    const struct connection *connection = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(connection->buffer, CONNECTION_BUFFER);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

static void start_or_stop_reading(struct connection *connection)
{
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    const bool is_behind = connection->is_answering && connection->sent.total - connection->sender.sent > ANSWER_LIMIT;

    if (!connection->is_open || connection->is_over || connection->has_ended)
        return;
    if (connection->has_stopped || is_behind)
        uv_read_stop(stream);
    else
        uv_read_start(stream, give_buffer, on_read);
}

static void answer(struct connection *connection, size_t start, size_t size)
{
    const struct payload *due = connection->incoming.due;

    payload_add(&connection->sent, (struct payload_part){.size = size, .echo = due, .echo_start = start});
    connection->incoming.expected = start + size;
    sender_go(&connection->sender);
}

static void receive(struct connection *connection, const char *bytes, size_t size)
{
    const size_t start = connection->incoming.received;
    const size_t right = incoming_add(&connection->incoming, bytes, size);

    if (right > 0 && connection->is_answering)
        answer(connection, start, right);
    if (right > 0)
        tell(connection, CONNECTION_RECEIVED, io_of_uv((ssize_t)right));
    if (right < size)
        tell(connection, CONNECTION_WRONG, (struct io_result){.status = IO_SUCCESS, .bytes = size - right});
}

/*
 * The kernel reports a reset once: if send() was told, recv() reports only an end. EPIPE is no such report: it follows an
 * orderly end that recv() has still to report.
 */
static struct io_result real_end(const struct connection *connection, ssize_t n)
{
    const int lost = connection->sender.error;

    if (n == UV_EOF && lost != 0 && lost != UV_EPIPE)
        return io_of_uv(lost);
    return io_of_uv(n);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;

    if (n == 0 || connection->incoming.is_wrong)
        return;
    if (n > 0) {
        receive(connection, buffer->base, (size_t)n);
        start_or_stop_reading(connection);
        return;
    }
    uv_read_stop(stream);
    connection->has_ended = true;
    connection->end = real_end(connection, n);
    if (connection->is_answering)
        sender_end(&connection->sender);
    tell(connection, CONNECTION_ENDED, connection->end);
}

void connection_read(struct connection *connection, bool wanted)
{
    connection->has_stopped = !wanted;
    start_or_stop_reading(connection);
}

/* ---- Sending ---- */

static void on_sent(struct sender *sender, ssize_t n)
{
    struct connection *connection = sender->owner;

    start_or_stop_reading(connection);
    tell(connection, n > 0 ? CONNECTION_SENT : CONNECTION_LOST, io_of_uv(n));
}

void connection_send(struct connection *connection, struct payload_part part)
{
    payload_add(&connection->sent, part);
    sender_go(&connection->sender);
}

void connection_answer(struct connection *connection)
{
    connection->is_answering = true;
    answer(connection, connection->incoming.expected, incoming_unexpected(&connection->incoming));
    if (connection->has_ended)
        sender_end(&connection->sender);
    start_or_stop_reading(connection);
}

struct io_result connection_end(const struct connection *connection)
{
    return connection->has_ended ? connection->end : io_of_uv(connection->sender.error);
}

/* ---- The beginning ---- */

struct connection *connection_new(uv_loop_t *loop, const struct payload *due, char *buffer)
{
    struct connection *connection = memory_zeroed(1, sizeof *connection);

    connection->buffer = buffer;
    connection->incoming.due = due != NULL ? due : &connection->sent;
    connection->incoming.in_upper_case = due == NULL;
    uv_tcp_init(loop, &connection->tcp);
    sender_init(&connection->sender, (uv_stream_t *)&connection->tcp, &connection->sent, on_sent, connection);
    connection->tcp.data = connection->request.data = connection;
    connection->open_handles = 2;
    return connection;
}

static void begin(struct connection *connection)
{
    connection->is_open = true;
    uv_tcp_nodelay(&connection->tcp, 1); /* pieces travel as pieces */
    start_or_stop_reading(connection);
    sender_go(&connection->sender);
}

static void on_connect(uv_connect_t *request, int error)
{
    struct connection *connection = request->data;
    const struct io_result success = {.status = IO_SUCCESS};

    if (connection->is_over)
        return;
    if (error == 0)
        begin(connection);
    tell(connection, CONNECTION_OPEN, error == 0 ? success : io_of_uv(error));
}

/* The buffer's size is set before connect(), because that is when the window is agreed on (tcp(7)). */
int connection_open_socket(uv_tcp_t *tcp, int family)
{
    const int size = RECEIVE_BUFFER;
    const int fd = socket(family, SOCK_STREAM, 0);

    if (fd == -1)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    int error = fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
    if (error == 0)
        error = uv_tcp_open(tcp, fd);
    if (error != 0)
        close(fd);
    return error;
}

int connection_connect(struct connection *connection, const struct sockaddr *address)
{
    const int error = connection_open_socket(&connection->tcp, address->sa_family);

    if (error != 0)
        return error;
    return uv_tcp_connect(&connection->request, &connection->tcp, address, on_connect);
}

int connection_accept(struct connection *connection, uv_stream_t *listener)
{
    const int error = uv_accept(listener, (uv_stream_t *)&connection->tcp);

    if (error == 0)
        begin(connection);
    return error;
}

/* ---- The end ---- */

static void note_closed(struct connection *connection)
{
    if (--connection->open_handles == 0)
        connection->on_closed(connection);
}

static void on_tcp_closed(uv_handle_t *handle)
{
    note_closed(handle->data);
}

static void on_sender_closed(struct sender *sender)
{
    note_closed(sender->owner);
}

void connection_close(struct connection *connection)
{
    if (connection->is_over)
        return;
    connection->is_over = true;
    uv_close((uv_handle_t *)&connection->tcp, on_tcp_closed);
    sender_close(&connection->sender, on_sender_closed);
}

void connection_reset(struct connection *connection)
{
    /* Not uv_tcp_close_reset(), which refuses while a half-close is under way. */
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    uv_os_fd_t fd;

    if (!connection->is_over && uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    connection_close(connection);
}

void connection_free(struct connection *connection)
{
    payload_free(&connection->sent);
    free(connection);
}
