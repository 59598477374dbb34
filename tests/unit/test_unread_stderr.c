/*
 * test_unread_stderr - what if a server logs everything (-v) and nobody reads it?
 *
 * It serves its clients all the same, and it stops when it is told to.
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "unit.h"

#include <fcntl.h>

#include "plain.h"

enum { SMALL_PIPE = 4096 /* bytes */, QUESTIONS = 3000 /* two lines each: more than any pipe holds */ };

static int run_server(const void *server)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(STDERR_FILENO, F_SETPIPE_SZ, SMALL_PIPE); /* it is only sooner full */
#endif
    execl(server, "server", "-p", "0", "-v", (char *)NULL);
    return 127;
}

static void does_it_serve_and_stop(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);
    const int client = plain_connect(&server);

    for (int i = 1; i <= QUESTIONS; i++)
        if (!plain_ask(client, "?a", "?A"))
            fail_msg("Nobody reads what the server says, and it did not answer question %d: it waits in write()?", i);
    kill(server.pid, SIGTERM);
    const int status = plain_stop(&server);
    if (status != 0)
        fail_msg("Nobody reads what the server says, and it did not stop as it should: wait status %d", status);
    close(client);
}

int main(void)
{
    unit_begin();
    return unit_each_model("unread stderr", does_it_serve_and_stop);
}
