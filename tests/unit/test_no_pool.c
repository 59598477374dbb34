/*
 * test_no_pool - what if there are fewer threads to be had than a pool was told to start?
 *
 * It must not begin with fewer, and still less wait for ever without any: it says why, and exits with 1. A machine that runs
 * out of threads cannot be had for a test, so 08's server is compiled in here with a pthread_create() that refuses one.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>

enum { THREADS = 5 /* a pool of four, and who waits for the signal */ };

static int refused; /* which call of pthread_create() */

static int create_all_but_one(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument)
{
    static int calls = 0;

    calls++;
    return calls == refused ? EAGAIN : pthread_create(thread, attributes, start, argument);
}

#define pthread_create create_all_but_one
#define main server_main
#include "../../08-thread-pool/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef pthread_create

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    alarm(5); /* a server that goes on would not end */
    return server_main(3, arguments);
}

static void does_it_start_without_a_thread(void **state)
{
    for (refused = 1; refused <= THREADS; refused++) {
        struct child child;
        child_run(&child, run_server, NULL, NULL);
        assert_child("one thread was not to be had", &child, 1, "",
                     "server: cannot start a thread: Resource temporarily unavailable\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_it_start_without_a_thread)};

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
