/*
 * test_inherits - what if whoever starts a program has blocked or ignored signals, or set an alarm or a limit?
 *
 * exec() passes all that on. common/inherited.h says what becomes of it, and here each of its lines is tried: a limit that
 * was meant stays, and what would only break the program is put right.
 */
#define _DEFAULT_SOURCE /* NSIG */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "must.h"
#include "plain.h"
#include "sockets.h"

/* ---- What is passed on ---- */

static void block_all(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

static void ignore_all(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_IGN); /* fails for those that cannot be ignored */
}

static void block_and_ignore_all(void)
{
    block_all();
    ignore_all();
}

static void leave_folder(void)
{
    char folder[] = "/tmp/inherits.XXXXXX";

    must(mkdtemp(folder) != NULL && chdir(folder) == 0 && rmdir(folder) == 0, "a folder that is gone");
}

static void no_file_may_grow(void)
{
    const struct rlimit none = {0, 0};

    must(setrlimit(RLIMIT_FSIZE, &none) == 0, "RLIMIT_FSIZE");
}

static void limit_log(void)
{
    FILE *log = tmpfile();

    must(log != NULL && dup2(fileno(log), STDERR_FILENO) == STDERR_FILENO, "a log");
    no_file_may_grow();
}

static void limit_output(void)
{
    FILE *output = tmpfile();

    must(output != NULL && dup2(fileno(output), STDOUT_FILENO) == STDOUT_FILENO, "an output");
    no_file_may_grow();
}

static void set_alarm(void)
{
    alarm(1);
}

struct start {
    const char *server; /* its path */
    void (*inherit)(void);
};

static int run_server(const void *data)
{
    const struct start *start = data;

    char *const path = realpath(start->server, NULL); /* for one that has left this folder */

    must(path != NULL, start->server);
    start->inherit();
    execl(path, "server", "-v", "-p", "0", (char *)NULL);
    return 127;
}

/* ---- Servers ---- */

static void assert_serves(const struct plain_server *server, const char *what)
{
    for (int i = 0; i < 2; i++) {
        const int client = plain_connect(server);
        if (client == -1 || !plain_ask(client, "hello", "HELLO"))
            fail_msg("A server that was started with %s did not answer.", what);
        close(client);
    }
}

static void does_it_serve_and_stop(void **state)
{
    static const struct {
        const char *what;
        void (*inherit)(void);
    } table[] = {
        {"all signals blocked", block_all},
        {"all signals ignored", ignore_all},
        {"all signals blocked and ignored", block_and_ignore_all},
        {"a folder that is gone", leave_folder},
        {"a log that may not grow (RLIMIT_FSIZE: is SIGXFSZ ignored?)", limit_log},
    };
    static const int stops[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < 2 * sizeof table / sizeof *table; i++) {
        const struct start start = {*state, table[i / 2].inherit};
        const struct plain_server server = plain_start(run_server, &start);
        assert_serves(&server, table[i / 2].what);
        if (plain_stop_by(&server, stops[i % 2]) != 0)
            fail_msg("A server that was started with %s did not stop with 0 on %s.", table[i / 2].what,
                     stops[i % 2] == SIGINT ? "SIGINT" : "SIGTERM");
    }
}

static void does_it_survive_its_terminal(void **state)
{
    const struct start start = {*state, ignore_all};
    const struct plain_server server = plain_start(run_server, &start);

    kill(server.pid, SIGHUP);
    assert_serves(&server, "SIGHUP ignored, as nohup does it, and that got one,");
    assert_int_equal(plain_stop(&server), 0);
}

static void does_an_alarm_end_it(void **state)
{
    const struct start start = {*state, set_alarm};
    const struct plain_server server = plain_start(run_server, &start);
    char rest[1024];

    (void)plain_read_until(server.output, "x", rest, sizeof rest); /* until its end */
    const int status = plain_stop(&server);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
        fail_msg("Whoever started the server had set an alarm(), so that it ends after a second. It did not.");
}

