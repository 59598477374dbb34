/*
 * test_client_input - what if a client's standard input is not a pipe, but a file, nothing (/dev/null), or a socket?
 *
 * All of it must come back. Not everything can be waited for in the same way: epoll refuses files, select() calls them ready.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "must.h"
#include "plain.h"

struct run {
    char client[256]; /* its path */
    char port[16];
    int input;
};

static int run_server(const void *server)
{
    execl(server, "server", "-p", "0", (char *)NULL);
    return 127;
}

static int run_client(const void *data)
{
    const struct run *run = data;

    must(dup2(run->input, STDIN_FILENO) == STDIN_FILENO, "dup2");
    execl(run->client, "client", "-p", run->port, (char *)NULL);
    return 127;
}

static int open_file(const char *content)
{
    FILE *file = tmpfile();

    must(file != NULL && fputs(content, file) >= 0 && fflush(file) == 0, "tmpfile");
    const int fd = dup(fileno(file));
    must(fd != -1 && lseek(fd, 0, SEEK_SET) == 0, "lseek");
    fclose(file);
    return fd;
}

static int open_socket(const char *content)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    must(send(ends[1], content, strlen(content), 0) == (ssize_t)strlen(content), "send");
    close(ends[1]);
    return ends[0];
}

static void does_all_input_come_back(void **state)
{
    const struct plain_server server = plain_start(run_server, *state);
    const struct {
        const char *what;
        int input;
        const char *output;
    } cases[] = {
        {"a file as input", open_file("from a file\n"), "FROM A FILE\n"},
        {"an empty file as input", open_file(""), ""},
        {"/dev/null as input", open("/dev/null", O_RDONLY), ""},
        {"a socket as input", open_socket("from a socket\n"), "FROM A SOCKET\n"},
    };
    struct child child;
    struct run run;

    snprintf(run.client, sizeof run.client, "%.*sclient", (int)(strlen(*state) - strlen("server")), (char *)*state);
    snprintf(run.port, sizeof run.port, "%s", strrchr(server.ready, ':') + 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run.input = cases[i].input;
        child_run(&child, run_client, &run, "");
        assert_status(cases[i].what, &child, 0);
        assert_text(cases[i].what, "standard output", child.output, cases[i].output);
        close(cases[i].input);
    }
    assert_int_equal(plain_stop(&server), 0);
}

int main(void)
{
    unit_begin();
    return unit_each_model("a client's input", does_all_input_come_back);
}
