/*
 * test_epoll_server - what if epoll takes no more, and what if the signal to stop comes just before epoll_wait() begins?
 *
 * How many descriptors a user may have in such sets is limited (max_user_watches, epoll(7)), but hardly ever is that reached.
 * So 09's server is compiled in here with an epoll that is played.
 */
#include "unit.h"

#ifdef __linux__
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "net.h"
#include "plain.h"
#include "sockets.h"

static struct {
    int refused_add, refused_change; /* which EPOLL_CTL_ADD and which EPOLL_CTL_MOD fails, counted from 1; 0: none */
    int error; /* and why */
    bool signal; /* does SIGTERM come just before each wait? */
} played;

static int play_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    static int adds, changes;
    const bool is_refused =
        operation == EPOLL_CTL_ADD ? ++adds == played.refused_add : ++changes == played.refused_change;

    errno = played.error;
    return is_refused ? -1 : epoll_ctl(epoll, operation, fd, event);
}

static int play_epoll_wait(int epoll, struct epoll_event *events, int count, int limit)
{
    if (played.signal)
        kill(getpid(), SIGTERM);
    return epoll_wait(epoll, events, count, limit);
}

#define epoll_ctl play_epoll_ctl
#define epoll_wait play_epoll_wait
#define main server_main
#include "../../09-epoll/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef epoll_wait
#undef epoll_ctl

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    return server_main(3, arguments);
}

static void what_if_there_is_no_place_for_a_newcomer(void **state)
{
    char said[1024], bytes[16];

    memset(&played, 0, sizeof played);
    played.refused_add = 4; /* the listener's, the pipe's and the first client's come before */
    played.error = ENOSPC;
    const struct plain_server server = plain_start(run_server, NULL);
    const int first = plain_connect(&server);
    if (!plain_ask(first, "first", "FIRST"))
        fail_msg("The first client was not answered, although it had a place in the set.");
    const int second = plain_connect(&server);
    if (plain_read_until(second, "x", bytes, sizeof bytes) || recv(second, bytes, sizeof bytes, MSG_DONTWAIT) != 0)
        fail_msg("The second client, for which there was no place in the set, should have been closed, and was not.");
    if (!plain_read_until(server.err, "closed: cannot wait for it: ERROR No space left on device (ENOSPC)\n", said,
                          sizeof said))
        fail_msg("The server should say on standard error why it closed the second client; it said \"%s\"", said);
    const int third = plain_connect(&server);
    if (!plain_ask(third, "third", "THIRD") || !plain_ask(first, "again", "AGAIN"))
        fail_msg("After a client without a place in the set the others must be served on, and they were not.");
    assert_int_equal(plain_stop(&server), 0);
    close(first);
    close(second);
    close(third);
}

/* A client that cannot be waited for must not stay, silent for ever: it is closed. */
static void what_if_a_place_cannot_be_changed(void **state)
{
    static const char noise[64 * 1024] = "";
    char said[1024];

    memset(&played, 0, sizeof played);
    played.refused_change = 1;
    played.error = ENOMEM;
    const struct plain_server server = plain_start(run_server, NULL);
    const int reader = plain_connect(&server), other = plain_connect(&server);
    sockets_set_time_limit(reader, SO_SNDTIMEO, 5000);
    while (send(reader, noise, sizeof noise, 0) > 0)
        ; /* reads nothing: sooner or later the server has to wait for room */
    if (!plain_read_until(server.err, "closed: cannot wait for it: ERROR Cannot allocate memory (ENOMEM)\n", said,
                          sizeof said))
        fail_msg("The server should say on standard error why it closed the client; it said \"%s\"", said);
    if (!plain_ask(other, "other", "OTHER"))
        fail_msg("The other client must be served on, and it was not.");
    assert_int_equal(plain_stop(&server), 0);
    close(reader);
    close(other);
}

static void what_if_nobody_can_be_waited_for(void **state)
{
    char said[1024];

    memset(&played, 0, sizeof played);
    played.refused_add = 1;
    played.error = ENOSPC;
    const struct plain_server server = plain_start(run_server, NULL);
    if (!plain_read_until(server.err, "server: cannot wait with epoll: No space left on device\n", said, sizeof said))
        fail_msg("A server that cannot start should say why; it said \"%s\"", said);
    const int status = plain_stop(&server);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

/* Too late for a look at a flag, too early to interrupt the wait. */
static void what_if_the_signal_comes_just_before_the_wait(void **state)
{
    char said[256];

    memset(&played, 0, sizeof played);
    played.signal = true;
    const double start = net_now();
    const struct plain_server server = plain_start(run_server, NULL);
    plain_read_until(server.err, "not in it", said, sizeof said); /* until it ends by itself */
    const double took = net_now() - start;
    const int status = plain_stop(&server);
    if (took > 10)
        fail_msg("Told to stop just before epoll_wait(), the server should end, and was still there %.0f s later.",
                 took);
    if (status != 0)
        fail_msg(
            "Told to stop just before epoll_wait(), the server should exit with 0; its wait status was %d. It said "
            "\"%s\"",
            status, said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_if_there_is_no_place_for_a_newcomer),
        cmocka_unit_test(what_if_a_place_cannot_be_changed),
        cmocka_unit_test(what_if_nobody_can_be_waited_for),
        cmocka_unit_test(what_if_the_signal_comes_just_before_the_wait),
    };

    unit_begin();
    return cmocka_run_group_tests_name("09's server", tests, NULL, NULL);
}
#else
int main(void)
{
    return 0;
}
#endif