static void does_it_say_that_its_output_may_not_grow(void **state)
{
    const struct start start = {*state, limit_output};
    const struct plain_server server = plain_start(run_server, &start);
    char said[256];

    (void)plain_read_until(server.err, "\n", said, sizeof said);
    const int status = plain_stop(&server);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
        fail_msg("A server whose output is a file that may not grow should exit with 1; its wait status is %d.",
                 status);
    assert_string_equal(said, "server: cannot write to standard output: File too large\n");
}

/* ---- Clients ---- */

/* A client that has sent a line, to us, and waits for more input. */
struct talk {
    pid_t client;
    int input; /* where to write its standard input, */
    int err; /* to read its standard error, */
    int connection; /* and to answer */
};

static void run_client(const char *server, int port, void (*inherit)(void))
{
    char program[1024], number[16];

    snprintf(program, sizeof program, "%.*sclient", (int)(strrchr(server, '/') + 1 - server), server);
    snprintf(number, sizeof number, "%d", port);
    inherit();
    execl(program, "client", "-p", number, (char *)NULL);
    _exit(127);
}

static struct talk begin_talk(const char *server, void (*inherit)(void))
{
    const int listener = sockets_listen();
    struct talk talk;
    int input[2], err[2];
    char line[16];

    must(pipe(input) == 0 && pipe(err) == 0 && write(input[1], "hello\n", 6) == 6, "pipe");
    talk.client = fork();
    must(talk.client != -1, "fork");
    if (talk.client == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(input[1]);
        run_client(server, sockets_port(listener), inherit);
    }
    close(input[0]);
    close(err[1]);
    talk.input = input[1];
    talk.err = err[0];
    talk.connection = accept(listener, NULL, NULL);
    close(listener);
    must(plain_read_until(talk.connection, "hello\n", line, sizeof line), "a client that sends its line");
    return talk;
}

/* Returns the client's wait status. */
static int end_talk(const struct talk *talk)
{
    int status;

    must(waitpid(talk->client, &status, 0) == talk->client, "waitpid");
    close(talk->connection);
    close(talk->err);
    return status;
}

static void can_a_client_be_stopped(void **state)
{
    const struct talk talk = begin_talk(*state, block_all);
    char said[1024];

    kill(talk.client, SIGTERM);
    (void)plain_read_until(talk.err, "the end", said, sizeof said);
    kill(talk.client, SIGKILL); /* if that has not ended it */
    const int status = end_talk(&talk);
    close(talk.input);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
        fail_msg("A client that was started with all signals blocked did not end on SIGTERM. Who unblocks it?");
}

static void does_a_client_say_that_its_output_may_not_grow(void **state)
{
    static const char complaint[] = "client: cannot write to standard output: ERROR File too large (EFBIG)\n";
    const struct talk talk = begin_talk(*state, limit_output);
    char said[1024];

    close(talk.input);
    must(send(talk.connection, "HELLO\n", 6, 0) == 6, "send");
    (void)plain_read_until(talk.err, "the end", said, sizeof said);
    const int status = end_talk(&talk);
    if (strstr(said, complaint) == NULL || !WIFEXITED(status) || WEXITSTATUS(status) != 1)
        fail_msg(
            "A client whose output is a file that may not grow should say so and exit with 1. Its wait status is %d, "
            "and it said \"%s\"",
            status, said);
}

int main(void)
{
    unit_begin();
    return unit_each_model("signals and limits that a server inherits", does_it_serve_and_stop) +
           unit_each_model("nohup", does_it_survive_its_terminal) + unit_each_model("an alarm", does_an_alarm_end_it) +
           unit_each_model("an output that may not grow", does_it_say_that_its_output_may_not_grow) +
           unit_each_model("a client with blocked signals", can_a_client_be_stopped) +
           unit_each_model("a client whose output may not grow", does_a_client_say_that_its_output_may_not_grow);
}
