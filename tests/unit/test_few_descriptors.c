/*
 * test_few_descriptors - what if there are hardly any descriptors when a program starts?
 *
 * One that cannot start says so in a line and exits with 1. A server that starts can serve somebody: nobody would leave who
 * could give it a descriptor.
 */
#include "unit.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "must.h"
#include "plain.h"

enum {
    MIN_DESCRIPTORS = 4, /* three for the standard ones, and one for the linker of shared libraries */
    MAX_DESCRIPTORS = 24
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
    for (rlim_t descriptors = MIN_DESCRIPTORS; descriptors <= MAX_DESCRIPTORS; descriptors++) {
        const struct start start = {*state, descriptors};
        const struct plain_server server = plain_start(run_server, &start);
        const bool started = server.ready[0] != '\0';
        char said[1024];

        if (started) {
            const int fd = plain_connect(&server);
            if (!plain_ask(fd, "hello", "HELLO"))
                fail_msg("With %d descriptors it starts, and then it serves nobody.", (int)descriptors);
            close(fd);
        } else if (!plain_read_until(server.err, "\n", said, sizeof said)) {
            fail_msg("With %d descriptors it does not start, and does not say why.", (int)descriptors);
        }
        const int status = plain_stop(&server);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), started ? 0 : 1);
    }
}

int main(void)
{
    unit_begin();
    return unit_each_model("few descriptors", does_it_serve_or_say_why_not);
}
