/*
 * test_select_client - what if the client's select() fails? It can wait for nothing then, and must neither spin nor be silent.
 *
 * It does not fail at will, so 05's client is compiled in here with a select() that is played.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/select.h>

#include "sockets.h"

static int fail_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *limit)
{
    static int calls = 0;

    errno = ++calls <= 3 ? EINTR : ENOMEM;
    return -1;
}

#define select fail_select
#define main client_main
#include "../../05-select/client.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef select

static int run_client(const void *listener)
{
    static char name[] = "client", option[] = "-p", message[] = "hello";
    char port[16];
    char *arguments[] = {name, option, port, message, NULL};

    snprintf(port, sizeof port, "%d", sockets_port(*(const int *)listener));
    return client_main(4, arguments);
}

static void does_it_end_and_say_why(void **state)
{
    const int listener = sockets_listen();
    struct child child;

    child_run(&child, run_client, &listener, "");
    assert_child(
        "the client without a working select()", &child, 1, "",
        "client: select: Cannot allocate memory\n"
        "client: the connection broke off: 0 of the 0 bytes sent were answered, and the input was not at its end\n");
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_it_end_and_say_why)};

    unit_begin();
    return cmocka_run_group_tests_name("05's client", tests, NULL, NULL);
}
