/*
 * test_select_server - what if the signal to stop comes at the worst moment, or if select() itself fails?
 *
 * The worst moment is just before select() begins: too late for every look at a flag, too early to interrupt the wait. No
 * test can hit it from outside, so 05's server is compiled in here with a select() that is played.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "net.h"
#include "plain.h"

enum { ERRNO_IS_LOST = 99 };

static struct {
    int signals; /* how many come just before each call, */
    int error; /* and the errno that each call fails with, or 0 */
} played;

static int play_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *limit)
{
    for (int i = 0; i < played.signals; i++) {
        errno = ENOTTY; /* a call was interrupted that has something to say */
        kill(getpid(), i % 2 == 0 ? SIGTERM : SIGINT);
        if (errno != ENOTTY)
            _exit(ERRNO_IS_LOST);
    }
    errno = played.error;
    return errno != 0 ? -1 : select(count, readable, writable, exceptional, limit);
}

#define select play_select
#define main server_main
#include "../../05-select/server.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef select

static int run_server(const void *data)
{
    static char name[] = "server", option[] = "-p", port[] = "0";
    char *arguments[] = {name, option, port, NULL};

    return server_main(3, arguments);
}

static void does_it_stop(const char *what, int signals)
{
    char err[256];

    played.signals = signals;
    played.error = 0;
    const double start = net_now();
    const struct plain_server server = plain_start(run_server, NULL);
    plain_read_until(server.err, "not in it", err, sizeof err); /* until it ends by itself */
    const double took = net_now() - start;
    const int status = plain_stop(&server);
    if (took > 10)
        fail_msg("%s, the server should end, and was still there %.0f s later.", what, took);
    if (WIFEXITED(status) && WEXITSTATUS(status) == ERRNO_IS_LOST)
        fail_msg("%s: its handler has changed errno. The call that it interrupts may have set it.", what);
    if (status != 0)
        fail_msg("%s, the server should exit with 0; its wait status was %d. It said \"%s\"", what, status, err);
}

static void what_if_the_signal_comes_just_before_the_wait(void **state)
{
    does_it_stop("Told to stop just before select()", 1);
}

/* A pipe holds 64 KiB (pipe(7)). */
static void what_if_more_signals_come_than_the_pipe_holds(void **state)
{
    does_it_stop("Told to stop 70,000 times just before select()", 70 * 1000);
}

/* Does the handler never wait for room, nor the server for a byte? And do programs that it may start not get the pipe? */
static void is_the_pipe_nonblocking_and_closed_on_exec(void **state)
{
    const int reader = stop_pipe();
    const int writer = reader + 1; /* pipe() takes the lowest two descriptors, which stand side by side here */

    (void)state;
    assert_true((fcntl(reader, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(writer, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(reader, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(writer, F_GETFD) & FD_CLOEXEC) != 0);
    close(reader);
    close(writer);
}

/* It cannot know then who is ready. Does it serve its clients all the same, say what has failed, stop, and not spin? */
static void what_if_select_fails(void **state)
{
    char err[8192];
    int failures = 0;

    played.signals = 0;
    played.error = ENOMEM;
    const double start = net_now();
    const struct plain_server server = plain_start(run_server, NULL);
    const int client = plain_connect(&server);
    if (!plain_ask(client, "hello", "HELLO") || !plain_ask(client, "again", "AGAIN"))
        fail_msg("While select() fails, a client should still be answered.");
    close(client);
    kill(server.pid, SIGTERM);
    plain_read_until(server.err, "not in it", err, sizeof err); /* until it ends */
    const double took = net_now() - start;
    const int status = plain_stop(&server);
    if (status != 0)
        fail_msg("While select() fails, the server should stop with 0; its wait status was %d.", status);
    for (const char *line = err; (line = strstr(line, "server select ERROR")) != NULL; line++)
        failures++;
    if (failures == 0 || strstr(err, "(ENOMEM)") == NULL)
        fail_msg("The server should say that select() failed, and why; it said \"%s\"", err);
    if (failures > took * 10 + 3)
        fail_msg("Ten calls a second that fail are enough; within %.1f s there were %d.", took, failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_if_the_signal_comes_just_before_the_wait),
        cmocka_unit_test(what_if_more_signals_come_than_the_pipe_holds),
        cmocka_unit_test(is_the_pipe_nonblocking_and_closed_on_exec),
        cmocka_unit_test(what_if_select_fails),
    };

    unit_begin();
    return cmocka_run_group_tests_name("05's server", tests, NULL, NULL);
}
