/*
 * test_server_descriptors - what if a server's standard input, output or error is not what it usually is?
 *
 * It serves its clients and can be stopped all the same, or it says in one line why it cannot. It never changes the flags of
 * a file that others have open, too.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "kinds.h"
#include "must.h"
#include "plain.h"
#include "player/proc.h"
#include "sockets.h"

enum { QUESTIONS = 100 /* two lines each with -v: more than a terminal holds */ };

struct setting {
    const char *path; /* of the server */
    int standard; /* which of its descriptors is special, */
    const struct opened *opened; /* and what it is */
    char port[8];
};

static int run_server(const void *data)
{
    const struct setting *setting = data;

    kind_become(setting->opened, setting->standard);
    execl(setting->path, "server", "-v", "-p", setting->port, (char *)NULL);
    return 127;
}

/* Which port is free? It is not printed where the test could read it. */
static void choose_port(char port[8])
{
    const int listener = sockets_listen();

    snprintf(port, 8, "%d", sockets_port(listener));
    close(listener);
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2L * 1000 * 1000}, NULL);
}

/* Connects as soon as the server listens. Returns -1 if it never does: in 20 seconds, or because it has ended. */
static int connect_when_possible(const struct plain_server *server, const char *port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                        .sin_port = htons((uint16_t)strtol(port, NULL, 10))};

    for (int i = 0; i < 10000; i++) {
        siginfo_t ended = {0};
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        close(fd);
        if (waitid(P_PID, (id_t)server->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0)
            return -1;
        pause_shortly();
    }
    return -1;
}

static bool serves(int client)
{
    for (int i = 0; i < QUESTIONS; i++)
        if (!plain_ask(client, "?a", "?A"))
            return false;
    return true;
}

static void wait_until_it_sleeps(pid_t pid)
{
    struct proc_status status;

    while (proc_status(pid, &status) && status.is_running)
        pause_shortly();
}

static const char *const names[] = {"standard input", "standard output", "standard error"};

static void fails(const struct setting *setting, enum kind kind, const char *what)
{
    fail_msg("A server whose %s is %s %s", names[setting->standard], kind_name(kind), what);
}

/* ---- Where the server has to serve ---- */

static void check_ready_line(const struct setting *setting, enum kind kind)
{
    char expected[64], said[64];

    snprintf(expected, sizeof expected, "listening on 127.0.0.1:%s", setting->port);
    if (!plain_read_until(setting->opened->other_end, expected, said, sizeof said))
        fails(setting, kind, "did not say there that it listens");
}

static void does_it_serve_and_stop(const struct setting *setting, enum kind kind)
{
    const struct plain_server server = plain_start(run_server, setting);
    const int client = connect_when_possible(&server, setting->port);

    if (client == -1 || !serves(client))
        fails(setting, kind, "did not answer");
    if (setting->standard == STDOUT_FILENO && setting->opened->other_end != -1)
        check_ready_line(setting, kind);
    if (plain_stop(&server) != 0)
        fails(setting, kind, "did not stop with 0 on SIGTERM");
    close(client);
}

/* ---- Where nobody could learn where it listens ---- */

static void does_it_refuse(const struct setting *setting, enum kind kind)
{
    static const char complaint[] = "server: cannot write to standard output: ";
    const struct plain_server server = plain_start(run_server, setting);
    char said[256];

    plain_read_until(server.err, "\n", said, sizeof said);
    if (strncmp(said, complaint, strlen(complaint)) != 0)
        fails(setting, kind, "did not say that it cannot write there");
    if (plain_stop(&server) != 1 << 8)
        fails(setting, kind, "did not exit with 1");
}

/* ---- Where it has to wait ---- */

static void does_it_stop_while_it_waits(const struct setting *setting, enum kind kind)
{
    const struct plain_server server = plain_start(run_server, setting);

    close(connect_when_possible(&server, setting->port));
    wait_until_it_sleeps(server.pid);
    if (plain_stop(&server) != 0)
        fails(setting, kind, "waits for room there, and did not stop with 0 on SIGTERM");
}

static void take(int fd, size_t bytes)
{
    char piece[4096];

    while (bytes > 0) {
        const ssize_t n = read(fd, piece, bytes < sizeof piece ? bytes : sizeof piece);
        must(n > 0, "read what was there before");
        bytes -= (size_t)n;
    }
}

static void does_it_serve_when_there_is_room(const struct setting *setting, enum kind kind)
{
    const struct plain_server server = plain_start(run_server, setting);
    const int client = connect_when_possible(&server, setting->port);

    take(setting->opened->other_end, setting->opened->filling);
    check_ready_line(setting, kind);
    if (!serves(client) || plain_stop(&server) != 0)
        fails(setting, kind, "did not serve and stop when there was room again");
    close(client);
}

/* ---- The table ---- */

typedef void ask(const struct setting *setting, enum kind kind);

static void try_kind(const char *path, int standard, enum kind kind, ask *question)
{
    if (!kind_is_there(kind))
        return;

    struct opened opened = standard == STDIN_FILENO ? kind_open_input(kind) : kind_open_output(kind);
    struct setting setting = {.path = path, .standard = standard, .opened = &opened};

    choose_port(setting.port);
    question(&setting, kind);
    if (!kind_is_unchanged(&opened))
        fails(&setting, kind, "left it with other flags (F_GETFL) than it had");
    kind_close(&opened);
}

static void does_it_need_its_input(void **state)
{
    for (enum kind kind = 0; kind < KINDS; kind++)
        try_kind(*state, STDIN_FILENO, kind, does_it_serve_and_stop);
}

static void does_it_say_that_it_listens(void **state)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (kind == DEV_FULL || kind == A_DIRECTORY || kind == CLOSED) {
            try_kind(*state, STDOUT_FILENO, kind, does_it_refuse);
        } else if (kind == A_FULL_PIPE || kind == A_FULL_NONBLOCKING_PIPE || kind == A_FULL_TERMINAL) {
            try_kind(*state, STDOUT_FILENO, kind, does_it_stop_while_it_waits);
            try_kind(*state, STDOUT_FILENO, kind, does_it_serve_when_there_is_room);
        } else {
            try_kind(*state, STDOUT_FILENO, kind, does_it_serve_and_stop);
        }
    }
}

static void does_it_need_its_error(void **state)
{
    for (enum kind kind = 0; kind < KINDS; kind++)
        try_kind(*state, STDERR_FILENO, kind, does_it_serve_and_stop);
}

int main(void)
{
    unit_begin();
    return unit_each_model("standard input", does_it_need_its_input) +
           unit_each_model("standard output", does_it_say_that_it_listens) +
           unit_each_model("standard error", does_it_need_its_error);
}
