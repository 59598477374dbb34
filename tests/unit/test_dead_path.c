/*
 * test_dead_path - what if the network dies under an open connection: the cable is out, and nobody can say goodbye?
 *
 * No byte and no end of stream will ever come, so a server that only waits in recv() would wait for ever. Keepalive has to
 * find out, and the server has to call it what it is: an error (ETIMEDOUT), not an orderly close. While the client takes
 * nothing, keepalive rests, and the kernel's questions whether there is room again have to find out. But a client that
 * takes nothing for long is not dead as long as its kernel answers them. Each model is played in a network namespace of its
 * own (Linux, network_namespaces(7)), whose loopback is switched off in the middle. Where that is not allowed, the tests
 * are skipped with a line that says so.
 */
#define _GNU_SOURCE /* unshare(), struct ifreq */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "must.h"
#include "plain.h"
#include "player/memory.h"
#include "player/models.h"
#include "sockets.h"

#if defined(__linux__)
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#endif

/* Exit statuses of the process that plays. */
enum { PASSED, FAILED, NOT_ALLOWED, NOT_KNOWN };

/* What happens after the first answer. */
enum conversation { SILENT_THEN_DEAD, FULL_THEN_DEAD, FULL_THEN_READ, CONVERSATIONS };

/* A server under test, in a process of its own that plays the conversation and reports on `report`. */
struct trial {
    const char *server;
    enum conversation conversation;
    char title[64];
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

enum { DEAD_PEER_SECONDS = 2 };

/* With -k 2: a peer that cannot be reached for two seconds is to be given up. */
static int run_server(const void *server)
{
    die_with_parent();
    execl(server, "server", "-p", "0", "-k", "2", (char *)NULL);
    return 127;
}

/* Linux before 6.15 cannot give up such a client in less than a quarter of an hour: see net_prepare(). */
static bool can_give_up_a_full_client(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0), milliseconds = 1000, linux_tcp_rto_max_ms = 44;
    const bool can = setsockopt(fd, IPPROTO_TCP, linux_tcp_rto_max_ms, &milliseconds, sizeof milliseconds) == 0;

    close(fd);
    return can;
}

/* The path dies. */
static int does_it_notice(const struct plain_server *server)
{
    char said[4096];

    switch_loopback(false);
    if (plain_read_until(server->err, "ETIMEDOUT", said, sizeof said))
        return PASSED;
    printf("it did not notice (is keepalive on?); with -k 2 it should have said ETIMEDOUT, but said \"%s\"", said);
    return FAILED;
}

/* The client reads again. It has sent `size` bytes. */
static int does_it_serve_on(int fd, size_t size)
{
    static char bytes[64 * 1024];
    size_t got = 0;
    ssize_t n;

    nanosleep(&(struct timespec){.tv_sec = 3L * DEAD_PEER_SECONDS}, NULL);
    shutdown(fd, SHUT_WR);
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        got += (size_t)n;
    if (n == 0 && got == size)
        return PASSED;
    printf("its client read nothing for %d s, and then got %zu of %zu bytes, although its kernel answered all the time "
           "(does it set TCP_USER_TIMEOUT?)",
           3 * DEAD_PEER_SECONDS, got, size);
    return FAILED;
}

static int talk(const struct plain_server *server, enum conversation conversation)
{
    const int fd = plain_connect(server);

    if (fd == -1 || !plain_ask(fd, "hi", "HI")) {
        printf("it said \"%s\", but did not answer \"hi\" there while the network was up", server->ready);
        return FAILED;
    }
    const size_t filled = conversation == SILENT_THEN_DEAD ? 0 : sockets_fill(fd);
    return conversation == FULL_THEN_READ ? does_it_serve_on(fd, filled) : does_it_notice(server);
}

/* Plays it. What went wrong goes to standard output, the report. */
static int play(const struct trial *trial)
{
    // cppcheck-suppress knownConditionTrueFalse ; only where this is not Linux
    if (!own_network())
        return NOT_ALLOWED;
    switch_loopback(true);
    if (trial->conversation == FULL_THEN_DEAD && !can_give_up_a_full_client())
        return NOT_KNOWN;
    const struct plain_server started = plain_start(run_server, trial->server);
    if (started.ready[0] == '\0') {
        printf("it did not say where it listens");
        return FAILED;
    }
    const int outcome = talk(&started, trial->conversation);
    const int status = plain_stop(&started);
    if (outcome == PASSED && status != 0) {
        printf("it was right until then, but it did not stop as it should: wait status %d", status);
        return FAILED;
    }
    return outcome;
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
        exit(play(trial));
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
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_KNOWN) {
        print_message("skipped: this kernel has no TCP_RTO_MAX_MS (Linux 6.15)\n");
        skip();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != PASSED)
        fail_msg("A client that is not heard of for long, gone or not. The server: %s", problem);
}

/* Begins with a conversation for each model that is there. Returns how many these are. */
static size_t begin_all(struct models *models, enum conversation conversation, struct trial *trials,
                        struct CMUnitTest *tests)
{
    static const char *const what[CONVERSATIONS] = {"silent, then dead", "full, then dead", "full, then read"};
    size_t count = 0;

    for (size_t i = 0; i < models->count; i++) {
        if (models->items[i].left_out != NULL)
            continue;
        trials[count] = (struct trial){.server = models->items[i].server, .conversation = conversation};
        begin(&trials[count]);
        snprintf(trials[count].title, sizeof trials[count].title, "%s: %s", models->items[i].name, what[conversation]);
        tests[count] = (struct CMUnitTest){trials[count].title, test_dead_path, NULL, NULL, &trials[count]};
        count++;
    }
    return count;
}

/* All at once, since each of them waits most of the time. */
int main(void)
{
    const char *build = getenv("BUILD");
    struct models models;

    unit_begin();
    models_find(&models, build == NULL ? "build" : build);
    struct trial *trials = memory_zeroed(CONVERSATIONS * models.count, sizeof *trials);
    struct CMUnitTest *tests = memory_zeroed(CONVERSATIONS * models.count, sizeof *tests);
    size_t count = 0;
    for (enum conversation i = 0; i < CONVERSATIONS; i++)
        count += begin_all(&models, i, trials + count, tests + count);
    const int failed = unit_run("dead path", tests, count);
    free(tests);
    free(trials);
    models_free(&models);
    return failed;
}
