/* test_net - do sockets listen, connect, and carry the options that they should, and are failures said in words? */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "must.h"
#include "net.h"
#include "sockets.h"

/* What goes to standard error is looked at in a short program of its own (child.h). */
static struct child child;

struct where {
    const char *address;
    char port[8];
};

static struct where port_of(const char *address, int fd)
{
    struct where where = {.address = address};

    snprintf(where.port, sizeof where.port, "%d", sockets_port(fd));
    return where;
}

static int listen_there(const void *data)
{
    const struct where *where = data;

    printf("%d", net_listen(where->address, where->port));
    return 0;
}

static int connect_there(const void *data)
{
    const struct where *where = data;

    printf("%d", net_connect(where->address, where->port));
    return 0;
}

/* Does it fail with -1, this line on standard error, and nothing else? `format` has a %s for the port. */
static void assert_fails(int (*program)(const void *data), const struct where *where, const char *format)
{
    char line[256];

    snprintf(line, sizeof line, format, where->port);
    child_run(&child, program, where, NULL);
    assert_child("a socket that cannot be had", &child, 0, "-1", line);
}

static bool has_ipv6(void)
{
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int fd = socket(AF_INET6, SOCK_STREAM, 0);
    const bool works = fd != -1 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;

    close(fd);
    return works;
}

static void skip_without_ipv6(void)
{
    if (has_ipv6())
        return;
    print_message("skipped: this machine has no ::1\n");
    skip();
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;

    must(getsockopt(fd, level, option, &value, &size) == 0, "getsockopt");
    return value;
}

/* ---- Listening ---- */

static void assert_listens(const char *address, const char *name_format)
{
    const int listener = net_listen(address, "0");
    char expected[NET_NAME_SIZE], name[NET_NAME_SIZE];

    assert_int_not_equal(listener, -1);
    const struct where where = port_of(address, listener);
    assert_string_not_equal(where.port, "0");
    snprintf(expected, sizeof expected, name_format, where.port);
    assert_text("a listener", "its name", net_local_name(listener, name), expected);

    const int client = net_connect(address, where.port);
    assert_int_not_equal(client, -1);
    assert_text("a client", "the name of its peer", net_peer_name(client, name), expected);
    const int accepted = accept(listener, NULL, NULL);
    assert_text("an accepted connection", "its name", net_local_name(accepted, expected), net_peer_name(client, name));
    assert_text("an accepted connection", "the name of its peer", net_peer_name(accepted, expected),
                net_local_name(client, name));
    close(accepted);
    close(client);
    close(listener);
}

static void does_it_listen_on_ipv4(void **state)
{
    assert_listens("127.0.0.1", "127.0.0.1:%s");
}

static void does_it_listen_on_ipv6(void **state)
{
    skip_without_ipv6();
    assert_listens("::1", "[::1]:%s");
}

/* What if the port is taken? */
static void what_if_somebody_else_listens_there(void **state)
{
    const int listener = sockets_listen();
    const struct where where = port_of("127.0.0.1", listener);

    assert_fails(listen_there, &where, "server: cannot listen on 127.0.0.1:%s: Address already in use\n");
    close(listener);
}

static void what_if_somebody_else_listens_there_on_ipv6(void **state)
{
    skip_without_ipv6();
    const int listener = net_listen("::1", "0");
    const struct where where = port_of("::1", listener);
    assert_fails(listen_there, &where, "server: cannot listen on [::1]:%s: Address already in use\n");
    close(listener);
}

/* 192.0.2.1 is for documentation (RFC 5737): no machine has it. */
static void what_if_the_address_is_not_ours(void **state)
{
    static const struct where where = {"192.0.2.1", "0"};

    assert_fails(listen_there, &where, "server: cannot listen on 192.0.2.1:%s: Cannot assign requested address\n");
}

/* What if it is no address and no name? The reason is the resolver's, in its words. */
static void assert_no_such_name(int (*program)(const void *data), const struct where *where, const char *line)
{
    child_run(&child, program, where, NULL);
    assert_text(where->address, "standard output", child.output, "-1");
    if (strncmp(child.err, line, strlen(line)) != 0 || strlen(child.err) < strlen(line) + 5)
        fail_msg("expected \"%s\" and the reason, not \"%s\"", line, child.err);
}

static void what_if_there_is_no_such_name(void **state)
{
    static const struct where where = {"no such name", "9000"}, bad_ipv6 = {"::::", "9000"};

    assert_no_such_name(listen_there, &where, "server: cannot listen on no such name:9000: ");
    assert_no_such_name(connect_there, &bad_ipv6, "client: cannot connect to [::::]:9000: ");
}

