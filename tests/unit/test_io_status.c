/*
 * test_io_status - do recv(), send() and accept() get their right name, whatever happens to a connection?
 *
 * The states are real: each test brings a TCP connection over the loopback into one and asks what the call on it means.
 * The tables at the end hold what cannot be brought about (see also test_accept.c).
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "io_uv.h"
#include "peer.h"
#include "signals.h"

enum { LIMIT_MS = 30, PLENTY = 1024 * 1024 };

static char buffer[PLENTY];

static struct io_result receive(int fd)
{
    return io_recv(fd, buffer, sizeof buffer);
}

/* ---- recv() ---- */

static void what_if_bytes_are_there(void **state)
{
    assert_int_equal(send(pair.theirs, "hello\n", 6, 0), 6);
    assert_io("recv() with 6 bytes waiting", receive(pair.ours), success_of(6));
    assert_memory_equal(buffer, "hello\n", 6);
}

static void what_if_more_bytes_are_there_than_fit(void **state)
{
    assert_int_equal(send(pair.theirs, "hello\n", 6, 0), 6);
    assert_io("recv() into 4 bytes with 6 waiting", io_recv(pair.ours, buffer, 4), success_of(4));
    assert_io("recv() of the other 2", receive(pair.ours), success_of(2));
    assert_memory_equal(buffer, "o\n", 2);
}

/* Also: are the bytes before the end received before it? */
static void what_if_the_peer_ends_its_stream(void **state)
{
    assert_int_equal(send(pair.theirs, "bye", 3, 0), 3);
    shutdown(pair.theirs, SHUT_WR);
    assert_io("recv() of the last bytes", receive(pair.ours), success_of(3));
    assert_io("recv() at the peer's end of stream", receive(pair.ours), only(IO_CONNECTION_CLOSED));
    assert_io("recv() there once more", receive(pair.ours), only(IO_CONNECTION_CLOSED));
}

static void what_if_nothing_is_there_and_the_socket_does_not_block(void **state)
{
    sockets_set_nonblocking(pair.ours);
    assert_io("recv() with nothing there on a non-blocking socket", receive(pair.ours), only(IO_NO_DATA));
}

/* EAGAIN looks like NO_DATA: only the caller knows that there was a limit. */
static void what_if_nothing_comes_within_the_time_limit(void **state)
{
    sockets_set_time_limit(pair.ours, SO_RCVTIMEO, LIMIT_MS);
    assert_io("recv() that SO_RCVTIMEO ended, before the caller says so", receive(pair.ours), only(IO_NO_DATA));
    assert_io("recv() that SO_RCVTIMEO ended", io_time_limited(receive(pair.ours)), only(IO_TIMEOUT));
}

static void what_if_the_peer_resets(void **state)
{
    sockets_reset(pair.theirs);
    sockets_wait_for_error(pair.ours);
    assert_io("recv() after the peer reset the connection", receive(pair.ours), error_of(ECONNRESET));
}

/* What if the peer resets while we wait, and signals came before? */
static void what_if_the_peer_resets_while_we_wait(void **state)
{
    struct signals signals;

    signals_begin(&signals, 2, sockets_reset, pair.theirs);
    const struct io_result received = receive(pair.ours);
    signals_end(&signals);
    assert_io("recv() while the peer resets the connection", received, error_of(ECONNRESET));
}

/* ETIMEDOUT is no time limit of the caller's: nothing is left to wait for. */
static void what_if_the_kernel_gives_the_connection_up(void **state)
{
    const struct pair other = sockets_open();

    if (!sockets_starve(pair.ours) || !sockets_starve(other.ours)) {
        print_message("skipped: no TCP_USER_TIMEOUT on this system\n");
        skip();
    }
    sockets_wait_for_error(pair.ours);
    assert_io("recv() after the kernel gave up a dead connection", io_time_limited(receive(pair.ours)),
              error_of(ETIMEDOUT));
    sockets_wait_for_error(other.ours);
    assert_io("send() after the kernel gave up a dead connection", io_time_limited(io_send(other.ours, "x", 1)),
              error_of(ETIMEDOUT));
    sockets_close(&other);
}

