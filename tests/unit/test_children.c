/*
 * test_children - what if a server has a process for each client, and one of them, or the parent, comes to harm?
 *
 * A child's harm is its client's alone; the parent says how it ended, keeps no zombies, and ends all of them when it is told
 * to stop; and when it is killed itself, nobody listens any more. Skipped for models that have no such processes, and where
 * the system does not tell whose child a process is.
 */
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "must.h"
#include "net.h"
#include "plain.h"
#include "player/proc.h"

enum { CROWD = 100 };

static const double patience = 5; /* seconds for what should happen at once */

static int run_server(const void *server)
{
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

/* A program inherits the signal mask of whoever started it. */
static int run_with_blocked_signals(const void *server)
{
    sigset_t all;

    sigfillset(&all);
    must(sigprocmask(SIG_BLOCK, &all, NULL) == 0, "sigprocmask");
    return run_server(server);
}

/* How many children it has, zombies included, and one of them. */
static size_t count_children(const struct plain_server *server, pid_t *child)
{
    struct proc_member *family;
    const size_t members = proc_family(server->pid, &family);
    size_t count = 0;

    for (size_t i = 0; i < members; i++)
        if (family[i].parent == server->pid) {
            count++;
            *child = family[i].pid;
        }
    free(family);
    return count;
}

/* Starts the server, and connects its first client; returns the client's process, or 0 if it has none. */
static pid_t begin(struct plain_server *server, int (*program)(const void *data), const char *path, int *client)
{
    pid_t child = 0;

    *server = plain_start(program, path);
    *client = plain_connect(server);
    assert_true(plain_ask(*client, "hello", "HELLO"));
    (void)count_children(server, &child);
    if (child == 0) {
        close(*client);
        (void)plain_stop(server);
    }
    return child;
}

static bool is_there(pid_t pid)
{
    struct proc_member *family;
    const size_t count = proc_family(pid, &family);
    bool found = false;

    for (size_t i = 0; i < count; i++)
        found = found || (family[i].pid == pid && !family[i].is_zombie);
    free(family);
    return found;
}

static bool sees_the_end(int client)
{
    struct pollfd end = {.fd = client, .events = POLLIN};
    char byte;

    return poll(&end, 1, (int)(patience * 1000)) == 1 && recv(client, &byte, 1, 0) <= 0;
}

static void assert_stops(const struct plain_server *server, const char *when)
{
    const double told = net_now();
    const int status = plain_stop(server);

    if (status != 0 || net_now() - told > 1)
        fail_msg("%s, the server was told to stop (SIGTERM). It ended %.1f s later, with wait status %d.", when,
                 net_now() - told, status);
}

/* Waits until no child is left, not even a zombie. */
static void assert_no_child_left(const struct plain_server *server, const char *when)
{
    const double deadline = net_now() + patience;
    pid_t child;
    size_t left;

    while ((left = count_children(server, &child)) > 0 && net_now() < deadline)
        (void)poll(NULL, 0, 10);
    if (left > 0)
        fail_msg("%s, and %zu of their processes are still there %g s later. Does their parent wait for each of them?",
                 when, left, patience);
}

static void what_if_a_child_is_killed(void **state)
{
    struct plain_server server;
    char said[1024], expected[64];
    int first;
    const pid_t child = begin(&server, run_server, *state, &first);

    if (child == 0)
        skip();
    const int second = plain_connect(&server);
    assert_true(plain_ask(second, "second", "SECOND"));
    snprintf(expected, sizeof expected, "process %d was ended by signal %d", (int)child, SIGKILL);
    kill(child, SIGKILL);
    if (!sees_the_end(first))
        fail_msg(
            "A client's process was killed, and the client does not see the end of its connection: who has it open?");
    if (!plain_read_until(server.err, expected, said, sizeof said))
        fail_msg("The server should say \"%s\"; it said \"%s\"", expected, said);
    const int third = plain_connect(&server);
    if (!plain_ask(second, "again", "AGAIN") || !plain_ask(third, "third", "THIRD"))
        fail_msg("The process of one client was killed, and another client is not served any more.");
    close(first);
    close(second);
    close(third);
    assert_no_child_left(&server, "All clients have left");
    assert_stops(&server, "After one of its children was killed");
}

/* Signals do not count: of those that come together only one is delivered. */
static void leave_at_once(const char *path, int (*program)(const void *data))
{
    struct plain_server server;
    int clients[CROWD];

    if (begin(&server, program, path, &clients[0]) == 0)
        skip();
    for (int i = 1; i < CROWD; i++) {
        clients[i] = plain_connect(&server);
        assert_true(plain_ask(clients[i], "hello", "HELLO"));
    }
    for (int i = 0; i < CROWD; i++)
        close(clients[i]);
    assert_no_child_left(&server, "100 clients have left at once");
    assert_stops(&server, "When all clients had left");
}

static void what_if_all_leave_at_once(void **state)
{
    leave_at_once(*state, run_server);
}

static void what_if_signals_were_blocked(void **state)
{
    leave_at_once(*state, run_with_blocked_signals);
}

/* A stopped process takes no SIGTERM, as long as nobody lets it go on. */
static void what_if_a_child_is_stopped(void **state)
{
    struct plain_server server;
    int client;
    const pid_t child = begin(&server, run_server, *state, &client);

    if (child == 0)
        skip();
    kill(child, SIGSTOP);
    assert_stops(&server, "While one of its children was stopped (SIGSTOP)");
    close(client);
}

/* The child serves its client to the end, and keeps nothing of its parent's. */
static void what_if_the_parent_is_killed(void **state)
{
    struct plain_server server;
    int client;
    const pid_t child = begin(&server, run_server, *state, &client);
    const double deadline = net_now() + patience;

    if (child == 0)
        skip();
    kill(server.pid, SIGKILL);
    must(waitpid(server.pid, NULL, 0) == server.pid, "waitpid");
    const int late = plain_connect(&server);
    if (late != -1)
        fail_msg(
            "The server was killed, and still somebody listens on its port: has its child a copy of the listener?");
    if (!plain_ask(client, "still", "STILL"))
        fail_msg("The server was killed, and the client that has a process of its own is not served any more.");
    close(client);
    while (is_there(child) && net_now() < deadline)
        (void)poll(NULL, 0, 10);
    if (is_there(child))
        fail_msg("The server was killed, its last client has left, and the client's process is still there.");
    close(server.output);
    close(server.err);
}

int main(void)
{
    unit_begin();
    return unit_each_model("a child is killed", what_if_a_child_is_killed) +
           unit_each_model("all leave at once", what_if_all_leave_at_once) +
           unit_each_model("signals were blocked", what_if_signals_were_blocked) +
           unit_each_model("a child is stopped", what_if_a_child_is_stopped) +
           unit_each_model("the parent is killed", what_if_the_parent_is_killed);
}
