/*
 * test_dead_path - what if the network dies under an open connection: the cable is out, and nobody can say goodbye?
 *
 * No byte and no end of stream will ever come, so a server that only waits in recv() would wait for ever. It has to find out,
 * and to call it what it is: an error, not an orderly close. Then it serves whoever comes when the network is back. But a
 * client that reads nothing for long is not dead as long as its kernel answers that it has no room. Each model
 * is played in a network of its own, whose loopback is switched off in the middle. Where that is not allowed, the tests are
 * skipped with a line that says so.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "must.h"
#include "net.h"
#include "network.h"
#include "plain.h"
#include "player/memory.h"
#include "player/models.h"
#include "upper.h"

/* Exit statuses of the process that plays. */
enum { PASSED, FAILED, NOT_ALLOWED };

/* One server under test, and its client. */
struct talk {
    struct plain_server server;
    int fd;
    size_t sent, received;
};

/* What a network is like, and what client and server are doing when it dies. */
struct path {
    const char *name;
    const char *buffers; /* tcp_rmem and tcp_wmem, or NULL: as they are */
    const char *dead_peer_seconds; /* for the server */
    size_t bytes; /* that go to and fro before */
    void (*before)(struct talk *talk); /* what happens last while the network is up, or NULL */
    void (*after)(struct talk *talk); /* what happens when it is dead, or NULL */
    int mtu; /* 0: as it is */
    bool comes_back; /* it is dead for a second only */
    bool stays; /* it does not die at all: a client that reads nothing for long is not dead */
};

/* A server on a path, in a process of its own that plays the conversation and reports on `report`. */
struct trial {
    const char *server;
    const struct path *path;
    pid_t pid;
    int report;
};

/* ---- The conversation ---- */

static char byte_at(size_t place)
{
    return (char)('a' + place % 23);
}

/* Sends what the kernel takes now, up to `limit` bytes in all. */
static void send_some(struct talk *talk, size_t limit)
{
    char bytes[4096];
    size_t size = 0;

    while (size < sizeof bytes && talk->sent + size < limit) {
        bytes[size] = byte_at(talk->sent + size);
        size++;
    }
    const ssize_t n = send(talk->fd, bytes, size, MSG_DONTWAIT);
    talk->sent += n > 0 ? (size_t)n : 0;
}