static void what_if_signals_arrive_while_recv_waits(void **state)
{
    struct signals signals;

    signals_begin(&signals, 5, say_hello, pair.theirs);
    const struct io_result received = receive(pair.ours);
    signals_end(&signals);
    assert_io("recv() that signals interrupt (EINTR) before bytes come", received, success_of(6));
}

/* ---- send() ---- */

static void what_if_there_is_room(void **state)
{
    assert_io("send() with room", io_send(pair.ours, "hello\n", 6), success_of(6));
    assert_int_equal(sockets_take(pair.theirs, 6), 6);
}

/* What if only a part fits? Is what send() said it took exactly what arrives? */
static void what_if_there_is_room_for_a_part(void **state)
{
    sockets_set_nonblocking(pair.ours);
    const struct io_result sent = io_send(pair.ours, buffer, PLENTY);
    assert_io("send() of more than fits", sent, success_of(sent.bytes));
    assert_in_range(sent.bytes, 1, PLENTY - 1);
    shutdown(pair.ours, SHUT_WR);
    assert_int_equal(sockets_take(pair.theirs, PLENTY), sent.bytes);
}

static void what_if_there_is_no_room_and_the_socket_does_not_block(void **state)
{
    sockets_set_nonblocking(pair.ours);
    sockets_fill(pair.ours);
    assert_io("send() without room on a non-blocking socket", io_send(pair.ours, "x", 1), only(IO_NO_DATA));
}

/* What if nothing fits within the time limit? And what if a part does: is it not lost behind a TIMEOUT? */
static void what_if_there_is_no_room_within_the_time_limit(void **state)
{
    sockets_set_time_limit(pair.ours, SO_SNDTIMEO, LIMIT_MS);
    const struct io_result sent = io_time_limited(io_send(pair.ours, buffer, PLENTY));
    assert_io("send() that SO_SNDTIMEO ended after a part", sent, success_of(sent.bytes));
    assert_in_range(sent.bytes, 1, PLENTY - 1);
    sockets_fill(pair.ours);
    assert_io("send() that SO_SNDTIMEO ended", io_time_limited(io_send(pair.ours, "x", 1)), only(IO_TIMEOUT));
}

/* What if the peer has closed? The first send() cannot know; the peer's kernel answers it with a reset. */
static void what_if_we_send_after_the_peer_closed(void **state)
{
    close(pair.theirs);
    sockets_wait_for_input(pair.ours);
    assert_io("the first send() after the peer closed", io_send(pair.ours, "x", 1), success_of(1));
    sockets_wait_for_error(pair.ours);
    assert_io("send() when we know that the peer has closed (EPIPE)", io_send(pair.ours, "x", 1),
              only(IO_CONNECTION_CLOSED));
}

static void what_if_we_send_after_our_own_half_close(void **state)
{
    shutdown(pair.ours, SHUT_WR);
    assert_io("send() after shutdown() (EPIPE)", io_send(pair.ours, "x", 1), only(IO_CONNECTION_CLOSED));
}

static void what_if_we_send_after_a_reset(void **state)
{
    sockets_reset(pair.theirs);
    sockets_wait_for_error(pair.ours);
    assert_io("send() after the peer reset the connection", io_send(pair.ours, "x", 1), error_of(ECONNRESET));
}

static void what_if_signals_arrive_while_send_waits(void **state)
{
    struct signals signals;

    filled = sockets_fill(pair.ours);
    signals_begin(&signals, 5, make_room, pair.theirs);
    const struct io_result sent = io_send(pair.ours, "x", 1);
    signals_end(&signals);
    assert_io("send() that signals interrupt (EINTR) before there is room", sent, success_of(1));
}

/* ---- What is no connection at all ---- */

static void what_if_it_is_no_connection(void **state)
{
    const int unconnected = socket(AF_INET, SOCK_STREAM, 0);
    const int file = open("/dev/null", O_RDWR);

    assert_io("recv() on a socket that was never connected", receive(unconnected), error_of(ENOTCONN));
    assert_io("recv() on a file", receive(file), error_of(ENOTSOCK));
    assert_io("send() to a file", io_send(file, "x", 1), error_of(ENOTSOCK));
    assert_io("recv() on no descriptor", receive(-1), error_of(EBADF));
    assert_io("send() to no descriptor", io_send(-1, "x", 1), error_of(EBADF));
    close(unconnected);
    close(file);
}

