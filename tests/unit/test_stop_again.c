/*
 * test_stop_again - what if somebody is impatient and presses Ctrl-C again and again, while the server is already stopping?
 *
 * It exits with 0 all the same. A server that has given its handler back is ended on the spot by the next signal. The time
 * in which that can happen is short, so here the server has many connections to close, and the signals come without a pause.
 */
#include "unit.h"

#include <sys/wait.h>

#include "must.h"
#include "plain.h"

enum { CLIENTS = 300, TIMES = 5 };

static int run_server(const void *server)
{
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static int stop_again_and_again(const char *path)
{
    const struct plain_server server = plain_start(run_server, path);
    int clients[CLIENTS], status;

    for (int i = 0; i < CLIENTS; i++)
        must((clients[i] = plain_connect(&server)) != -1, "connect");
    assert_true(plain_ask(clients[0], "hello", "HELLO"));
    do {
        kill(server.pid, SIGINT);
        kill(server.pid, SIGTERM);
    } while (waitpid(server.pid, &status, WNOHANG) == 0);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(server.output);
    close(server.err);
    return status;
}

static void does_it_stop_when_told_again(void **state)
{
    for (int i = 0; i < TIMES; i++) {
        const int status = stop_again_and_again(*state);
        if (WIFSIGNALED(status))
            fail_msg("Told to stop again while it was stopping, the server was ended by signal %d. Who handles the "
                     "second SIGINT or SIGTERM?",
                     WTERMSIG(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    unit_begin();
    return unit_each_model("stop again", does_it_stop_when_told_again);
}
