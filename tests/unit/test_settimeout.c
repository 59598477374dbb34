/*
 * test_settimeout - does a call with a time limit wait as long as it was told, whatever happens meanwhile?
 *
 * All waits are measured on the monotonic clock. A wait may never be shorter than asked; how much longer depends on how
 * busy the machine is, so the upper bound is generous.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "must.h"
#include "net.h"
#include "signals.h"

static bool poll_fails;

static int play_poll(struct pollfd *descriptors, nfds_t count, int milliseconds)
{
    errno = ENOMEM;
    return poll_fails ? -1 : poll(descriptors, count, milliseconds);
}

/* The tests are linked with common/ but with no model: this one brings the part of 03 that it asks about. */
#define poll play_poll
#include "../../03-settimeout/settimeout.c" /* NOLINT(bugprone-suspicious-include) */
#undef poll

#include "peer.h" /* only here: its names are those of parameters there */

static const double for_ever = 30; /* a limit that no call here may reach */
static const double generous = 5; /* how much longer a wait may be on a busy machine */

static char buffer[1024 * 1024];

static void assert_waited(const char *what, double since, double min)
{
    const double waited = net_now() - since;

    if (waited < min)
        fail_msg("%s ended after %.4f s, earlier than the %.4f s asked for", what, waited, min);
    if (waited > min + generous)
        fail_msg("%s ended only after %.2f s, not after the %.2f s asked for", what, waited, min);
}

static int setup(void **state)
{
    peer_setup(state);
    sockets_set_nonblocking(pair.ours);
    sockets_set_nonblocking(listener);
    return 0;
}

#define NONBLOCKING(test) cmocka_unit_test_setup_teardown(test, setup, peer_teardown)

static void do_nothing(int fd)
{
}

/* ---- The limit ---- */

static void what_if_nothing_comes_in_time(void **state)
{
    const double start = net_now();

    assert_io("settimeout_recv() with nothing there", settimeout_recv(pair.ours, buffer, sizeof buffer, 0.02),
              only(IO_TIMEOUT));
    assert_waited("settimeout_recv()", start, 0.02);
}

static void what_if_there_is_no_room_in_time(void **state)
{
    sockets_fill(pair.ours);
    const double start = net_now();
    assert_io("settimeout_send() without room", settimeout_send(pair.ours, "x", 1, 0.02), only(IO_TIMEOUT));
    assert_waited("settimeout_send()", start, 0.02);
}

static void what_if_nobody_comes_in_time(void **state)
{
    const double start = net_now();
    int fd = 7;

    assert_io("settimeout_accept() with nobody waiting", settimeout_accept(listener, &fd, 0.02), only(IO_TIMEOUT));
    assert_int_equal(fd, -1);
    assert_waited("settimeout_accept()", start, 0.02);
}

/* poll() takes whole milliseconds: is a limit in between never cut to the one below? */
static void is_a_limit_between_two_milliseconds_kept(void **state)
{
    static const double limits[] = {0.0001, 0.001, 0.0015, 0.0039, 0.0101};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const double start = net_now();
        assert_io("settimeout_recv() with a very short limit", settimeout_recv(pair.ours, buffer, 1, limits[i]),
                  only(IO_TIMEOUT));
        assert_waited("settimeout_recv()", start, limits[i]);
    }
}

/* Does it sleep while it waits, also in the last millisecond, instead of asking poll() again and again? */
static void does_a_wait_cost_no_cpu_time(void **state)
{
    const clock_t start = clock();

    for (int i = 0; i < 40; i++)
        assert_io("settimeout_recv() with a very short limit", settimeout_recv(pair.ours, buffer, 1, 0.0009),
                  only(IO_TIMEOUT));
    const double used = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (used > 0.018)
        fail_msg("40 waits of 0.9 ms used %.0f ms of CPU time: is the last part of a millisecond rounded down to 0?",
                 used * 1000);
}

/* With 0 seconds nothing waits, so nothing can time out. */
static void is_no_time_at_all_no_data(void **state)
{
    int fd = 7;

    sockets_fill(pair.ours);
    assert_io("settimeout_recv() with 0 s", settimeout_recv(pair.ours, buffer, 1, 0), only(IO_NO_DATA));
    assert_io("settimeout_send() with 0 s", settimeout_send(pair.ours, "x", 1, 0), only(IO_NO_DATA));
    assert_io("settimeout_accept() with 0 s", settimeout_accept(listener, &fd, 0), only(IO_NO_DATA));
    assert_int_equal(fd, -1);
}

