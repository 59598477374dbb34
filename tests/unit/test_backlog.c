/* test_backlog - is it known how many clients wait in a listener's backlog? Skipped where the system does not tell. */
#include "unit.h"

#include <netinet/in.h>

#include "must.h"
#include "player/backlog.h"
#include "sockets.h"

/* Where `listener` listens: its address begins with the family, IPv4 or IPv6. */
static struct sockaddr_storage address_of(int listener)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    must(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    return address;
}

static bool look(const struct sockaddr_storage *address, struct backlog *backlog)
{
    return backlog_look((const struct sockaddr *)address, backlog);
}

static void assert_waiting(const struct sockaddr_storage *address, unsigned waiting, unsigned limit)
{
    struct backlog backlog;

    assert_true(look(address, &backlog));
    assert_int_equal(backlog.waiting, waiting);
    assert_int_equal(backlog.limit, limit);
}

static void count_newcomers(int listener)
{
    const struct sockaddr_storage address = address_of(listener);
    int clients[2];
    struct backlog backlog;

    must(listen(listener, 1) == 0, "listen");
    if (!look(&address, &backlog))
        skip();
    assert_waiting(&address, 0, 1);
    for (unsigned i = 0; i < 2; i++) {
        clients[i] = socket(address.ss_family, SOCK_STREAM, 0);
        must(connect(clients[i], (const struct sockaddr *)&address, sizeof address) == 0, "connect");
        assert_waiting(&address, i + 1, 1);
    }
    close(accept(listener, NULL, NULL));
    assert_waiting(&address, 1, 1);
    for (unsigned i = 0; i < 2; i++)
        close(clients[i]);
    close(listener);
    assert_false(look(&address, &backlog));
}

static void who_waits_is_counted(void **state)
{
    count_newcomers(sockets_listen());
}

static void who_waits_at_an_ipv6_address_is_counted(void **state)
{
    const struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int listener = socket(AF_INET6, SOCK_STREAM, 0);

    if (listener == -1 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0)
        skip();
    count_newcomers(listener);
}

/* A client of IPv4 finds it, too. */
static void a_listener_for_both_is_found(void **state)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int listener = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
    struct backlog backlog;

    if (listener == -1 || setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
        bind(listener, (const struct sockaddr *)&any, sizeof any) != 0 || listen(listener, 7) != 0)
        skip();
    loopback.sin_port = htons((in_port_t)sockets_port(listener));
    if (!backlog_look((const struct sockaddr *)&loopback, &backlog))
        skip();
    assert_int_equal(backlog.limit, 7);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_counted),
        cmocka_unit_test(who_waits_at_an_ipv6_address_is_counted),
        cmocka_unit_test(a_listener_for_both_is_found),
    };

    unit_begin();
    return unit_run("backlog", tests, sizeof tests / sizeof tests[0]);
}
