/*
 * test_few_descriptors - what if there are hardly any descriptors when a program starts?
 *
 * One that cannot start says so in a line and exits with 1. A server that starts can serve somebody: nobody would leave who
 * could give it a descriptor.
 */
#include "unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "must.h"
#include "plain.h"

enum {
    MIN_DESCRIPTORS = 4, /* three for the standard ones, and one for the linker of shared libraries */
    /* A client that cancels a thread needs one more: with it pthread_cancel() loads libgcc_s, and aborts if it cannot (glibc). */
    MIN_CLIENT_DESCRIPTORS = 5,
    MAX_DESCRIPTORS = 24
};

struct start {
    const char *server;
    rlim_t descriptors;
    const char *port; /* for a client */
};

static void limit_descriptors(rlim_t descriptors)
{
    const struct rlimit limit = {descriptors, descriptors};

    for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
        close(fd);
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
}

static int run_server(const void *data)
{
    const struct start *start = data;

    limit_descriptors(start->descriptors);
    execl(start->server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static void does_it_serve_or_say_why_not(void **state)
{
    for (rlim_t descriptors = MIN_DESCRIPTORS; descriptors <= MAX_DESCRIPTORS; descriptors++) {
        const struct start start = {*state, descriptors, NULL};
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

static int run_client(const void *data)
{
    const struct start *start = data;
    char program[1024];

    snprintf(program, sizeof program, "%.*sclient", (int)(strrchr(start->server, '/') + 1 - start->server),
             start->server);
    limit_descriptors(start->descriptors);
    execl(program, "client", "-p", start->port, (char *)NULL);
    return 127;
}

static void does_a_client_do_its_job_or_say_why_not(void **state)
{
    const struct start start = {*state, MAX_DESCRIPTORS, NULL};
    const struct plain_server server = plain_start(run_server, &start);

    for (rlim_t descriptors = MIN_CLIENT_DESCRIPTORS; descriptors <= MAX_DESCRIPTORS; descriptors++) {
        const struct start client = {*state, descriptors, strrchr(server.ready, ':') + 1};
        struct child child;
        child_run(&child, run_client, &client, "hello\n");
        const bool is_done = child.status == 0 && strcmp(child.output, "HELLO\n") == 0;
        if (!is_done && (child.status != 1 || strncmp(child.err, "client: ", strlen("client: ")) != 0))
            fail_msg(
                "With %d descriptors a client should do its job, or say why not and exit with 1. It said \"%s\", and "
                "its exit status is %d%s.",
                (int)descriptors, child.err, child.status, child.status < 0 ? " (ended by that signal)" : "");
    }
    plain_stop(&server);
}

int main(void)
{
    unit_begin();
    return unit_each_model("few descriptors", does_it_serve_or_say_why_not) +
           unit_each_model("a client with few descriptors", does_a_client_do_its_job_or_say_why_not);
}