/* ---- What comes in time ---- */

static void is_what_is_there_taken_at_once(void **state)
{
    const int client = sockets_connect(listener);
    int fd = -1;

    assert_int_equal(send(pair.theirs, "hello\n", 6, 0), 6);
    sockets_wait_for_input(pair.ours);
    assert_io("settimeout_recv() with 6 bytes there", settimeout_recv(pair.ours, buffer, sizeof buffer, 0),
              success_of(6));
    assert_memory_equal(buffer, "hello\n", 6);
    assert_io("settimeout_send() with room", settimeout_send(pair.ours, "x", 1, 0), success_of(1));
    sockets_wait_for_input(listener);
    assert_io("settimeout_accept() with a client there", settimeout_accept(listener, &fd, 0), success_of(0));
    close(fd);
    close(client);
}

static void what_if_bytes_come_while_we_wait(void **state)
{
    const double start = net_now();
    struct signals signals;

    signals_begin(&signals, 2, say_hello, pair.theirs);
    const struct io_result received = settimeout_recv(pair.ours, buffer, sizeof buffer, for_ever);
    signals_end(&signals);
    assert_io("settimeout_recv() while bytes come", received, success_of(6));
    assert_waited("settimeout_recv()", start, 0);
}

static void what_if_room_is_made_while_we_wait(void **state)
{
    struct signals signals;

    filled = sockets_fill(pair.ours);
    const double start = net_now();
    signals_begin(&signals, 2, make_room, pair.theirs);
    const struct io_result sent = settimeout_send(pair.ours, "x", 1, for_ever);
    signals_end(&signals);
    assert_io("settimeout_send() while room is made", sent, success_of(1));
    assert_waited("settimeout_send()", start, 0);
}

static void what_if_a_client_comes_while_we_wait(void **state)
{
    const double start = net_now();
    struct signals signals;
    int fd = -1;

    signals_begin(&signals, 2, come, listener);
    const struct io_result accepted = settimeout_accept(listener, &fd, for_ever);
    signals_end(&signals);
    assert_io("settimeout_accept() while a client comes", accepted, success_of(0));
    assert_int_not_equal(fd, -1);
    assert_waited("settimeout_accept()", start, 0);
    close(fd);
    close(newcomer);
}

/* ---- What ends the wait otherwise ---- */

static void half_close(int fd)
{
    shutdown(fd, SHUT_WR);
}

static void what_if_the_peer_ends_its_stream_while_we_wait(void **state)
{
    struct signals signals;

    signals_begin(&signals, 1, half_close, pair.theirs);
    const struct io_result received = settimeout_recv(pair.ours, buffer, 1, for_ever);
    signals_end(&signals);
    assert_io("settimeout_recv() while the peer closes", received, only(IO_CONNECTION_CLOSED));
}

static void what_if_the_peer_resets_while_we_wait(void **state)
{
    struct signals signals;

    signals_begin(&signals, 1, sockets_reset, pair.theirs);
    const struct io_result received = settimeout_recv(pair.ours, buffer, 1, for_ever);
    signals_end(&signals);
    assert_io("settimeout_recv() while the peer resets the connection", received, error_of(ECONNRESET));
}

/* ETIMEDOUT while we wait looks like a timeout and is none: waiting on is useless. */
static void what_if_the_kernel_gives_the_connection_up_while_we_wait(void **state)
{
    if (!sockets_starve(pair.ours)) {
        print_message("skipped: no TCP_USER_TIMEOUT on this system\n");
        skip();
    }
    assert_io("settimeout_recv() on a connection that the kernel gives up",
              settimeout_recv(pair.ours, buffer, 1, for_ever), error_of(ETIMEDOUT));
}

static void what_if_it_is_no_descriptor(void **state)
{
    int fd = 7;

    assert_io("settimeout_recv() on no descriptor", settimeout_recv(-1, buffer, 1, for_ever), error_of(EBADF));
    assert_io("settimeout_send() on no descriptor", settimeout_send(-1, "x", 1, for_ever), error_of(EBADF));
    assert_io("settimeout_accept() on no descriptor", settimeout_accept(-1, &fd, for_ever), error_of(EBADF));
}

/* ---- Signals ---- */

