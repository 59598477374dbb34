/*
 * test_connect - what if a host does not answer? It is given up after NET_CONNECT_SECONDS, not after the minutes that
 * connect() would take.
 *
 * A full backlog stands for it: Linux drops a SYN that finds no room there, as if nobody were there (listen(2)).
 */
#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "must.h"
#include "net.h"
#include "sockets.h"

/* Returns a listener on 127.0.0.1 that has no room for anybody. */
static int listen_full(void)
{
    const int listener = sockets_listen();
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)sockets_port(listener))};

    must(listen(listener, 0) == 0, "listen");
    for (int i = 0; i < 3; i++) { /* the first takes the only place */
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        sockets_set_nonblocking(client);
        (void)connect(client, (struct sockaddr *)&address, sizeof address);
    }
    return listener;
}

static int try_to_connect(const void *port)
{
    return net_connect("127.0.0.1", port) == -1 ? 1 : 0;
}

static void is_a_host_that_does_not_answer_given_up(void **state)
{
    const int listener = listen_full();
    char port[8], said[160];
    struct child child;

    snprintf(port, sizeof port, "%d", sockets_port(listener));
    snprintf(said, sizeof said,
             "client: 127.0.0.1:%s does not answer\n"
             "client: cannot connect to 127.0.0.1:%s: Connection timed out\n",
             port, port);
    const double began = net_now();
    child_run(&child, try_to_connect, port, NULL);
    assert_child("a host that does not answer", &child, 1, "", said);
    assert_true(net_now() - began >= NET_CONNECT_SECONDS);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_a_host_that_does_not_answer_given_up)};

    unit_begin();
    return unit_run("connect", tests, sizeof tests / sizeof tests[0]);
}
