/*
 * test_few_descriptors - what if there are hardly any descriptors, or none?
 *
 * A server that cannot start says so in a line and exits with 1. One that starts must be able to serve somebody, unless it
 * has used up the very last descriptor itself: nobody leaves who could give it one.
 */
#define _GNU_SOURCE /* prlimit() */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "must.h"
#include "plain.h"

enum {
    FEWEST = 8, /* three for the standard ones, one to listen, and some for the linker of shared libraries */
    NEEDED = 16, /* no model takes so many for itself */
    MOST = 40
};

struct start {
    const char *server;
    rlim_t descriptors;
};

static int run_server(const void *data)
{
    const struct start *start = data;
    const struct rlimit limit = {start->descriptors, start->descriptors};

    for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
        close(fd);
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    execl(start->server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void does_it_serve_or_say_why_not(void **state)
{
    for (rlim_t descriptors = FEWEST; descriptors <= MOST; descriptors++) {
        const struct start start = {*state, descriptors};
        const struct plain_server server = plain_start(run_server, &start);
        const bool started = server.ready[0] != '\0';
        char words[1024];

        if (started && descriptors >= NEEDED) {
            const int fd = plain_connect(&server);
            if (!plain_ask(fd, "hello", "HELLO"))
                fail_msg("With %d descriptors it starts, and then it serves nobody.", (int)descriptors);
            close(fd);
        } else if (!started && !plain_read_until(server.err, "\n", words, sizeof words)) {
            fail_msg("With %d descriptors it does not start, and does not say why.", (int)descriptors);
        }
        const int status = plain_stop(&server);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), started ? 0 : 1);
    }
}

/* What if others take all descriptors while it runs? Its client notices nothing; the next one is served when they are back. */
static void does_it_go_on_without_any(void **state)
{
#ifdef __linux__
    const struct start start = {*state, MOST};
    const struct rlimit none = {STDERR_FILENO + 1, MOST}, enough = {MOST, MOST};
    const struct plain_server server = plain_start(run_server, &start);
    char words[1024];

    const int first = plain_connect(&server);
    assert_true(plain_ask(first, "one", "ONE"));
    must(prlimit(server.pid, RLIMIT_NOFILE, &none, NULL) == 0, "prlimit");
    const int second = plain_connect(&server);
    struct pollfd words_come = {.fd = server.err, .events = POLLIN};
    (void)poll(&words_come, 1,
               300); /* 01 says nothing: it serves the first, and has not even tried to accept the second */
    if (!plain_ask(first, "two", "TWO"))
        fail_msg("When no descriptor was left for a newcomer, the one who was there already was not served any more.");
    close(first);
    if (!plain_read_until(server.err, "EMFILE", words, sizeof words))
        fail_msg("Without a descriptor for a newcomer the server should say EMFILE; it said \"%s\"", words);
    must(prlimit(server.pid, RLIMIT_NOFILE, &enough, NULL) == 0, "prlimit");
    if (!plain_ask(second, "three", "THREE"))
        fail_msg("There were descriptors again, but who had waited for one was not served.");
    close(second);
    assert_int_equal(plain_stop(&server), 0);
#else
    skip();
#endif
}

int main(void)
{
    unit_begin();
    return unit_each_model("few descriptors", does_it_serve_or_say_why_not) +
           unit_each_model("none at all", does_it_go_on_without_any);
}
