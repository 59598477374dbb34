/* misbehave - see misbehave.h */
#include "misbehave.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io_status.h"
#include "net.h"
#include "sockets.h"
#include "upper.h"

enum {
    LARGE_BUFFER = 8192, /* so that a recv() can fill half of it */
    LEAK = 200 * 1024
};

static atomic_int exit_status_on_signal; /* a handler may read only lock-free atomics (C11 7.14.1.1) */

static void on_signal(int number)
{
    (void)number;
    _exit(exit_status_on_signal);
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const struct io_result result = io_send(fd, bytes, size);
        if (result.status != IO_SUCCESS)
            return;
        bytes += result.bytes;
        size -= result.bytes;
    }
}

static void spin(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

static void nap(long milliseconds)
{
    const struct timespec time = {.tv_nsec = milliseconds * 1000000};

    nanosleep(&time, NULL);
}

static void think(double seconds)
{
    const double end = net_now() + seconds;

    while (net_now() < end)
        ;
}

/* So many bytes, for ever. */
static char *keep(size_t size)
{
    static struct chunk {
        struct chunk *before;
        char bytes[];
    } * last;
    struct chunk *chunk = malloc(sizeof *chunk + size);

    if (chunk == NULL)
        abort();
    chunk->before = last;
    last = chunk;
    return chunk->bytes;
}

/* Sixteen times while it receives 64 MiB. */
static void nap_at_times(size_t received)
{
    enum { EVERY = 4 * 1024 * 1024 /* bytes */ };
    static size_t since_last_nap;

    since_last_nap += received;
    if (since_last_nap < EVERY)
        return;
    since_last_nap = 0;
    nap(100);
}

/* Byte by byte. */
static bool trickle(int fd, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        send_all(fd, bytes + i, 1);
        nap(100);
    }
    return true;
}

/* Returns false when the connection is over. */
static bool answer_wrongly(const char *how, int fd, char *bytes, size_t size)
{
    if (strcmp(how, "same case") != 0)
        upper(bytes, size);
    if (strcmp(how, "one wrong byte") == 0)
        bytes[size - 1] = '\0';
    if (strcmp(how, "drops") == 0)
        size--;
    if (strcmp(how, "keeps everything") == 0)
        return true;
    if (strcmp(how, "remembers everything") == 0)
        memcpy(keep(size), bytes, size);
    if (strcmp(how, "drops a byte at 4,096") == 0 && size == 4096)
        size--;
    if (strcmp(how, "is late") == 0)
        nap(200);
    if (strcmp(how, "thinks") == 0)
        think(0.4);
    if (strcmp(how, "naps") == 0) {
        nap_at_times(size);
        return true;
    }
    if (strcmp(how, "trickles") == 0)
        return trickle(fd, bytes, size);
    if (strcmp(how, "closes") == 0 || strcmp(how, "closes in the middle") == 0) {
        send_all(fd, bytes, how[6] == '\0' ? 0 : size / 2);
        close(fd);
        return false;
    }
    if (strcmp(how, "resets") == 0) {
        sockets_reset(fd);
        return false;
    }
    if (strcmp(how, "dies") == 0)
        raise(SIGKILL);
    if (strcmp(how, "dies of SIGPIPE") == 0) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (strcmp(how, "exits") == 0)
        _exit(3);
    if (strcmp(how, "exits with 0") == 0)
        _exit(0);
    if (strcmp(how, "spins") == 0)
        spin();
    send_all(fd, bytes, size);
    if (strcmp(how, "doubles") == 0)
        send_all(fd, bytes, size);
    return true;
}

static void serve(const char *how, int fd)
{
    char bytes[LARGE_BUFFER];

    if (strcmp(how, "greets") == 0)
        send_all(fd, "welcome\n", 8);
    if (strcmp(how, "closes at once") == 0) {
        close(fd);
        return;
    }
    for (;;) {
        const struct io_result result = io_recv(fd, bytes, sizeof bytes);
        if (result.status != IO_SUCCESS)
            break;
        if (!answer_wrongly(how, fd, bytes, result.bytes))
            return;
    }
    if (strcmp(how, "never closes") == 0)
        pause();
    if (strcmp(how, "says goodbye") == 0)
        send_all(fd, "bye", 3);
    close(fd);
}

/* ---- What a client leaves behind ---- */

static void *stay(void *unused)
{
    pause();
    return unused;
}

static void *leave(void *unused)
{
    return unused;
}

static void leave_something_behind(const char *how)
{
    pthread_t thread;

    if (strcmp(how, "leaks memory") == 0)
        (void)keep(LEAK);
    if (strcmp(how, "leaves threads") == 0)
        (void)pthread_create(&thread, NULL, stay, NULL);
    if (strcmp(how, "never joins") == 0)
        (void)pthread_create(&thread, NULL, leave, NULL);
}

