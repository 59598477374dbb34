/*
 * test_process_client - what if one of the client's two processes ends before the other, or there is only one to be had?
 *
 * The other must not wait for ever. 07's client is compiled in here with a fork() that can be told to fail, and to have a
 * child that is killed at once.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"
#include "sockets.h"

static enum { FORK_WORKS, FORK_FAILS, FORK_AND_KILL } next_fork;

static pid_t fork_as_told(void)
{
    if (next_fork == FORK_FAILS) {
        errno = EAGAIN;
        return -1;
    }
    const pid_t pid = fork();
    if (pid == 0 && next_fork == FORK_AND_KILL)
        raise(SIGKILL);
    return pid;
}

#define fork fork_as_told
#define main client_main
#include "../../07-process-per-client/client.c" /* NOLINT(bugprone-suspicious-include): the program under test */
#undef main
#undef fork

#define NOT_AT_ITS_END                                                                                                 \
    "CONNECTION_CLOSED\n"                                                                                              \
    "client: the connection broke off: 0 of the 0 bytes sent were answered, and the input was not at its end\n"

/* Its standard input is what it gets, or what nobody ever types. */
static int run_client(int listener, const char *typed)
{
    static char name[] = "client", option[] = "-p", verbose[] = "-v";
    char port[16];
    char *arguments[] = {name, option, port, verbose, NULL};

    if (typed != NULL) {
        int input[2];
        must(pipe(input) == 0 && write(input[1], typed, strlen(typed)) == (ssize_t)strlen(typed), "pipe");
        must(dup2(input[0], STDIN_FILENO) != -1, "dup2");
    }
    snprintf(port, sizeof port, "%d", sockets_port(listener));
    return client_main(4, arguments);
}

static int run_without_a_process(const void *listener)
{
    next_fork = FORK_FAILS;
    return run_client(*(const int *)listener, NULL);
}

static void does_it_say_that_there_is_no_process(void **state)
{
    const int listener = sockets_listen();
    struct child child;

    child_run(&child, run_without_a_process, &listener, "hello");
    assert_child("the client without a second process", &child, 1, "",
                 "client: cannot start a process: Resource temporarily unavailable\n");
    close(listener);
}

/* Accepts a client; after its end of stream, or else at once, closes. */
static pid_t start_server(int listener, bool at_once)
{
    const pid_t pid = fork();
    char bytes[64];

    must(pid != -1, "fork");
    if (pid != 0)
        return pid;
    const int fd = accept(listener, NULL, NULL);
    while (!at_once && recv(fd, bytes, sizeof bytes, 0) > 0)
        ;
    _exit(0);
}

static int run_and_lose_the_sender(const void *listener)
{
    next_fork = FORK_AND_KILL;
    return run_client(*(const int *)listener, NULL);
}

/* Then nobody half-closes, and a server that waits for more does not close either. */
static void what_if_the_sender_is_killed(void **state)
{
    const int listener = sockets_listen();
    const pid_t server = start_server(listener, false);
    struct child child;

    child_run(&child, run_and_lose_the_sender, &listener, "hello");
    assert_child("the client whose sender was killed", &child, 1, "",
                 NOT_AT_ITS_END "client: the sending process was ended by signal 9 (Killed)\n");
    waitpid(server, NULL, 0);
    close(listener);
}

static int run_while_nobody_types(const void *listener)
{
    next_fork = FORK_WORKS;
    return run_client(*(const int *)listener, "");
}

/* The sender sits in read(), and there is nothing to read. */
static void what_if_the_server_closes_while_nobody_types(void **state)
{
    const int listener = sockets_listen();
    const pid_t server = start_server(listener, true);
    struct child child;

    child_run(&child, run_while_nobody_types, &listener, "");
    assert_child("the client whose server closes early", &child, 1, "", NOT_AT_ITS_END);
    waitpid(server, NULL, 0);
    close(listener);
}

/*
 * The receiver says what was sent when something is received, and only after that the sender is surely waiting for input, or
 * on its way there: before, it would notice that nobody listens to it.
 */
static void wait_until_told(int connection_fd, int err)
{
    struct pollfd said = {.fd = err, .events = POLLIN};
    char text[1024] = "";
    size_t length = 0;

    while (strstr(text, "send SUCCESS 5 bytes") == NULL) {
        must(send(connection_fd, "!", 1, 0) == 1, "send");
        if (poll(&said, 1, 10) == 1) {
            const ssize_t n = read(err, text + length, sizeof text - 1 - length);
            must(n > 0, "read");
            length += (size_t)n;
        }
    }
}

/* Whoever ends the client means both. What it says ends when none of its processes has that open any more. */
static void does_the_sender_end_with_the_receiver(void **state)
{
    const int listener = sockets_listen();
    struct pollfd end = {.events = 0}; /* for POLLHUP */
    int err[2], status;

    must(pipe(err) == 0, "pipe");
    end.fd = err[0];
    next_fork = FORK_WORKS;
    const pid_t receiver = fork();
    must(receiver != -1, "fork");
    if (receiver == 0) {
        must(dup2(err[1], STDERR_FILENO) != -1 && dup2(err[1], STDOUT_FILENO) != -1, "dup2");
        close(err[1]);
        _exit(run_client(listener, "hello"));
    }
    close(err[1]);
    const int fd = accept(listener, NULL, NULL);
    wait_until_told(fd, err[0]);
    kill(receiver, SIGTERM);
    must(waitpid(receiver, &status, 0) == receiver, "waitpid");
    assert_int_equal(status, SIGTERM);
    if (poll(&end, 1, 5000) != 1)
        fail_msg("The client was ended by SIGTERM, and the process that sends was still there 5 s later.");
    close(err[0]);
    close(fd);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_it_say_that_there_is_no_process),
        cmocka_unit_test(what_if_the_sender_is_killed),
        cmocka_unit_test(what_if_the_server_closes_while_nobody_types),
        cmocka_unit_test(does_the_sender_end_with_the_receiver),
    };

    unit_begin();
    return cmocka_run_group_tests_name("07's client", tests, NULL, NULL);
}
