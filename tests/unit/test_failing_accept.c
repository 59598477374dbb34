/*
 * test_failing_accept - what if accept() keeps failing while a server runs?
 *
 * The clients that it has are served on, one line says what is wrong, it rests, and it can be told to stop. If the trouble
 * goes by, whoever has waited is served.
 */
#define _GNU_SOURCE /* prlimit() */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "unit.h"

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "must.h"
#include "net.h"
#include "plain.h"
#include "player/proc.h"

enum {
    NO_DESCRIPTORS = STDERR_FILENO + 1,
    ENOUGH_DESCRIPTORS = 40,
    CLIENTS = 80,
    REST_MS = 500,
    NS_PER_MS = 1000 * 1000
};

static int run_server(const void *server)
{
    const bool spins = strstr(server, "02-fcntl-nonblock") != NULL; /* unless it is told to pause */

    must(setenv("ASAN_OPTIONS", "detect_leaks=0", 1) == 0, "setenv"); /* which would need descriptors at the end */
    execl(server, "server", "-p", "0", spins ? "-i10" : NULL, (char *)NULL);
    return 127;
}

/* The same, where each accept() fails for want of memory: in this process, and in the program that it becomes. */
static int run_without_memory(const void *server)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOBUFS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};

    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "prctl");
    return run_server(server);
}

static void set_limit(const struct plain_server *server, rlim_t descriptors)
{
    const struct rlimit limit = {descriptors, ENOUGH_DESCRIPTORS};

    must(prlimit(server->pid, RLIMIT_NOFILE, &limit, NULL) == 0, "prlimit");
}

/* Not for long: 01 says nothing while it serves somebody, because it does not accept then. */
static void wait_for_stderr(const struct plain_server *server)
{
    struct pollfd err = {.fd = server->err, .events = POLLIN};

    (void)poll(&err, 1, 300);
}

static void assert_says(const struct plain_server *server, const char *message)
{
    char said[1024];

    if (!plain_read_until(server->err, message, said, sizeof said))
        fail_msg("When accept() fails the server should say %s; it said \"%s\"", message, said);
}

static void assert_does_not_repeat(const struct plain_server *server, const char *message)
{
    struct pollfd more = {.fd = server->err, .events = POLLIN};
    char said[1024] = "";

    if (poll(&more, 1, 0) == 1)
        must(read(server->err, said, sizeof said - 1) != -1, "read");
    if (strstr(said, message) != NULL)
        fail_msg("When accept() fails the server should say so once; then it said \"%s\"", said);
}

/* Who spins gets a good part of a core even on a busy machine. */
static void assert_rests(const struct plain_server *server)
{
    uint64_t before = 0, after = 0;

    must(proc_cpu_time(server->pid, &before), "CPU time");
    (void)poll(NULL, 0, REST_MS);
    must(proc_cpu_time(server->pid, &after), "CPU time");
    const int busy_ms = (int)((after - before) / NS_PER_MS);
    if (busy_ms > REST_MS / 10)
        fail_msg("While accept() failed the server was busy for %d of %d ms.", busy_ms, REST_MS);
}

static void assert_stops(const struct plain_server *server)
{
    const double told = net_now();
    const int status = plain_stop(server);
    const double took = net_now() - told;

    if (status != 0 || took > 1)
        fail_msg("While accept() failed the server was told to stop (SIGTERM). It ended %.1f s later, with status %d.",
                 took, status);
}

/* What if others take all descriptors? */
static void does_it_recover(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);

    const int first = plain_connect(&server);
    assert_true(plain_ask(first, "one", "ONE"));
    set_limit(&server, NO_DESCRIPTORS);
    const int second = plain_connect(&server);
    wait_for_stderr(&server);
    if (!plain_ask(first, "two", "TWO"))
        fail_msg("When no descriptor was left for a newcomer, the one who was there already was not served any more.");
    close(first);
    assert_says(&server, "EMFILE");
    assert_rests(&server);

    set_limit(&server, ENOUGH_DESCRIPTORS);
    if (!plain_ask(second, "three", "THREE"))
        fail_msg("There were descriptors again, but who had waited for one was not served.");
    assert_does_not_repeat(&server, "EMFILE");

    set_limit(&server, NO_DESCRIPTORS);
    close(second);
    const int third = plain_connect(&server);
    wait_for_stderr(&server);
    assert_stops(&server);
    close(third);
}

/* Is a newcomer served, although accept() fails? Yes where it is no system call, which a filter can fail: io_uring. */
static bool is_served(const struct plain_server *server, int client)
{
    struct pollfd first[] = {{.fd = client, .events = POLLIN}, {.fd = server->err, .events = POLLIN}};

    must(send(client, "a", 1, 0) == 1, "send");
    must(poll(first, 2, 20 * 1000) > 0, "poll");
    return first[0].revents != 0;
}

/* What if it is not the descriptors, and does not go by? */
static void does_it_stay_calm(void **state)
{
    const struct plain_server server = plain_start(run_without_memory, *state);
    const int client = plain_connect(&server);

    if (is_served(&server, client)) {
        plain_stop(&server);
        close(client);
        skip();
    }
    assert_says(&server, "accept ERROR");
    assert_rests(&server);
    assert_does_not_repeat(&server, "accept ERROR");
    assert_stops(&server);
    close(client);
}

/* What if it is full? Newcomers may wait or be closed, but not be closed without a word. */
static void does_it_close_silently(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);
    struct pollfd clients[CLIENTS];
    struct pollfd err = {.fd = server.err, .events = POLLIN};

    set_limit(&server, ENOUGH_DESCRIPTORS);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = (struct pollfd){.fd = plain_connect(&server), .events = POLLIN};
    const int closed = poll(clients, CLIENTS, 300);
    if (closed > 0 && poll(&err, 1, 0) == 0)
        fail_msg("%d clients for whom there was no descriptor were closed, and the server said nothing.", closed);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i].fd);
    assert_stops(&server);
}
#else
static void does_it_recover(void **state)
{
    skip();
}

#define does_it_stay_calm does_it_recover
#define does_it_close_silently does_it_recover
#endif

int main(void)
{
    unit_begin();
    return unit_each_model("no descriptors", does_it_recover) + unit_each_model("no memory", does_it_stay_calm) +
           unit_each_model("full", does_it_close_silently);
}
