/*
 * test_pool - what if the system does to a pool of threads what it may do, but hardly ever does?
 *
 * There may be fewer threads to be had than the pool was told to start: then it says why, and exits with 1, and does not
 * begin with fewer, or with none. And a wait for a condition variable may end although nobody has signalled it (POSIX.1-2017
 * pthread_cond_wait(): spurious wakeups): whoever waits has to look again. Neither can be had for a test, so 08's server is
 * compiled in here with functions that do it.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>

#include "plain.h"

enum { THREADS = 5 /* a pool of four, and the one that waits for the signal */ };

static int refused; /* which call of pthread_create(); 0: none */

static int create_all_but_one(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument)
{
    static int calls = 0;

    calls++;
    return calls == refused ? EAGAIN : pthread_create(thread, attributes, start, argument);
}

/* Every other wait of a thread ends at once. */
static int wait_or_wake_for_nothing(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    static _Thread_local bool for_nothing = false;

    for_nothing = !for_nothing;
    return for_nothing ? 0 : pthread_cond_wait(condition, mutex);
}

#define pthread_create create_all_but_one
#define pthread_cond_wait wait_or_wake_for_nothing
#define main server_main
#include "../../08-thread-pool/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef pthread_cond_wait
#undef pthread_create

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    alarm(20); /* a server that goes on would not end */
    return server_main(3, arguments);
}

static void does_it_look_again_when_woken(void **state)
{
    const struct plain_server server = plain_start(run_server, NULL);
    const int client = plain_connect(&server), err = dup(server.err);
    char said[256];

    const bool is_answered = plain_ask(client, "hello", "HELLO");
    close(client);
    const int status = plain_stop(&server);
    (void)plain_read_until(err, "ERROR", said, sizeof said);
    close(err);
    if (!is_answered || status != 0 || said[0] != '\0')
        fail_msg(
            "A worker's wait ended although nobody had put anything into the queue (POSIX allows that). Does it look "
            "again, with `while`? It said: \"%s\"",
            said);
}

static void does_it_start_without_a_thread(void **state)
{
    for (refused = 1; refused <= THREADS; refused++) {
        struct child child;
        child_run(&child, run_server, NULL, NULL);
        assert_text("one thread was not to be had", "standard error", child.err,
                    "server: cannot start a thread: Resource temporarily unavailable\n");
        assert_status("one thread was not to be had", &child, 1);
    }
    refused = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_it_look_again_when_woken),
                                       cmocka_unit_test(does_it_start_without_a_thread)};

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
