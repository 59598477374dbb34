/*
 * test_dead_path - what if the network dies under an open connection: the cable is out, and nobody can say goodbye?
 *
 * No byte and no end of stream will ever come, so a server that only waits in recv() would wait for ever. Keepalive has to
 * find out, and the server has to call it what it is: an error (ETIMEDOUT), not an orderly close. Each model is played in
 * a network namespace of its own (Linux, network_namespaces(7)), whose loopback is switched off in the middle. Where that
 * is not allowed, the tests are skipped with a line that says so.
 */
#define _GNU_SOURCE /* unshare(), struct ifreq */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "must.h"
#include "plain.h"
#include "player/memory.h"
#include "player/models.h"

#if defined(__linux__)
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#endif

/* Exit statuses of the process that plays. */
enum { PASSED, FAILED, NOT_ALLOWED };

/* A server under test, in a process of its own that plays the conversation and reports on `report`. */
struct trial {
    const char *server;
    pid_t pid;
    int report;
};

#if defined(__linux__)

static bool own_network(void)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;
}

static void switch_loopback(bool on)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "lo"};

    must(fd != -1 && ioctl(fd, SIOCGIFFLAGS, &request) == 0, "SIOCGIFFLAGS");
    request.ifr_flags = (short)(on ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "SIOCSIFFLAGS");
    close(fd);
}

static void die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

#else

static bool own_network(void)
{
    return false;
}

static void switch_loopback(bool on)
{
}

static void die_with_parent(void)
{
}

#endif

/* With -k 2: a peer that cannot be reached for two seconds is to be given up. */
static int run_server(const void *server)
{
    die_with_parent();
    execl(server, "server", "-p", "0", "-k", "2", (char *)NULL);
    return 127;
}

/* Plays it. What went wrong goes to standard output, the report. */
static int play(const char *server)
{
    char said[4096];

    // cppcheck-suppress knownConditionTrueFalse ; only where this is not Linux
    if (!own_network())
        return NOT_ALLOWED;
    switch_loopback(true);
    const struct plain_server started = plain_start(run_server, server);
    if (started.ready[0] == '\0') {
        printf("it did not say where it listens");
        return FAILED;
    }
    const int fd = plain_connect(&started);
    if (fd == -1 || !plain_ask(fd, "hi", "HI")) {
        printf("it said \"%s\", but did not answer \"hi\" there while the network was up", started.ready);
        return FAILED;
    }
    switch_loopback(false);
    if (!plain_read_until(started.err, "ETIMEDOUT", said, sizeof said)) {
        printf("it did not notice (is keepalive on?); with -k 2 it should have said ETIMEDOUT, but said \"%s\"", said);
        return FAILED;
    }
    const int status = plain_stop(&started);
    if (status != 0) {
        printf("it noticed, but then it did not stop as it should: wait status %d", status);
        return FAILED;
    }
    return PASSED;
}

static void begin(struct trial *trial)
{
    int report[2];

    must(pipe(report) == 0, "pipe");
    (void)fflush(stdout); /* or the child would write it once more */
    trial->pid = fork();
    must(trial->pid != -1, "fork");
    if (trial->pid == 0) {
        die_with_parent();
        dup2(report[1], STDOUT_FILENO);
        exit(play(trial->server));
    }
    close(report[1]);
    trial->report = report[0];
}

static void test_dead_path(void **state)
{
    const struct trial *trial = *state;
    char problem[4096];
    int status;

    plain_read_until(trial->report, "\n", problem, sizeof problem); /* to its end: there is no newline */
    must(waitpid(trial->pid, &status, 0) == trial->pid, "waitpid");
    close(trial->report);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED) {
        print_message("skipped: here nobody may have a network of their own to switch off (unshare(2))\n");
        skip();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != PASSED)
        fail_msg("The network died under an open connection. The server: %s", problem);
}

/* All at once, since each of them waits most of the time. */
int main(void)
{
    const char *build = getenv("BUILD");
    struct models models;

    unit_begin();
    models_find(&models, build == NULL ? "build" : build);
    struct trial *trials = memory_zeroed(models.count, sizeof *trials);
    struct CMUnitTest *tests = memory_zeroed(models.count, sizeof *tests);
    size_t count = 0;
    for (size_t i = 0; i < models.count; i++) {
        if (models.items[i].left_out != NULL)
            continue;
        trials[count].server = models.items[i].server;
        begin(&trials[count]);
        tests[count] = (struct CMUnitTest){models.items[i].name, test_dead_path, NULL, NULL, &trials[count]};
        count++;
    }
    const int failed = unit_run("dead path", tests, count);
    free(tests);
    free(trials);
    models_free(&models);
    return failed;
}