/* ---- With a process for each client ---- */

static void tell_children(int number)
{
    signal(number, SIG_IGN);
    kill(0, number);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    _exit(0);
}

static void reap(int number)
{
    const int error = errno;

    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = error;
}

static void be_child(const char *how, int listener, int fd)
{
    signal(SIGCHLD, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (strcmp(how, "forks and children keep the listener") != 0)
        close(listener);
    serve(how, fd);
    if (strcmp(how, "forks and children keep the listener") == 0)
        pause();
    if (strcmp(how, "forks and children spin") == 0)
        spin();
    _exit(0);
}

static void serve_by_children(const char *how, int listener)
{
    const struct sigaction reaping = {.sa_handler = reap}; /* signal() may be for once only */
    int fd;

    (void)setpgid(0, 0); /* so that it reaches its children, and nobody else, by kill(0) */
    if (strcmp(how, "forks and tells nobody") != 0 && strcmp(how, "forks and children keep the listener") != 0)
        signal(SIGTERM, tell_children);
    if (strcmp(how, "forks and leaves zombies") != 0)
        sigaction(SIGCHLD, &reaping, NULL);
    while (io_accept(listener, &fd).status == IO_SUCCESS) {
        if (fork() == 0)
            be_child(how, listener, fd);
        close(fd);
    }
}

static int be_server(const char *how, const char *port)
{
    char name[NET_NAME_SIZE];
    int fd;

    signal(SIGPIPE, SIG_IGN);
    if (strcmp(how, "does not start") == 0) {
        fputs("server: no idea how\n", stderr);
        return 1;
    }
    exit_status_on_signal = strcmp(how, "exits wrongly") == 0 ? 7 : 0;
    if (strcmp(how, "has no handler") != 0)
        signal(SIGTERM, strcmp(how, "is deaf") == 0 ? SIG_IGN : on_signal);
    signal(SIGINT, strcmp(how, "ignores SIGINT") == 0 ? SIG_IGN : on_signal);
    if (strcmp(how, "reports") == 0)
        fputs("x.c:1:2: runtime error: something undefined\n", stderr);
    const int listener = net_listen("127.0.0.1", port);
    if (listener == -1)
        return 1;
    if (strstr(how, "small backlog") != NULL)
        (void)listen(listener, 5); /* once more, with Python's own for socketserver */
    if (strcmp(how, "sets no SO_REUSEADDR") == 0) /* accepted sockets inherit it, and the connections in TIME_WAIT */
        (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){0}, sizeof(int));
    printf("ready soon\nlistening on %s\n", net_local_name(listener, name));
    (void)fflush(stdout);
    if (strcmp(how, "dies at rest before its child") == 0 && fork() == 0)
        pause();
    if (strncmp(how, "dies at rest", strlen("dies at rest")) == 0)
        alarm(1); /* nobody has a handler for it */
    if (strncmp(how, "forks", strlen("forks")) == 0)
        serve_by_children(how, listener);
    for (int clients = 0; io_accept(listener, &fd).status == IO_SUCCESS; clients++) {
        if (strcmp(how, "answers a thousand") == 0 && clients == 1000)
            pause();
        if (strcmp(how, "has Nagle on") != 0)
            net_prepare(fd, 60);
        leave_something_behind(how);
        serve(how, fd);
    }
    return 1;
}

static int be_client(const char *how, const char *port)
{
    char bytes[BUFFER_SIZE];
    const int fd = net_connect("127.0.0.1", port);

    signal(SIGPIPE, SIG_IGN);
    if (fd == -1)
        return 1;
    send_all(fd, strcmp(how, "client sends wrongly") == 0 ? "hullo\n" : "hello\n", 6);
    shutdown(fd, SHUT_WR);
    for (struct io_result result; (result = io_recv(fd, bytes, sizeof bytes)).status == IO_SUCCESS;) {
        if (strcmp(how, "client prints wrongly") == 0)
            bytes[result.bytes - 1] = '?';
        if (strcmp(how, "client prints nothing") != 0)
            (void)fwrite(bytes, 1, result.bytes, stdout);
    }
    if (strcmp(how, "client prints more") == 0)
        fputs("and more", stdout);
    (void)fflush(stdout);
    fputs("one TIMEOUT, two TIMEOUTs\n", stderr);
    if (strcmp(how, "client crashes") == 0)
        raise(SIGKILL);
    if (strcmp(how, "client stays") == 0)
        pause();
    return strcmp(how, "client exits wrongly") == 0 ? 4 : 0;
}

int misbehave(const char *how, int argc, char **argv)
{
    if (argc < 3)
        return 2;
    return strncmp(how, "client", strlen("client")) == 0 ? be_client(how, argv[2]) : be_server(how, argv[2]);
}