/*
 * What if a server starts again right after a stop? The connections that it closed first stay in TIME_WAIT for a minute,
 * with its port (RFC 9293 3.6.1): only SO_REUSEADDR lets it listen there.
 */
static void can_a_server_start_again_at_once(void **state)
{
    const int listener = net_listen("127.0.0.1", "0");
    const struct where where = port_of("127.0.0.1", listener);
    const int client = sockets_connect(listener);

    close(accept(listener, NULL, NULL)); /* the server closes first, so the TIME_WAIT is its */
    assert_int_equal(sockets_take(client, 1), 0);
    close(client);
    close(listener);
    const int again = net_listen("127.0.0.1", where.port);
    if (again == -1)
        fail_msg("a restarted server cannot listen on its port: is SO_REUSEADDR set before bind()?");
    close(again);
}

/* Does the backlog hold a crowd that comes at once, before the first accept()? */
static void does_the_backlog_hold_a_crowd(void **state)
{
    enum { CROWD = 100 };
    const int listener = net_listen("127.0.0.1", "0");
    int clients[CROWD];

    for (int i = 0; i < CROWD; i++) {
        clients[i] = sockets_connect(listener);
        if (clients[i] == -1)
            fail_msg("only %d clients of %d fit into the backlog: is it as long as it may be?", i, CROWD);
    }
    for (int i = 0; i < CROWD; i++)
        close(clients[i]);
    close(listener);
}

/* ---- Connecting ---- */

static void what_if_nobody_listens_there(void **state)
{
    const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int silent = socket(AF_INET, SOCK_STREAM, 0);

    must(bind(silent, (const struct sockaddr *)&loopback, sizeof loopback) == 0, "bind"); /* so nobody else does */
    const struct where where = port_of("127.0.0.1", silent);
    assert_fails(connect_there, &where, "client: cannot connect to 127.0.0.1:%s: Connection refused\n");
    close(silent);
}

/* A socket that listens on the last of the addresses that a name stands for; -1 if it stands for one only, or for none. */
static int listen_on_the_last_of(const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *first;
    int fd = -1;

    if (getaddrinfo(name, "0", &hints, &first) != 0)
        return -1; /* a bare system has no /etc/hosts */
    const struct addrinfo *last = first;
    while (last->ai_next != NULL)
        last = last->ai_next;
    if (last != first) {
        fd = socket(last->ai_family, SOCK_STREAM, 0);
        must(fd != -1 && bind(fd, last->ai_addr, last->ai_addrlen) == 0 && listen(fd, 1) == 0, "listen");
    }
    freeaddrinfo(first);
    return fd;
}

/* "localhost" usually stands for ::1 and 127.0.0.1. What if the server listens on the second only? */
static void are_all_addresses_of_a_name_tried(void **state)
{
    const int listener = listen_on_the_last_of("localhost");

    if (listener == -1) {
        print_message("skipped: localhost does not stand for two addresses on this machine\n");
        skip();
    }
    const struct where where = port_of("localhost", listener);
    const int client = net_connect(where.address, where.port);
    if (client == -1)
        fail_msg("the server listens on the last address of localhost, but the client has not tried all of them");
    close(client);
    close(listener);
}

static void does_a_client_block_and_notice_a_dead_path(void **state)
{
    const int listener = sockets_listen();
    const struct where where = port_of("127.0.0.1", listener);
    const int client = net_connect(where.address, where.port);

    assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
    if (option_of(client, SOL_SOCKET, SO_KEEPALIVE) == 0)
        fail_msg("SO_KEEPALIVE is off: a client whose server has vanished waits for ever");
    close(client);
    close(listener);
}

/* Would a program that we start keep our sockets open? */
static void are_the_sockets_closed_on_exec(void **state)
{
    const int listener = net_listen("127.0.0.1", "0");
    const struct where where = port_of("127.0.0.1", listener);
    const int client = net_connect(where.address, where.port);

    if ((fcntl(listener, F_GETFD) & FD_CLOEXEC) == 0 || (fcntl(client, F_GETFD) & FD_CLOEXEC) == 0)
        fail_msg("FD_CLOEXEC is missing: a program that we start would keep the socket open");
    close(client);
    close(listener);
}

/* ---- Preparing ---- */

static void are_answers_sent_at_once(void **state)
{
    const struct pair pair = sockets_open();

    net_prepare(pair.ours, 60);
    if (option_of(pair.ours, IPPROTO_TCP, TCP_NODELAY) == 0)
        fail_msg("TCP_NODELAY is off: a small answer waits until the last one is acknowledged");
    sockets_close(&pair);
}

