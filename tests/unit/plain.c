/* plain - see plain.h */
#include "plain.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "must.h"
#include "net.h"
#include "player/process.h"

struct plain_server plain_start(int (*program)(const void *data), const void *data)
{
    struct plain_server server;
    int out[2], err[2];

    must(pipe(out) == 0 && pipe(err) == 0, "pipe");
    (void)fflush(stdout); /* or the child would write it a second time */
    server.pid = fork();
    must(server.pid != -1, "fork");
    if (server.pid == 0) {
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* for a test that fails before plain_stop() */
#endif
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        close(err[0]);
        close(err[1]);
        exit(program(data));
    }
    close(out[1]);
    close(err[1]);
    server.output = out[0];
    server.err = err[0];
    plain_read_until(server.output, "\n", server.ready, sizeof server.ready);
    server.ready[strcspn(server.ready, "\n")] = '\0';
    return server;
}

int plain_stop(const struct plain_server *server)
{
    return plain_stop_by(server, SIGTERM);
}

int plain_stop_by(const struct plain_server *server, int signal_number)
{
    const struct timespec moment = {.tv_nsec = 1000L * 1000};
    const double deadline = net_now() + 20;
    int status;

    kill(server->pid, signal_number);
    while (waitpid(server->pid, &status, WNOHANG) == 0) {
        if (net_now() > deadline)
            kill(server->pid, SIGKILL);
        nanosleep(&moment, NULL);
    }
    close(server->output);
    close(server->err);
    return status;
}

bool plain_read_until(int fd, const char *text, char *all, size_t size)
{
    const double deadline = net_now() + 20;
    size_t length = 0;

    all[0] = '\0';
    while (strstr(all, text) == NULL) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        const double left = deadline - net_now();
        if (left <= 0 || length + 1 == size || poll(&readable, 1, (int)(left * 1000) + 1) <= 0)
            return false;
        const ssize_t n = read(fd, all + length, size - 1 - length);
        if (n <= 0)
            return false;
        length += (size_t)n;
        all[length] = '\0';
    }
    return true;
}

int plain_connect(const struct plain_server *server)
{
    struct sockaddr_storage address;

    if (!process_parse_ready(server->ready, &address))
        return -1;
    const int fd = socket(address.ss_family, SOCK_STREAM, 0);
    const socklen_t size = address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (fd == -1 || connect(fd, (const struct sockaddr *)&address, size) == 0)
        return fd;
    close(fd);
    return -1;
}

bool plain_ask(int fd, const char *question, const char *answer)
{
    char all[256];

    return send(fd, question, strlen(question), 0) == (ssize_t)strlen(question) &&
           plain_read_until(fd, answer, all, sizeof all) && strcmp(all, answer) == 0;
}
