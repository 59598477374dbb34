/*
 * faulty - a server that is right but for one thing, to see whether soak finds it: `faulty WHAT PORT`, with WHAT as in has(WHAT)
 * below, or `nothing`. It has a thread for each client.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "upper.h"

enum { STACK_SIZE = 128 * 1024, LEAK_SIZE = 200 * 1024 };

static const char *fault;

static bool has(const char *name)
{
    return strcmp(fault, name) == 0;
}

/* ---- What can be wrong ---- */

static void leak_memory(void)
{
    static void *volatile kept;

    kept = malloc(LEAK_SIZE);
    if (kept != NULL)
        memset(kept, 1, LEAK_SIZE);
}

static void leave_a_zombie(void)
{
    if (fork() == 0)
        _exit(0);
}

static void go_wrong_at_the_end(int fd, ssize_t n)
{
    if (has("memory"))
        leak_memory();
    if (has("process"))
        leave_a_zombie();
    if (has("end") && n == -1) /* of a connection that was reset */
        _exit(3);
    if (!has("descriptor") || n == 0) /* it forgets those that were reset */
        close(fd);
    while (has("thread"))
        pause();
}

/* ---- The server ---- */

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static void *serve(void *data)
{
    const int fd = *(int *)data;
    char buffer[4096];
    ssize_t n;

    free(data);
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
        const bool is_full = n == (ssize_t)sizeof buffer;
        upper(buffer, (size_t)n);
        if (!send_all(fd, buffer, (size_t)n - (has("byte") && is_full)))
            break;
    }
    go_wrong_at_the_end(fd, n);
    return NULL;
}

static void start_thread(int fd)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int *data = malloc(sizeof *data);

    if (data == NULL)
        return;
    *data = fd;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (!has("join")) /* nobody ever joins it, so its stack stays */
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, serve, data) != 0)
        close(fd);
    pthread_attr_destroy(&attributes);
}

static void on_sigterm(int number)
{
    (void)number;
    if (!has("stop"))
        _exit(0);
}

int main(int argc, char **argv)
{
    fault = argc == 3 ? argv[1] : "";
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                        .sin_port = htons((uint16_t)strtol(argc == 3 ? argv[2] : "0", NULL, 10))};

    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) {
        perror("faulty");
        return 1;
    }
    signal(SIGTERM, on_sigterm);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fd != -1)
            start_thread(fd);
    }
}