/* ---- accept() ---- */

static void what_if_a_client_waits_in_the_backlog(void **state)
{
    const int client = sockets_connect(listener);
    int fd = -1;

    assert_io("accept() with a client waiting", io_accept(listener, &fd), success_of(0));
    assert_int_equal(send(client, "hi", 2, 0), 2);
    assert_io("recv() from the client that was accepted", receive(fd), success_of(2));
    close(fd);
    close(client);
}

static void what_if_nobody_waits(void **state)
{
    int fd = 7;

    sockets_set_nonblocking(listener);
    assert_io("accept() with nobody waiting on a non-blocking listener", io_accept(listener, &fd), only(IO_NO_DATA));
    assert_int_equal(fd, -1);
}

static void what_if_nobody_comes_within_the_time_limit(void **state)
{
    int fd = 7;

    sockets_set_time_limit(listener, SO_RCVTIMEO, LIMIT_MS);
    assert_io("accept() that SO_RCVTIMEO ended", io_time_limited(io_accept(listener, &fd)), only(IO_TIMEOUT));
    assert_int_equal(fd, -1);
}

static void what_if_signals_arrive_while_accept_waits(void **state)
{
    struct signals signals;
    int fd = -1;

    signals_begin(&signals, 5, come, listener);
    const struct io_result accepted = io_accept(listener, &fd);
    signals_end(&signals);
    assert_io("accept() that signals interrupt (EINTR) before a client comes", accepted, success_of(0));
    assert_int_not_equal(fd, -1);
    close(fd);
    close(newcomer);
}