/* What if a signal comes every 10 ms: is a limit of 200 ms neither started anew by each nor cut off by the first? */
static void do_signals_leave_the_deadline_alone(void **state)
{
    struct signals signals;

    signals_begin(&signals, 10000, do_nothing, -1);
    const double start = net_now();
    const struct io_result received = settimeout_recv(pair.ours, buffer, 1, 0.2);
    assert_waited("settimeout_recv() with a signal every 10 ms", start, 0.2);
    signals_end(&signals);
    assert_io("settimeout_recv() with a signal every 10 ms", received, only(IO_TIMEOUT));
}

static pthread_t waiting;

static void cancel(int signal_number)
{
    settimeout_cancelled = 1;
}

static void send_the_signal(int fd)
{
    pthread_kill(waiting, SIGUSR2);
}

static void does_a_signal_handler_end_a_wait(void **state)
{
    const struct sigaction action = {.sa_handler = cancel};
    struct signals signals;

    must(sigaction(SIGUSR2, &action, NULL) == 0, "sigaction");
    waiting = pthread_self();
    const double start = net_now();
    signals_begin(&signals, 2, send_the_signal, -1);
    const struct io_result received = settimeout_recv(pair.ours, buffer, 1, for_ever);
    signals_end(&signals);
    settimeout_cancelled = 0;
    assert_io("settimeout_recv() that a signal handler cancelled", received, only(IO_TIMEOUT));
    assert_waited("settimeout_recv() that a signal handler cancelled", start, 0);
}

/* As a handler does that runs in another thread, which is no data race that one could do without. */
__attribute__((no_sanitize("thread"))) static void set_the_flag(int fd)
{
    settimeout_cancelled = 1;
}

/* What if the signal comes just before poll(), or to another thread, and does not interrupt it? The flag must do alone. */
static void does_the_flag_alone_end_a_wait(void **state)
{
    struct signals signals;

    const double start = net_now();
    signals_begin(&signals, 0, set_the_flag, -1);
    const struct io_result received = settimeout_recv(pair.ours, buffer, 1, for_ever);
    signals_end(&signals);
    settimeout_cancelled = 0;
    assert_io("settimeout_recv() that was cancelled", received, only(IO_TIMEOUT));
    assert_waited("settimeout_recv() that was cancelled", start, 0);
}

/* ---- poll() itself ---- */

/* What if it has no memory? That is no error of recv(), and no reason to spin, nor to miss what comes. */
static void what_if_poll_fails(void **state)
{
    struct signals later;

    poll_fails = true;
    const clock_t cpu = clock();
    const double start = net_now();
    assert_io("settimeout_recv() without poll()", settimeout_recv(pair.ours, buffer, 1, 0.3), only(IO_TIMEOUT));
    assert_waited("settimeout_recv() without poll()", start, 0.3);
    const double used = (double)(clock() - cpu) / CLOCKS_PER_SEC;
    if (used > 0.15)
        fail_msg("A wait of 300 ms without poll() used %.0f ms of CPU time: does it spin?", used * 1000);
    signals_begin(&later, 2, say_hello, pair.theirs);
    const struct io_result received = settimeout_recv(pair.ours, buffer, sizeof buffer, for_ever);
    signals_end(&later);
    poll_fails = false;
    assert_io("settimeout_recv() without poll(), when bytes come", received, success_of(6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NONBLOCKING(what_if_nothing_comes_in_time),
        NONBLOCKING(what_if_there_is_no_room_in_time),
        NONBLOCKING(what_if_nobody_comes_in_time),
        NONBLOCKING(is_a_limit_between_two_milliseconds_kept),
        NONBLOCKING(does_a_wait_cost_no_cpu_time),
        NONBLOCKING(is_no_time_at_all_no_data),
        NONBLOCKING(is_what_is_there_taken_at_once),
        NONBLOCKING(what_if_bytes_come_while_we_wait),
        NONBLOCKING(what_if_room_is_made_while_we_wait),
        NONBLOCKING(what_if_a_client_comes_while_we_wait),
        NONBLOCKING(what_if_the_peer_ends_its_stream_while_we_wait),
        NONBLOCKING(what_if_the_peer_resets_while_we_wait),
        NONBLOCKING(what_if_the_kernel_gives_the_connection_up_while_we_wait),
        cmocka_unit_test(what_if_it_is_no_descriptor),
        NONBLOCKING(do_signals_leave_the_deadline_alone),
        NONBLOCKING(does_a_signal_handler_end_a_wait),
        NONBLOCKING(does_the_flag_alone_end_a_wait),
        NONBLOCKING(what_if_poll_fails),
    };

    unit_begin();
    return cmocka_run_group_tests_name("settimeout", tests, NULL, NULL);
}
