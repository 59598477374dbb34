/*
 * test_stop_blocked - what if whoever starts a server has blocked the signals that stop it?
 *
 * A program inherits its signal mask (POSIX.1-2017 exec). A shell or a supervisor that blocks SIGTERM for itself does not
 * mean to make a server that nothing but SIGKILL ends.
 */
#include "unit.h"

#include <signal.h>

#include "plain.h"

static int run_server_with_signals_blocked(const void *server)
{
    sigset_t signals;

    sigfillset(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void does_it_stop_when_the_signals_were_blocked(void **state)
{
    static const int stops[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        const struct plain_server server = plain_start(run_server_with_signals_blocked, *state);
        const int client = plain_connect(&server);

        assert_true(client != -1 && plain_ask(client, "hello", "HELLO"));
        const int status = plain_stop_by(&server, stops[i]);
        close(client);
        if (status != 0)
            fail_msg(
                "A server that was started with all signals blocked did not stop on signal %d (%s). Who unblocks it?",
                stops[i], stops[i] == SIGINT ? "SIGINT" : "SIGTERM");
    }
}

int main(void)
{
    unit_begin();
    return unit_each_model("stop when blocked", does_it_stop_when_the_signals_were_blocked);
}
