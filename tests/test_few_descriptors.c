/*
 * test_few_descriptors - what if there are hardly any descriptors, or none?
 *
 * A server that starts must be able to serve somebody. One that cannot, says so in a line and exits with 1.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "models.h"
#include "must.h"
#include "plain.h"

/* Below the first, not even a library may have what it wants; beyond the second there is enough for everybody. */
enum { FEWEST = 8, MOST = 40 };

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
        char ready[128], words[1024];
        int status;

        const bool started = plain_read_until(server.output, "\n", ready, sizeof ready);
        if (started) {
            const int fd = plain_connect(ready);
            if (!plain_ask(fd, "hello", "HELLO"))
                fail_msg("With %d descriptors it starts, and then it serves nobody.", (int)descriptors);
            close(fd);
            kill(server.pid, SIGTERM);
        } else if (!plain_read_until(server.words, "\n", words, sizeof words)) {
            fail_msg("With %d descriptors it does not start, and does not say why.", (int)descriptors);
        }
        must(waitpid(server.pid, &status, 0) == server.pid, "waitpid");
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), started ? 0 : 1);
        close(server.output);
        close(server.words);
    }
}

int main(void)
{
    const char *build = getenv("BUILD");
    struct models models;

    unit_begin();
    models_find(&models, build == NULL ? "build" : build);
    struct CMUnitTest *tests = calloc(models.count, sizeof *tests);
    must(models.count == 0 || tests != NULL, "calloc");
    size_t count = 0;
    for (size_t i = 0; i < models.count; i++)
        if (models.items[i].is_built)
            tests[count++] = (struct CMUnitTest){models.items[i].name, does_it_serve_or_say_why_not, NULL, NULL,
                                                 models.items[i].server};
    const int failed = _cmocka_run_group_tests("few descriptors", tests, count, NULL, NULL);
    free(tests);
    models_free(&models);
    return failed;
}