/* What if we have no descriptor left? Does the client stay in the backlog until we have one? */
static void what_if_we_are_out_of_descriptors(void **state)
{
    const int client = sockets_connect(listener);
    struct rlimit before, none;
    int fd = 7;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const struct io_result accepted = io_accept(listener, &fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_io("accept() without a free descriptor", accepted, error_of(EMFILE));
    assert_int_equal(fd, -1);
    assert_io("accept() of the same client, with a descriptor", io_accept(listener, &fd), success_of(0));
    close(fd);
    close(client);
}

/* What if a waiting client resets? Some systems pass it over, others give it to us: then recv() says what is wrong. */
static void what_if_a_waiting_client_resets(void **state)
{
    int fd;

    sockets_reset(sockets_connect(listener));
    sockets_set_nonblocking(listener);
    const struct io_result accepted = io_accept(listener, &fd);
    if (accepted.status == IO_SUCCESS) {
        assert_io("recv() from a client that reset before accept()", receive(fd), error_of(ECONNRESET));
        close(fd);
    } else {
        assert_io("accept() when the only client has reset", accepted, only(IO_NO_DATA));
    }
}

static void what_if_it_is_no_listener(void **state)
{
    const int unbound = socket(AF_INET, SOCK_STREAM, 0);
    int fd = 7;

    assert_io("accept() on a socket that does not listen", io_accept(unbound, &fd), error_of(EINVAL));
    assert_int_equal(fd, -1);
    assert_io("accept() on no descriptor", io_accept(-1, &fd), error_of(EBADF));
    close(unbound);
}

/* ---- The tables ---- */

static void is_the_table_for_recv_and_send_kept(void **state)
{
    static const struct {
        const char *what;
        ssize_t n;
        int error;
        struct io_result of_recv, of_send;
    } rows[] = {
        {"1 byte", 1, 0, {IO_SUCCESS, 1, 0}, {IO_SUCCESS, 1, 0}},
        {"bytes, with an errno left over", 900, EAGAIN, {IO_SUCCESS, 900, 0}, {IO_SUCCESS, 900, 0}},
        {"0", 0, 0, {IO_CONNECTION_CLOSED, 0, 0}, {IO_NO_DATA, 0, 0}},
        {"0, with an errno left over", 0, ECONNRESET, {IO_CONNECTION_CLOSED, 0, 0}, {IO_NO_DATA, 0, 0}},
        {"EAGAIN", -1, EAGAIN, {IO_NO_DATA, 0, 0}, {IO_NO_DATA, 0, 0}},
        {"EWOULDBLOCK", -1, EWOULDBLOCK, {IO_NO_DATA, 0, 0}, {IO_NO_DATA, 0, 0}},
        {"EPIPE", -1, EPIPE, {IO_ERROR, 0, EPIPE}, {IO_CONNECTION_CLOSED, 0, 0}},
        {"ETIMEDOUT", -1, ETIMEDOUT, {IO_ERROR, 0, ETIMEDOUT}, {IO_ERROR, 0, ETIMEDOUT}},
        {"ECONNRESET", -1, ECONNRESET, {IO_ERROR, 0, ECONNRESET}, {IO_ERROR, 0, ECONNRESET}},
        {"EINTR", -1, EINTR, {IO_ERROR, 0, EINTR}, {IO_ERROR, 0, EINTR}},
        {"ENOBUFS", -1, ENOBUFS, {IO_ERROR, 0, ENOBUFS}, {IO_ERROR, 0, ENOBUFS}},
        {"EHOSTUNREACH", -1, EHOSTUNREACH, {IO_ERROR, 0, EHOSTUNREACH}, {IO_ERROR, 0, EHOSTUNREACH}},
    };
    char what[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(what, sizeof what, "io_of_recv() of %s", rows[i].what);
        assert_io(what, io_of_recv(rows[i].n, rows[i].error), rows[i].of_recv);
        snprintf(what, sizeof what, "io_of_send() of %s", rows[i].what);
        assert_io(what, io_of_send(rows[i].n, rows[i].error), rows[i].of_send);
    }
}

static void is_the_table_for_libuv_kept(void **state)
{
    static const struct {
        const char *what;
        ssize_t n;
        struct io_result expected;
    } rows[] = {
        {"1", 1, {IO_SUCCESS, 1, 0}},
        {"65536", 65536, {IO_SUCCESS, 65536, 0}},
        {"0 (nothing now, no error)", 0, {IO_NO_DATA, 0, 0}},
        {"UV_EAGAIN", UV_EAGAIN, {IO_NO_DATA, 0, 0}},
        {"UV_EOF", UV_EOF, {IO_CONNECTION_CLOSED, 0, 0}},
        {"UV_EPIPE", UV_EPIPE, {IO_CONNECTION_CLOSED, 0, 0}},
        {"UV_ECONNRESET", UV_ECONNRESET, {IO_ERROR, 0, ECONNRESET}},
        {"UV_ETIMEDOUT", UV_ETIMEDOUT, {IO_ERROR, 0, ETIMEDOUT}},
        {"UV_ECANCELED", UV_ECANCELED, {IO_ERROR, 0, ECANCELED}},
    };
    char what[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(what, sizeof what, "io_of_uv() of %s", rows[i].what);
        assert_io(what, io_of_uv(rows[i].n), rows[i].expected);
    }
}

static void does_a_time_limit_change_only_no_data(void **state)
{
    assert_io("NO_DATA with a time limit", io_time_limited(only(IO_NO_DATA)), only(IO_TIMEOUT));
    assert_io("TIMEOUT with a time limit", io_time_limited(only(IO_TIMEOUT)), only(IO_TIMEOUT));
    assert_io("SUCCESS with a time limit", io_time_limited(success_of(6)), success_of(6));
    assert_io("CONNECTION_CLOSED with a time limit", io_time_limited(only(IO_CONNECTION_CLOSED)),
              only(IO_CONNECTION_CLOSED));
    assert_io("ERROR with a time limit", io_time_limited(error_of(ETIMEDOUT)), error_of(ETIMEDOUT));
}

/* ---- Names and words ---- */

static void has_every_status_its_name(void **state)
{
    static const char *const names[] = {"SUCCESS", "CONNECTION_CLOSED", "TIMEOUT", "NO_DATA", "ERROR"};

    for (unsigned status = IO_SUCCESS; status <= IO_ERROR; status++)
        assert_text("a status", "its name", io_status_name(status), names[status]);
}

static void has_an_errno_its_symbol(void **state)
{
    assert_text("errno", "its symbol", io_error_name(ECONNRESET), "ECONNRESET");
    assert_text("errno", "its symbol", io_error_name(ETIMEDOUT), "ETIMEDOUT");
    assert_text("errno", "its symbol", io_error_name(EMFILE), "EMFILE");
    assert_text("errno", "its symbol", io_error_name(EPIPE), "EPIPE");
    assert_text("errno", "its symbol", io_error_name(EWOULDBLOCK), "EAGAIN");
    assert_null(io_error_name(0));
    assert_null(io_error_name(EDOM));
}

static void is_a_result_described_in_these_words(void **state)
{
    char unknown[IO_TEXT_SIZE];
    const struct {
        struct io_result result;
        const char *words;
    } rows[] = {
        {success_of(6), "SUCCESS 6 bytes"},
        {success_of(1), "SUCCESS 1 byte"},
        {success_of(0), "SUCCESS"},
        {success_of(16777216), "SUCCESS 16777216 bytes"},
        {only(IO_CONNECTION_CLOSED), "CONNECTION_CLOSED"},
        {only(IO_TIMEOUT), "TIMEOUT"},
        {only(IO_NO_DATA), "NO_DATA"},
        {error_of(ECONNRESET), "ERROR Connection reset by peer (ECONNRESET)"},
        {error_of(EMFILE), "ERROR Too many open files (EMFILE)"},
        {error_of(EDOM), unknown}, /* no error of sockets */
    };
    char text[IO_TEXT_SIZE];

    snprintf(unknown, sizeof unknown, "ERROR %s (errno %d)", strerror(EDOM), EDOM);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ptr_equal(io_describe(rows[i].result, text), text);
        assert_text("a result", "its description", text, rows[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(what_if_bytes_are_there),
        PEER_TEST(what_if_more_bytes_are_there_than_fit),
        PEER_TEST(what_if_the_peer_ends_its_stream),
        PEER_TEST(what_if_nothing_is_there_and_the_socket_does_not_block),
        PEER_TEST(what_if_nothing_comes_within_the_time_limit),
        PEER_TEST(what_if_the_peer_resets),
        PEER_TEST(what_if_the_peer_resets_while_we_wait),
        PEER_TEST(what_if_the_kernel_gives_the_connection_up),
        PEER_TEST(what_if_signals_arrive_while_recv_waits),
        PEER_TEST(what_if_there_is_room),
        PEER_TEST(what_if_there_is_room_for_a_part),
        PEER_TEST(what_if_there_is_no_room_and_the_socket_does_not_block),
        PEER_TEST(what_if_there_is_no_room_within_the_time_limit),
        PEER_TEST(what_if_we_send_after_the_peer_closed),
        PEER_TEST(what_if_we_send_after_our_own_half_close),
        PEER_TEST(what_if_we_send_after_a_reset),
        PEER_TEST(what_if_signals_arrive_while_send_waits),
        cmocka_unit_test(what_if_it_is_no_connection),
        PEER_TEST(what_if_a_client_waits_in_the_backlog),
        PEER_TEST(what_if_nobody_waits),
        PEER_TEST(what_if_nobody_comes_within_the_time_limit),
        PEER_TEST(what_if_signals_arrive_while_accept_waits),
        PEER_TEST(what_if_we_are_out_of_descriptors),
        PEER_TEST(what_if_a_waiting_client_resets),
        cmocka_unit_test(what_if_it_is_no_listener),
        cmocka_unit_test(is_the_table_for_recv_and_send_kept),
        cmocka_unit_test(is_the_table_for_libuv_kept),
        cmocka_unit_test(does_a_time_limit_change_only_no_data),
        cmocka_unit_test(has_every_status_its_name),
        cmocka_unit_test(has_an_errno_its_symbol),
        cmocka_unit_test(is_a_result_described_in_these_words),
    };

    unit_begin();
    return cmocka_run_group_tests_name("io_status", tests, NULL, NULL);
}
