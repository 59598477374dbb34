/*
 * test_same_turn - what if clients leave, others talk and new ones come, all between two looks of the server?
 *
 * A server that waits for many then finds all of it in one turn: it closes some, must not mistake the newcomers that get their
 * descriptors or their memory for them, and answers the rest. To be sure of that turn, the server is stopped meanwhile
 * (SIGSTOP). A server that serves one client at a time finds the same one after the other.
 */
#include "unit.h"

#include <sys/socket.h>

#include "must.h"
#include "plain.h"
#include "sockets.h"

enum { EACH = 30 };

static int run_server(const void *server)
{
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void connect_all(const struct plain_server *server, int clients[EACH])
{
    for (int i = 0; i < EACH; i++)
        must((clients[i] = plain_connect(server)) != -1, "connect");
}

static void does_it_keep_them_apart(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);
    int leaving[EACH], talking[EACH], coming[EACH];

    connect_all(&server, leaving);
    connect_all(&server, talking);
    kill(server.pid, SIGSTOP);
    for (int i = 0; i < EACH; i++) {
        must(send(leaving[i], "x", 1, 0) == 1 && send(talking[i], "a", 1, 0) == 1, "send");
        sockets_reset(leaving[i]);
    }
    connect_all(&server, coming);
    kill(server.pid, SIGCONT);
    for (int i = 0; i < EACH; i++) {
        if (!plain_ask(talking[i], "bc", "ABC"))
            fail_msg("Number %d of those who talked while others left was not answered rightly.", i + 1);
        close(talking[i]);
    }
    for (int i = 0; i < EACH; i++) {
        if (!plain_ask(coming[i], "new", "NEW"))
            fail_msg("Number %d of those who came while others left was not answered rightly.", i + 1);
        close(coming[i]);
    }
    assert_int_equal(plain_stop(&server), 0);
}

int main(void)
{
    unit_begin();
    return unit_each_model("the same turn", does_it_keep_them_apart);
}