#ifdef TCP_KEEPIDLE
/*
 * Is a peer that vanished noticed in the time that was promised? A silent peer is probed after `idle` seconds, and given up
 * when so many `probes`, `interval` seconds apart, stayed without an answer. These are whole seconds, at least 1 each, so
 * 2 is the least that can be promised.
 */
static void assert_noticed_within(int seconds)
{
    const struct pair pair = sockets_open();

    net_prepare(pair.ours, seconds);
    if (option_of(pair.ours, SOL_SOCKET, SO_KEEPALIVE) == 0)
        fail_msg("SO_KEEPALIVE is off: a peer that vanished is never noticed");
    const int idle = option_of(pair.ours, IPPROTO_TCP, TCP_KEEPIDLE);
    const int interval = option_of(pair.ours, IPPROTO_TCP, TCP_KEEPINTVL);
    const int probes = option_of(pair.ours, IPPROTO_TCP, TCP_KEEPCNT);
    if (idle != (seconds + 1) / 2)
        fail_msg("keepalive of %d s: the first probe must go out after half of that, not after %d s", seconds, idle);
    if (idle + probes * interval > seconds)
        fail_msg("keepalive of %d s: %d s of silence and %d probes, one every %d s, make %d s", seconds, idle, probes,
                 interval, idle + probes * interval);
    sockets_close(&pair);
}

static void is_a_vanished_peer_noticed_in_time(void **state)
{
    static const int seconds[] = {2, 3, 4, 5, 6, 7, 60, 32767};

    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        assert_noticed_within(seconds[i]);
}
#endif

#ifdef __linux__
/* How long are `tries` whose intervals double from 0.2 seconds up to the longest (tcp(7), tcp_retries2)? */
static double seconds_of(int tries, double longest)
{
    double interval = 0.2, sum = 0;

    for (int i = 0; i <= tries; i++) {
        sum += interval < longest ? interval : longest;
        interval *= 2;
    }
    return sum;
}

/* What if the peer vanished while we have something for it? Then no keepalive probe is sent, and this is what counts. */
static void is_unacknowledged_data_given_up_in_time(void **state)
{
    static const int seconds[] = {2, 12, 20, 60, 120};
    const int tcp_rto_max_ms = 44; /* linux/tcp.h since Linux 6.15 */

    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        const struct pair pair = sockets_open();
        int milliseconds = 0;
        socklen_t size = sizeof milliseconds;
        net_prepare(pair.ours, seconds[i]);
        const bool is_known = getsockopt(pair.ours, IPPROTO_TCP, tcp_rto_max_ms, &milliseconds, &size) == 0;
        sockets_close(&pair);
        if (!is_known) {
            print_message("skipped: this kernel has no TCP_RTO_MAX_MS (Linux 6.15)\n");
            skip();
        }
        const double wanted = seconds[i] < 15 ? 15 : seconds[i], real = seconds_of(15, milliseconds / 1000.0);
        if (real < wanted * 3 / 4 || real > wanted * 5 / 4)
            fail_msg("Data for a peer that is gone are sent again for %g s, which should be about %g s", real, wanted);
    }
}
#endif

static int prepare_nothing(const void *data)
{
    net_prepare(-1, 60);
    return 0;
}

static void what_if_the_connection_is_gone_already(void **state)
{
    child_run(&child, prepare_nothing, NULL, NULL);
    assert_child("net_prepare() of no socket", &child, 0, "", "");
}

/* ---- Flags ---- */

/* F_SETFL replaces all flags: is the old set read first, and added to? A pipe and a file have a flag that shows. */
static void are_the_other_flags_kept(void **state)
{
    FILE *file = tmpfile();
    int ends[2];

    must(file != NULL && pipe(ends) == 0, "a file and a pipe");
    const int fds[] = {fileno(file), ends[1]};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        must(fcntl(fds[i], F_SETFL, O_APPEND) == 0, "fcntl");
        assert_true(net_set_nonblocking(fds[i]));
        const int flags = fcntl(fds[i], F_GETFL);
        if ((flags & O_NONBLOCK) == 0)
            fail_msg("net_set_nonblocking() returned true, but the descriptor blocks");
        if ((flags & O_APPEND) == 0)
            fail_msg("O_APPEND is gone: F_SETFL replaces all flags, so read them with F_GETFL and add O_NONBLOCK");
    }
    fclose(file);
    close(ends[0]);
    close(ends[1]);
}

static int make_nothing_nonblocking(const void *data)
{
    printf("%s", net_set_nonblocking(-1) ? "true" : "false");
    return 0;
}

static void what_if_it_is_no_descriptor(void **state)
{
    child_run(&child, make_nothing_nonblocking, NULL, NULL);
    assert_child("net_set_nonblocking(-1)", &child, 0, "false",
                 "cannot make descriptor -1 non-blocking: Bad file descriptor\n");
}

