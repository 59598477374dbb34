/*
 * test_accept - what if a connection dies while it waits to be accepted?
 *
 * accept(2) lists errors that belong to such a newcomer and not to the listener. No test can bring them about at will, so
 * here accept() itself is played: this program defines it and links the real io_accept() to it.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum { NEWCOMER = 77 };

static const int *played; /* the errnos of the calls to come; 0: it succeeds */

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name, readability-non-const-parameter) */
int accept(int listener, struct sockaddr *restrict address, socklen_t *restrict size)
{
    errno = *played++;
    return errno == 0 ? NEWCOMER : -1;
}

static void are_dead_newcomers_passed_over(void **state)
{
    static const int deaths[] = {ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, ENOPROTOOPT, EHOSTUNREACH,
#ifdef EHOSTDOWN
                                 EHOSTDOWN,
#endif
#ifdef ENONET
                                 ENONET,
#endif
                                 EINTR};
    char what[128];

    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        const int calls[] = {deaths[i], deaths[i], 0};
        int fd = -1;
        played = calls;
        snprintf(what, sizeof what, "accept() of the client behind two that died with \"%s\"", strerror(deaths[i]));
        assert_io(what, io_accept(0, &fd), success_of(0));
        assert_int_equal(fd, NEWCOMER);
    }
}

/* What if nobody waits behind the one that died? Then there is nobody, and no error. */
static void does_a_dead_newcomer_leave_an_error(void **state)
{
    static const int calls[] = {ECONNABORTED, EAGAIN};
    int fd = NEWCOMER;

    played = calls;
    assert_io("accept() when the only client died (ECONNABORTED)", io_accept(0, &fd), only(IO_NO_DATA));
    assert_int_equal(fd, -1);
}

/* What if it is our own trouble? Asking again at once would spin. */
static void are_our_own_troubles_errors(void **state)
{
    static const int troubles[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM};

    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        const int calls[] = {troubles[i], 0};
        int fd = NEWCOMER;
        played = calls;
        assert_io("accept() with an error of our own", io_accept(0, &fd), error_of(troubles[i]));
        assert_int_equal(fd, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_dead_newcomers_passed_over),
        cmocka_unit_test(does_a_dead_newcomer_leave_an_error),
        cmocka_unit_test(are_our_own_troubles_errors),
    };

    unit_begin();
    return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
