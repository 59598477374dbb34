/*
 * test_client_descriptors - what if a client's standard input, output or error is not what it usually is?
 *
 * It does its whole job all the same, or it says in one line why it cannot, and exits with 1. It never changes the flags of
 * a file that others have open, too.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kinds.h"
#include "must.h"
#include "plain.h"

enum { MUCH = 400000 /* bytes: more than a pipe, a socket or a terminal holds */, TEXT_SIZE = 4096 };

static const char *const names[] = {"standard input", "standard output", "standard error"};
static const char question[] = "hello\n", answer[] = "HELLO\n";

/* A client at work, and what its standard descriptors are. */
struct client {
    pid_t pid;
    struct opened standard[3];
};

static int run_server(const void *server)
{
    must(freopen("/dev/null", "w", stderr) != NULL, "/dev/null");
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

/* Starts the client whose server is `path`, with the three descriptors that are open. */
static void start(struct client *client, const char *path, const struct plain_server *server)
{
    const char *port = strrchr(server->ready, ':') + 1;
    char program[1024];

    snprintf(program, sizeof program, "%.*sclient", (int)(strrchr(path, '/') + 1 - path), path);
    client->pid = fork();
    must(client->pid != -1, "fork");
    if (client->pid == 0) {
        for (int fd = 0; fd < 3; fd++)
            kind_become(&client->standard[fd], fd);
        execl(program, "client", "-p", port, (char *)NULL);
        _exit(127);
    }
}

/* Returns the client's exit status, or the signal that ended it, negative. */
static int wait_for(const struct client *client)
{
    int status;

    must(waitpid(client->pid, &status, 0) == client->pid, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void close_all(struct client *client)
{
    for (int fd = 0; fd < 3; fd++)
        kind_close(&client->standard[fd]);
}

static void fails(int standard, enum kind kind, const char *what)
{
    fail_msg("A client whose %s is %s %s", names[standard], kind_name(kind), what);
}

static void check_flags(const struct client *client, int standard, enum kind kind)
{
    if (!kind_is_unchanged(&client->standard[standard]))
        fails(standard, kind, "left it with other flags (F_GETFL) than it had");
}

/* What can be read now, and no more. */
static void read_text(const struct opened *output, char text[TEXT_SIZE])
{
    const ssize_t n = read(output->other_end, text, TEXT_SIZE - 1);

    text[n > 0 ? n : 0] = '\0';
}

/* Gives the client its input, all of it and then the end. */
static void put_input(struct opened *input, const char *bytes, size_t size)
{
    const int fd = input->other_end != -1 ? input->other_end : input->fd;

    must(write(fd, bytes, size) == (ssize_t)size, "write the input");
    if (input->other_end == -1) {
        must(lseek(fd, 0, SEEK_SET) == 0, "lseek");
    } else if (isatty(input->fd)) {
        must(write(fd, "\4", 1) == 1, "write the end of the input"); /* Ctrl-D */
    } else {
        close(fd);
        input->other_end = -1;
    }
}

/* ---- Standard input ---- */

/* Both kinds of standard input on which there is nothing to read. */
static const char *complaint_about_input(enum kind kind)
{
    if (kind == A_DIRECTORY)
        return "client: cannot read standard input: ERROR Is a directory (EISDIR)\n";
    return kind == CLOSED ? "client: cannot read standard input: ERROR Bad file descriptor (EBADF)\n" : NULL;
}

static void try_input(const char *path, const struct plain_server *server, enum kind kind)
{
    const char *complaint = complaint_about_input(kind);
    struct client client = {.standard = {kind_open_input(kind), kind_open_output(A_PIPE), kind_open_output(A_PIPE)}};
    char said[TEXT_SIZE], printed[TEXT_SIZE] = "";

    if (complaint == NULL && kind != DEV_NULL)
        put_input(&client.standard[0], question, strlen(question));
    start(&client, path, server);
    const int status = wait_for(&client);
    read_text(&client.standard[2], said);
    if (complaint != NULL && (status != 1 || strstr(said, complaint) == NULL))
        fails(STDIN_FILENO, kind, "did not say so and exit with 1");
    if (complaint == NULL && kind != DEV_NULL)
        read_text(&client.standard[1], printed);
    if (complaint == NULL && (status != 0 || strcmp(printed, kind == DEV_NULL ? "" : answer) != 0))
        fails(STDIN_FILENO, kind, "did not do its job");
    check_flags(&client, STDIN_FILENO, kind);
    close_all(&client);
}

static void does_it_read_any_input(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);

    for (enum kind kind = 0; kind < KINDS; kind++)
        if (kind != DEV_FULL /* which never ends */ && kind_is_there(kind))
            try_input(*state, &server, kind);
    plain_stop(&server);
}

/* ---- Standard output ---- */

static const char *complaint_about_output(enum kind kind)
{
    if (kind == DEV_FULL)
        return "client: cannot write to standard output: ERROR No space left on device (ENOSPC)\n";
    if (kind == A_DIRECTORY || kind == CLOSED)
        return "client: cannot write to standard output: ERROR Bad file descriptor (EBADF)\n";
    return NULL;
}

/* Has all of it been written there? */
static bool is_all_there(const struct client *client, const struct opened *output)
{
    static char bytes[MUCH];

    return output->other_end == -1 || kind_read(output, client->pid, bytes, MUCH) == MUCH;
}

static void try_output(const char *path, const struct plain_server *server, enum kind kind)
{
    static char much[MUCH];
    const char *complaint = complaint_about_output(kind);
    struct client client = {.standard = {kind_open_input(A_FILE), kind_open_output(kind), kind_open_output(A_PIPE)}};
    char said[TEXT_SIZE];

    memset(much, 'a', sizeof much);
    put_input(&client.standard[0], much, sizeof much);
    start(&client, path, server);
    close(client.standard[2].fd);
    client.standard[2].fd = -1;
    if (complaint == NULL && !is_all_there(&client, &client.standard[1]))
        fails(STDOUT_FILENO, kind, "did not write all of it");
    const int status = wait_for(&client);
    read_text(&client.standard[2], said);
    if (complaint == NULL ? status != 0 : status != 1 || strstr(said, complaint) == NULL)
        fails(STDOUT_FILENO, kind, complaint == NULL ? "did not exit with 0" : "did not say so and exit with 1");
    if (kind == A_FILE && lseek(client.standard[1].fd, 0, SEEK_END) != MUCH)
        fails(STDOUT_FILENO, kind, "did not write all of it");
    check_flags(&client, STDOUT_FILENO, kind);
    close_all(&client);
}

static void does_it_write_to_any_output(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);

    for (enum kind kind = 0; kind < KINDS; kind++)
        if (kind_is_there(kind))
            try_output(*state, &server, kind);
    plain_stop(&server);
}

/* ---- The same socket for both, as inetd(8) does it ---- */

static void does_it_work_with_one_socket_for_both(void **state)
{
    static char bytes[64 * 1024];
    const struct plain_server server = plain_start(run_server, *state);
    struct client client = {.standard = {kind_open_input(A_SOCKET), {.fd = -1}, kind_open_output(DEV_NULL)}};
    const struct opened *both = &client.standard[0];

    client.standard[1].fd = both->fd;
    start(&client, *state, &server);
    client.standard[1].fd = -1;
    must(write(both->other_end, bytes, sizeof bytes) == sizeof bytes, "write the input");
    shutdown(both->other_end, SHUT_WR);
    const size_t got = kind_read(both, client.pid, bytes, sizeof bytes);
    const int status = wait_for(&client);
    if (got != sizeof bytes || status != 0)
        fail_msg("A client with one socket for input and output wrote %zu of %zu bytes and ended with %d", got,
                 sizeof bytes, status);
    check_flags(&client, STDIN_FILENO, A_SOCKET);
    close_all(&client);
    plain_stop(&server);
}

/* ---- Standard error ---- */

/* Whoever reads a client's words must take them: it waits for that, and can be stopped. */
static void try_error(const char *path, const struct plain_server *server, enum kind kind)
{
    const bool has_to_wait = kind == A_FULL_PIPE || kind == A_FULL_TERMINAL;
    struct client client = {.standard = {kind_open_input(A_PIPE), kind_open_output(A_PIPE), kind_open_output(kind)}};

    put_input(&client.standard[0], question, strlen(question));
    start(&client, path, server);
    if (has_to_wait)
        kill(client.pid, SIGTERM);
    if (wait_for(&client) != (has_to_wait ? -SIGTERM : 0))
        fails(STDERR_FILENO, kind, has_to_wait ? "did not end on SIGTERM" : "did not exit with 0");
    if (!has_to_wait) {
        char printed[TEXT_SIZE];
        read_text(&client.standard[1], printed);
        assert_string_equal(printed, answer);
    }
    check_flags(&client, STDERR_FILENO, kind);
    close_all(&client);
}

static void does_it_need_its_error(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);

    for (enum kind kind = 0; kind < KINDS; kind++)
        if (kind_is_there(kind))
            try_error(*state, &server, kind);
    plain_stop(&server);
}

int main(void)
{
    unit_begin();
    return unit_each_model("client's standard input", does_it_read_any_input) +
           unit_each_model("client's standard output", does_it_write_to_any_output) +
           unit_each_model("client's only socket", does_it_work_with_one_socket_for_both) +
           unit_each_model("client's standard error", does_it_need_its_error);
}
