/*
 * test_no_process - what if there is no process left for a client?
 *
 * It must be closed, with a line that says why, and the others served on. A machine that runs out of processes cannot be had
 * for a test, so 07's server is compiled in here with a fork() that refuses its second client.
 */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plain.h"

static pid_t fork_for_all_but_the_second(void)
{
    static int calls = 0;

    if (++calls != 2)
        return fork();
    errno = EAGAIN;
    return -1;
}

#define fork fork_for_all_but_the_second
#define child server_child /* child.h has another */
#define main server_main
#include "../../07-process-per-client/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef child
#undef fork

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    return server_main(3, arguments);
}

static void is_a_client_without_a_process_sent_away(void **state)
{
    const struct plain_server server = plain_start(run_server, NULL);
    char said[1024], bytes[16];

    const int first = plain_connect(&server);
    if (!plain_ask(first, "first", "FIRST"))
        fail_msg("The first client was not answered, although it had a process.");
    const int second = plain_connect(&server);
    if (plain_read_until(second, "x", bytes, sizeof bytes) || recv(second, bytes, sizeof bytes, MSG_DONTWAIT) != 0)
        fail_msg("The second client, for which there was no process, should have been closed, and was not.");
    if (!plain_read_until(server.err, "no process for it", said, sizeof said))
        fail_msg("The server should say on standard error that it had no process; it said \"%s\"", said);
    const int third = plain_connect(&server);
    if (!plain_ask(third, "third", "THIRD") || !plain_ask(first, "again", "AGAIN"))
        fail_msg("After a client without a process the others must be served on, and they were not.");

    assert_int_equal(plain_stop(&server), 0);
    close(first);
    close(second);
    close(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_a_client_without_a_process_sent_away)};

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
