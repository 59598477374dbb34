/*
 * test_no_thread - what if there is no thread left for a client?
 *
 * It must be closed, with a line that says why, and the others served on. A machine that runs out of threads cannot be had
 * for a test, so 04's server is compiled in here with a pthread_create() that refuses its second client.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>

#include "plain.h"

static int create_all_but_the_second(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                                     void *argument)
{
    static int calls = 0;

    calls++;
    return calls == 2 ? EAGAIN : pthread_create(thread, attributes, start, argument);
}

#define pthread_create create_all_but_the_second
#define main server_main
#include "../../04-thread-per-client/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef pthread_create

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    return server_main(3, arguments);
}

static void is_a_client_without_a_thread_sent_away(void **state)
{
    const struct plain_server server = plain_start(run_server, NULL);
    char said[1024], bytes[16];

    const int first = plain_connect(&server);
    if (!plain_ask(first, "first", "FIRST"))
        fail_msg("The first client was not answered, although it had a thread.");
    const int second = plain_connect(&server);
    if (plain_read_until(second, "x", bytes, sizeof bytes) || recv(second, bytes, sizeof bytes, MSG_DONTWAIT) != 0)
        fail_msg("The second client, for which there was no thread, should have been closed, and was not.");
    if (!plain_read_until(server.err, "no thread for it", said, sizeof said))
        fail_msg("The server should say on standard error that it had no thread; it said \"%s\"", said);
    const int third = plain_connect(&server);
    if (!plain_ask(third, "third", "THIRD") || !plain_ask(first, "again", "AGAIN"))
        fail_msg("After a client without a thread the others must be served on, and they were not.");

    assert_int_equal(plain_stop(&server), 0);
    close(first);
    close(second);
    close(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_a_client_without_a_thread_sent_away)};

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
