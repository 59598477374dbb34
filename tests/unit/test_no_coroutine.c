/*
 * test_no_coroutine - what if there is no memory left for a coroutine's stack?
 *
 * The client must be closed, with a line that says why, and the others served on. So 10's server is compiled in here with
 * an mmap() that refuses the stack of its second client.
 */
#define _GNU_SOURCE /* as 10 does */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "unit.h"

#ifdef __GLIBC__ /* who has ucontext and epoll */
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "plain.h"

enum { SECOND_CLIENT = 4 }; /* the first two stacks are those of the listener and of who waits for the signal to stop */

static void *map_all_but_one(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    static int calls = 0;

    calls++;
    errno = ENOMEM;
    return calls == SECOND_CLIENT ? MAP_FAILED : mmap(address, size, protection, flags, fd, offset);
}

#define mmap map_all_but_one
#define main server_main
#include "../../10-coroutines/coroutine.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#include "../../10-coroutines/server.c" /* NOLINT(bugprone-suspicious-include): and all the rest of it */
#undef main
#undef mmap

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    return server_main(3, arguments);
}

static void is_a_client_without_a_coroutine_sent_away(void **state)
{
    const struct plain_server server = plain_start(run_server, NULL);
    char said[1024], bytes[16];

    const int first = plain_connect(&server);
    if (!plain_ask(first, "first", "FIRST"))
        fail_msg("The first client was not answered, although it had a coroutine.");
    const int second = plain_connect(&server);
    if (plain_read_until(second, "x", bytes, sizeof bytes) || recv(second, bytes, sizeof bytes, MSG_DONTWAIT) != 0)
        fail_msg("The second client, for which there was no coroutine, should have been closed, and was not.");
    if (!plain_read_until(server.err, "no coroutine for it: ERROR Cannot allocate memory", said, sizeof said))
        fail_msg("The server should say on standard error that it had no coroutine; it said \"%s\"", said);
    const int third = plain_connect(&server);
    if (!plain_ask(third, "third", "THIRD") || !plain_ask(first, "again", "AGAIN"))
        fail_msg("After a client without a coroutine the others must be served on, and they were not.");

    assert_int_equal(plain_stop(&server), 0);
    close(first);
    close(second);
    close(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_a_client_without_a_coroutine_sent_away)};

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    return 0;
}
#endif
