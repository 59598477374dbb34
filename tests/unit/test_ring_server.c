/*
 * test_ring_server - what if 11's ring has more results than room for the calls that follow from them?
 *
 * That takes more clients who talk in one turn than there are entries, so the server is stopped meanwhile (SIGSTOP). New kernels
 * bring few results at a time; one that does not know the flags for that brings all. strace plays such a kernel, and one
 * that has no memory to keep a result.
 */
#include "unit.h"

#ifdef __linux__
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "must.h"
#include "net.h"
#include "plain.h"

enum { CLIENTS = 700 /* beyond 11's entries, and beyond the results that its ring holds */, SPARE_DESCRIPTORS = 100 };

static char path[4096]; /* of the server */

static int run_server(const void *data)
{
    execl(path, "server", "-p", "0", (char *)NULL);
    return 127;
}

/* With -D the server is our child, and not strace's. */
static int run_server_with(const char *trace, const char *injection)
{
    must(setenv("ASAN_OPTIONS", "detect_leaks=0", 1) == 0, "setenv"); /* which cannot be done under strace */
    execlp("strace", "strace", "-D", "-qq", "-o", "/dev/null", "-e", trace, "-e", injection, path, "-p", "0",
           (char *)NULL);
    return 127;
}

/* The flags are refused once. */
static int run_server_on_old_kernel(const void *data)
{
    return run_server_with("trace=io_uring_setup", "inject=io_uring_setup:error=EINVAL:when=1");
}

/* The first turn is for the listener, the second for the first word of a client, and then a result is lost. */
static int run_server_that_misses_a_result(const void *data)
{
    return run_server_with("trace=io_uring_enter", "inject=io_uring_enter:error=EBADR:when=3");
}

static void ask_all_in_one_turn(int (*program)(const void *data))
{
    static int clients[CLIENTS];
    const struct plain_server server = plain_start(program, NULL);

    if (server.ready[0] == '\0') { /* io_uring or strace is not there, or not permitted */
        plain_stop(&server);
        skip();
    }
    for (int i = 0; i < CLIENTS; i++)
        must((clients[i] = plain_connect(&server)) != -1, "connect");
    if (!plain_ask(clients[CLIENTS - 1], "a", "A"))
        fail_msg("The last of %d clients was not answered, although the others said nothing.", CLIENTS);
    kill(server.pid, SIGSTOP);
    for (int i = 0; i < CLIENTS; i++)
        must(send(clients[i], "b", 1, 0) == 1, "send");
    kill(server.pid, SIGCONT);
    for (int i = 0; i < CLIENTS; i++)
        if (!plain_ask(clients[i], "c", "BC"))
            fail_msg("%d clients talked in one turn, and number %d was not answered. The submission queue holds fewer "
                     "calls than that: what becomes of a result when there is no room for the next call?",
                     CLIENTS, i + 1);
    const double told = net_now();
    const int status = plain_stop(&server);
    const double took = net_now() - told;
    if (status != 0 || took > 1)
        fail_msg("Told to stop (SIGTERM) with %d clients, the server ended %.1f s later, with status %d.", CLIENTS,
                 took, status);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
}

static void are_all_answered(void **state)
{
    ask_all_in_one_turn(run_server);
}

static void are_all_answered_on_an_old_kernel(void **state)
{
    ask_all_in_one_turn(run_server_on_old_kernel);
}

/* Whose it is nobody knows, so any of its clients could wait for ever, or the server could not be stopped any more. */
static void does_it_end_when_a_result_is_lost(void **state)
{
    const struct plain_server server = plain_start(run_server_that_misses_a_result, NULL);
    char said[256];

    if (server.ready[0] == '\0') {
        plain_stop(&server);
        skip();
    }
    const int client = plain_connect(&server);
    must(send(client, "a", 1, 0) == 1, "send");
    const bool is_said = plain_read_until(server.err, "has lost a result\n", said, sizeof said) &&
                         !plain_read_until(server.output, "the end", said, sizeof said);
    const int status = plain_stop(&server);
    close(client);
    if (!is_said || status != 1 << 8)
        fail_msg(
            "io_uring_enter() said that a result is lost (EBADR). The server should say so and exit with 1; its wait "
            "status is %d.",
            status);
}

static bool allow_descriptors(void)
{
    struct rlimit limit;

    must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    if (limit.rlim_cur < CLIENTS + SPARE_DESCRIPTORS)
        limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= CLIENTS + SPARE_DESCRIPTORS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_all_answered),
        cmocka_unit_test(are_all_answered_on_an_old_kernel),
        cmocka_unit_test(does_it_end_when_a_result_is_lost),
    };
    const char *build = getenv("BUILD");

    unit_begin();
    snprintf(path, sizeof path, "%s/11-io_uring/server", build == NULL ? "build" : build);
    return access(path, X_OK) == 0 && allow_descriptors() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
#else
int main(void)
{
    return 0;
}
#endif
