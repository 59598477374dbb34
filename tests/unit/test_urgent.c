/*
 * test_urgent - what if a client sends a byte as urgent (MSG_OOB)?
 *
 * It is a byte of the stream (RFC 9293 3.8.5, RFC 6093), and every byte is answered, in its place. Without SO_OOBINLINE the
 * kernel takes it out of the stream: recv() never brings it (tcp(7)).
 */
#include "unit.h"

#include <sys/socket.h>

#include "must.h"
#include "plain.h"

static int run_server(const void *server)
{
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void is_an_urgent_byte_answered(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);
    const int client = plain_connect(&server);
    char answer[8];

    assert_true(client != -1 && plain_ask(client, "hello", "HELLO"));
    must(send(client, "ab", 2, 0) == 2 && send(client, "c", 1, MSG_OOB) == 1 && send(client, "d", 1, 0) == 1, "send");
    if (!plain_read_until(client, "D", answer, sizeof answer) || strcmp(answer, "ABCD") != 0)
        fail_msg("\"ab\", \"c\" as an urgent byte (MSG_OOB), and \"d\" were answered by \"%s\"", answer);
    close(client);
    assert_int_equal(plain_stop(&server), 0);
}

int main(void)
{
    unit_begin();
    return unit_each_model("urgent", is_an_urgent_byte_answered);
}
