/*
 * test_busy_neighbour - what if one client never stops talking? Are the others served all the same?
 *
 * A server that stays with a client as long as there is something to receive never comes to anybody else. To outrun a server
 * takes luck, so this one is paused: when it goes on, the talker has filled all the buffers between them, and the neighbour has
 * said a word. With -v the server tells what it did first, however fast or busy the machine is.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "must.h"
#include "net.h"
#include "plain.h"
#include "player/models.h"
#include "sockets.h"

struct program {
    const char *server;
    FILE *log; /* its standard error */
};

/* What 02 and 03 are told so that they do not spend the test's time and log with waiting: it is in their nature, too. */
static const char *option_of(const char *server)
{
    if (strstr(server, "02-fcntl-nonblock") != NULL)
        return "-i10";
    return strstr(server, "03-settimeout") != NULL ? "-t0.001" : NULL;
}

static int run_server(const void *data)
{
    const struct program *program = data;

    setpgid(0, 0); /* with all the processes that it may have */
    must(dup2(fileno(program->log), STDERR_FILENO) != -1, "dup2");
    execl(program->server, "server", "-p", "0", "-v", option_of(program->server), (char *)NULL);
    return 127;
}

static void pause_server(const struct plain_server *server)
{
    int status;

    must(kill(-server->pid, SIGSTOP) == 0, "SIGSTOP");
    must(waitpid(server->pid, &status, WUNTRACED) == server->pid && WIFSTOPPED(status), "a server that pauses");
}

/* How many bytes has the server received from `talker`, and sent to it, before it came to the "ping" of `neighbour`? */
static size_t moved_before(FILE *log, int talker, int neighbour)
{
    char of_talker[128], of_neighbour[128], name[NET_NAME_SIZE], line[256];
    size_t moved = 0, bytes = 0;

    (void)snprintf(of_talker, sizeof of_talker, "%s %%*s SUCCESS %%zu", net_local_name(talker, name));
    (void)snprintf(of_neighbour, sizeof of_neighbour, "%s %%*s SUCCESS %%zu", net_local_name(neighbour, name));
    rewind(log);
    while (fgets(line, sizeof line, log) != NULL &&
           (sscanf(line, of_neighbour, &bytes) != 1 || bytes != strlen("ping")))
        if (sscanf(line, of_talker, &bytes) == 1)
            moved += bytes;
    return moved;
}

/* Is it this model's nature that a client waits until the one before it has left? Its `expected` says so. */
static bool serves_one_after_the_other(const char *server)
{
    const char *build = getenv("BUILD");
    struct models models;
    struct scripts scripts;
    char error[256];
    bool is_stalled = false;

    models_find(&models, build == NULL ? "build" : build);
    must(scripts_read(&scripts, error, sizeof error), "scripts");
    for (size_t i = 0; i < models.count; i++) {
        struct model *model = &models.items[i];
        if (strcmp(model->server, server) != 0)
            continue;
        must(model_read_expected(model, &scripts, error, sizeof error), "expected");
        is_stalled = model_expectation(model, "silent-neighbour") != NULL;
    }
    scripts_free(&scripts);
    models_free(&models);
    return is_stalled;
}

static void is_the_neighbour_served(void **state)
{
    if (serves_one_after_the_other(*state))
        skip();

    const struct program program = {*state, tmpfile()};
    must(program.log != NULL, "tmpfile");
    const struct plain_server server = plain_start(run_server, &program);
    const int talker = plain_connect(&server), neighbour = plain_connect(&server);
    if (!plain_ask(neighbour, "hello", "HELLO") || !plain_ask(talker, "hello", "HELLO"))
        fail_msg("Two clients should be answered, and were not.");
    pause_server(&server);
    sockets_set_nonblocking(talker);
    const size_t said = sockets_fill(talker); /* first, so that the talker is ready first */
    must(send(neighbour, "ping", 4, 0) == 4 && kill(-server.pid, SIGCONT) == 0, "ping");
    char answer[16];
    if (!plain_read_until(neighbour, "PING", answer, sizeof answer))
        fail_msg("Beside a client that never stops talking, a neighbour was not answered at all.");
    const size_t moved = moved_before(program.log, talker, neighbour);

    close(talker);
    close(neighbour);
    assert_int_equal(plain_stop(&server), 0);
    (void)fclose(program.log);
    if (moved > said + said / 2) /* three quarters of what there is to move, there and back */
        fail_msg(
            "One client had %zu bytes to say, its neighbour a word. The server moved %zu bytes for the one before it "
            "came to the other. Does it stay with a client as long as there is something to receive?",
            said, moved);
}

int main(void)
{
    unit_begin();
    return unit_each_model("busy neighbour", is_the_neighbour_served);
}