/* Returns false if a byte is wrong, or the connection has ended. */
static bool receive_some(struct talk *talk)
{
    char bytes[4096];
    const ssize_t n = recv(talk->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    for (ssize_t i = 0; i < n; i++) {
        char due = byte_at(talk->received++);
        upper(&due, 1);
        if (bytes[i] != due)
            return false;
    }
    return n > 0 || (n == -1 && errno == EAGAIN);
}

/* So many more bytes go to the server and come back. */
static bool exchange(struct talk *talk, size_t bytes)
{
    const size_t limit = talk->sent + bytes;
    const double deadline = net_now() + 20;
    bool is_right = true;

    while (is_right && talk->received < limit && net_now() < deadline) {
        struct pollfd ready = {.fd = talk->fd, .events = (short)(POLLIN | (talk->sent < limit ? POLLOUT : 0))};
        must(poll(&ready, 1, 1000) >= 0, "poll");
        send_some(talk, limit);
        is_right = receive_some(talk);
    }
    return is_right && talk->received == limit;
}

/* ---- What they are doing when the network dies ---- */

/* The rest of a request never arrives. */
static void send_the_rest(struct talk *talk)
{
    send_some(talk, talk->sent + 10);
}

/* The server has a request, but cannot answer it: it is held. */
static void hold_server(struct talk *talk)
{
    kill(-talk->server.pid, SIGSTOP);
    send_some(talk, talk->sent + 10);
}

static void release_server(struct talk *talk)
{
    kill(-talk->server.pid, SIGCONT);
}

/* The client does not read, and all buffers are full, so that the server cannot send. */
static void get_stuck(struct talk *talk)
{
    struct pollfd writable = {.fd = talk->fd, .events = POLLOUT};

    while (poll(&writable, 1, 300) == 1)
        send_some(talk, SIZE_MAX);
}

#define TINY "4096 4096 4096"

static const struct path paths[] = {
    {"silent", .dead_peer_seconds = "2", .bytes = 100000},
    {"in the middle of a request", .dead_peer_seconds = "2", .bytes = 5, .after = send_the_rest},
    {"in the middle of an answer", .dead_peer_seconds = "2", .bytes = 5, .before = hold_server,
     .after = release_server},
    {"while the client reads nothing", .mtu = 1500, .buffers = TINY, .dead_peer_seconds = "2", .before = get_stuck},
    {"with tiny buffers", .mtu = 1500, .buffers = TINY, .dead_peer_seconds = "2", .bytes = 50000},
    {"with tiny packets", .mtu = 68, .dead_peer_seconds = "2", .bytes = 5000},
    {"for a second", .dead_peer_seconds = "60", .bytes = 5, .before = hold_server, .after = release_server,
     .comes_back = true},
    {"but a client that read nothing for 6 s", .mtu = 1500, .buffers = TINY, .dead_peer_seconds = "2",
     .before = get_stuck, .stays = true},
};

enum { PATHS = sizeof paths / sizeof paths[0] };

/* ---- One trial ---- */

static void die_with_parent(void)
{
#if defined(__linux__)
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

static int run_server(const void *data)
{
    const struct trial *trial = data;

    die_with_parent();
    setpgid(0, 0); /* so that all its processes can be held at once */
    execl(trial->server, "server", "-p", "0", "-k", trial->path->dead_peer_seconds, (char *)NULL);
    return 127;
}

/*
 * How often data are sent again before the kernel gives up, is its own business, and usually takes long (tcp_retries2 in
 * tcp(7)). Here it is a few seconds, however the server has set its sockets.
 */
static bool has_network(const struct path *path)
{
    if (!network_own())
        return false;
    network_switch(true);
    return network_set("tcp_retries2", "3") && (path->mtu == 0 || network_set_mtu(path->mtu)) &&
           (path->mtu != 68 || network_set("ip_no_pmtu_disc", "1")) && /* with headers, no segment is that short */
           (path->buffers == NULL ||
            (network_set("tcp_rmem", path->buffers) && network_set("tcp_wmem", path->buffers)));
}

static bool is_served(const struct plain_server *server)
{
    const int fd = plain_connect(server);
    const bool is_served = fd != -1 && plain_ask(fd, "hi", "HI");

    close(fd);
    return is_served;
}

/* What went wrong goes to standard output, the report. */
static int fail_with(const char *what)
{
    printf("%s", what);
    return FAILED;
}

static int play_outage(struct talk *talk)
{
    struct pollfd readable = {.fd = talk->fd, .events = POLLIN};

    if (poll(&readable, 1, 1000) != 0)
        return fail_with("it ended a connection that was interrupted for less than a second");
    network_switch(true);
    if (poll(&readable, 1, 20000) != 1 || !receive_some(talk) || talk->received < talk->sent)
        return fail_with("the network came back after a second, but the answer did not come");
    return PASSED;
}

static int play_patience(struct talk *talk)
{
    nanosleep(&(struct timespec){.tv_sec = 6}, NULL);
    if (!exchange(talk, 0))
        return fail_with(
            "with -k 2 it gave up a client that read nothing for 6 s, although its kernel answered all the "
            "time (does it set TCP_USER_TIMEOUT?)");
    return PASSED;
}

static int play_death(const struct talk *talk)
{
    char said[4096];

    if (!plain_read_until(talk->server.err, " ERROR ", said, sizeof said)) {
        printf("with -k 2 it should have said ERROR within 20 s (is keepalive on?), but said \"%s\"", said);
        return FAILED;
    }
    network_switch(true);
    if (!is_served(&talk->server))
        return fail_with("it noticed, but then it did not serve the next client when the network was back");
    return PASSED;
}

static int play(const struct trial *trial)
{
    const struct path *path = trial->path;
    struct talk talk = {0};

    // cppcheck-suppress knownConditionTrueFalse ; only where this is not Linux
    if (!has_network(path))
        return NOT_ALLOWED;
    talk.server = plain_start(run_server, trial);
    talk.fd = plain_connect(&talk.server);
    if (talk.fd == -1 || !exchange(&talk, path->bytes))
        return fail_with("it did not answer everything, and rightly, while the network was up");
    if (path->before != NULL)
        path->before(&talk);
    if (!path->stays)
        network_switch(false);
    if (path->after != NULL)
        path->after(&talk);
    const int result = path->stays ? play_patience(&talk) : path->comes_back ? play_outage(&talk) : play_death(&talk);
    const int status = plain_stop(&talk.server);
    if (result == PASSED && status != 0) {
        printf("then it did not stop as it should: wait status %d", status);
        return FAILED;
    }
    return result;
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
    if (!WIFEXITED(status) || WEXITSTATUS(status) != PASSED)
        fail_msg("The network %s under an open connection, %s. The server: %s",
                 trial->path->stays ? "did not die" : "died", trial->path->name, problem);
}

/* All at once, since each of them waits most of the time. */
static void begin_all(struct trial trials[PATHS], const char *server)
{
    for (size_t i = 0; i < PATHS; i++) {
        trials[i] = (struct trial){.server = server, .path = &paths[i]};
        begin(&trials[i]);
    }
}

static int judge_all(struct trial trials[PATHS], const char *model)
{
    struct CMUnitTest tests[PATHS];

    for (size_t i = 0; i < PATHS; i++)
        tests[i] = (struct CMUnitTest){paths[i].name, test_dead_path, NULL, NULL, &trials[i]};
    return unit_run(model, tests, PATHS);
}

int main(void)
{
    const char *build = getenv("BUILD");
    struct models models;
    int failed = 0;

    unit_begin();
    models_find(&models, build == NULL ? "build" : build);
    struct trial(*trials)[PATHS] = memory_zeroed(models.count, sizeof *trials);
    for (size_t i = 0; i < models.count; i++)
        if (models.items[i].left_out == NULL)
            begin_all(trials[i], models.items[i].server);
    for (size_t i = 0; i < models.count; i++)
        if (models.items[i].left_out == NULL)
            failed += judge_all(trials[i], models.items[i].name);
    free(trials);
    models_free(&models);
    return failed;
}