/* ---- Limits, names and the clock ---- */

static int open_all_descriptors(const void *data)
{
    const int *limits = data; /* which was in force before, and what is asked for */
    const struct rlimit before = {.rlim_cur = (rlim_t)limits[0], .rlim_max = (rlim_t)limits[0]};
    int highest = -1, fd;

    must(setrlimit(RLIMIT_NOFILE, &before) == 0, "setrlimit");
    printf("limit %d, ", net_limit_descriptors(limits[1]));
    while ((fd = dup(STDIN_FILENO)) != -1)
        highest = fd;
    printf("highest %d, then %s", highest, errno == EMFILE ? "EMFILE" : "another error");
    while (highest > STDERR_FILENO)
        close(highest--); /* a sanitizer opens files at the end */
    return 0;
}

static void is_no_descriptor_opened_at_the_limit_or_above(void **state)
{
    static const int limits[][2] = {{64, 40}, {40, 64}, {40, 40}};
    char what[64];

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        snprintf(what, sizeof what, "a limit of %d, and %d asked for", limits[i][0], limits[i][1]);
        child_run(&child, open_all_descriptors, limits[i], NULL);
        assert_child(what, &child, 0, "limit 40, highest 39, then EMFILE", "");
    }
}

/* What if the peer is gone, there never was one, or it is no socket? */
static void what_if_there_is_no_name(void **state)
{
    const struct pair pair = sockets_open();
    const int unconnected = socket(AF_INET, SOCK_STREAM, 0);
    char name[NET_NAME_SIZE];

    sockets_reset(pair.theirs);
    sockets_wait_for_error(pair.ours);
    assert_text("a peer that reset the connection", "its name", net_peer_name(pair.ours, name), "unknown");
    assert_text("a peer that never was", "its name", net_peer_name(unconnected, name), "unknown");
    assert_text("no descriptor", "its name", net_local_name(-1, name), "unknown");
    close(unconnected);
    close(pair.ours);
}

static double monotonic(void)
{
    struct timespec now;

    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void is_the_clock_the_monotonic_one(void **state)
{
    for (int i = 0; i < 1000; i++) {
        const double before = monotonic(), now = net_now(), after = monotonic();
        if (now < before || now > after)
            fail_msg("net_now() is %f s, but the monotonic clock went from %f s to %f s", now, before, after);
    }
}

/* To SO_RCVTIMEO no time at all means no limit: a short time must not become that. */
static void are_times_rounded_up(void **state)
{
    static const struct {
        double seconds;
        long whole, microseconds;
    } rows[] = {{0, 0, 0}, {0.0000005, 0, 1}, {0.25, 0, 250000}, {1.5, 1, 500000}, {1.9999999, 2, 0}, {3600, 3600, 0}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct timeval time = net_timeval(rows[i].seconds);
        if (time.tv_sec != rows[i].whole || time.tv_usec != rows[i].microseconds)
            fail_msg("%g seconds became %ld s and %ld us", rows[i].seconds, (long)time.tv_sec, (long)time.tv_usec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_times_rounded_up),
        cmocka_unit_test(does_it_listen_on_ipv4),
        cmocka_unit_test(does_it_listen_on_ipv6),
        cmocka_unit_test(what_if_somebody_else_listens_there),
        cmocka_unit_test(what_if_somebody_else_listens_there_on_ipv6),
        cmocka_unit_test(what_if_the_address_is_not_ours),
        cmocka_unit_test(what_if_there_is_no_such_name),
        cmocka_unit_test(can_a_server_start_again_at_once),
        cmocka_unit_test(does_the_backlog_hold_a_crowd),
        cmocka_unit_test(what_if_nobody_listens_there),
        cmocka_unit_test(are_all_addresses_of_a_name_tried),
        cmocka_unit_test(does_a_client_block_and_notice_a_dead_path),
        cmocka_unit_test(are_the_sockets_closed_on_exec),
        cmocka_unit_test(are_answers_sent_at_once),
#ifdef TCP_KEEPIDLE
        cmocka_unit_test(is_a_vanished_peer_noticed_in_time),
#endif
#ifdef __linux__
        cmocka_unit_test(is_unacknowledged_data_given_up_in_time),
#endif
        cmocka_unit_test(what_if_the_connection_is_gone_already),
        cmocka_unit_test(are_the_other_flags_kept),
        cmocka_unit_test(what_if_it_is_no_descriptor),
        cmocka_unit_test(is_no_descriptor_opened_at_the_limit_or_above),
        cmocka_unit_test(what_if_there_is_no_name),
        cmocka_unit_test(is_the_clock_the_monotonic_one),
    };

    unit_begin();
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
