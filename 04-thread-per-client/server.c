/*
 * 04-thread-per-client - blocking calls again, but every client has a thread of its own to wait in.
 *
 *     main thread:   accept() --> a new thread --> accept() --> a new thread --> ...
 *     each thread:   recv() --> send() --> recv() --> ... --> close(), until the client's end of stream
 *
 * Each conversation reads as simply as in 01, and the kernel's scheduler sees to it that no client waits for another. It
 * costs a thread with its stack per client, also while the client is silent, and whatever the threads share needs care.
 * A thread that sits in recv() cannot look at a flag: to stop it, shut its socket down.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

enum { STACK_SIZE = 128 * 1024 }; /* instead of the usual 8 MiB, of which a thread here would use a few KiB */

struct connection {
    int fd;
    bool open; /* shared by its thread, which closes, and the main thread: only with the lock */
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
    pthread_t thread;
    struct connection *next;
};

static struct connection *connections; /* only the main thread touches the list */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What the signal handler must know: lock-free atomics, for it may read no other static objects (C11 7.14.1.1). */
static atomic_int stopping;
static atomic_int listener;

/*
 * A flag alone would not do: a signal that comes after the look at the flag and before the next call begins would leave us
 * in that call, perhaps for ever. So this takes away what we could wait for, and the call ends at once, begun or not.
 * close() is allowed in a signal handler (POSIX.1-2017 2.4.3). Only the main thread receives the signals.
 */
static void stop(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    if (!stopping) {
        stopping = true;
        close(listener);
    }
    errno = error;
}

static void *serve(void *connection);

/* Returns 0 or the error number of pthread_create(). */
static int start_thread(struct connection *c)
{
    const sigset_t stops = stop_signals();
    sigset_t before;
    pthread_attr_t attributes;

    pthread_sigmask(SIG_BLOCK, &stops, &before); /* the new thread inherits this: the signals are for the main thread */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    const int error = pthread_create(&c->thread, &attributes, serve, c);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void add_connection(int fd, const char *peer)
{
    struct connection *c = calloc(1, sizeof *c);
    int error = ENOMEM;

    if (c != NULL) {
        c->fd = fd;
        c->open = true;
        snprintf(c->peer, sizeof c->peer, "%s", peer);
        error = start_thread(c);
    }
    if (error != 0) {
        log_refusal(peer, "no thread for it", error);
        close(fd);
        free(c);
        return;
    }
    c->next = connections;
    connections = c;
}

static bool is_open(struct connection *c)
{
    pthread_mutex_lock(&lock);
    const bool open = c->open;
    pthread_mutex_unlock(&lock);
    return open;
}

/* Joins the threads of the clients that have left, or all threads: until it is joined, a thread keeps its stack. */
static void join_threads(bool everybody)
{
    struct connection **link = &connections;

    while (*link != NULL) {
        struct connection *c = *link;
        if (!everybody && is_open(c)) {
            link = &c->next;
            continue;
        }
        pthread_join(c->thread, NULL);
        *link = c->next;
        free(c);
    }
}

/* Waits for the next client. */
static void accept_client(int dead_peer_seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    char peer[NET_NAME_SIZE];
    int fd;
    const struct io_result accepted = io_accept(listener, &fd);

    join_threads(false); /* first: the new client may need what they used */
    if (stopping)
        return;
    log_accept(accepted);
    if (accepted.status != IO_SUCCESS) {
        nanosleep(&retry_delay, NULL); /* out of descriptors: the clients wait in the backlog, and so do we */
        return;
    }
    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, peer);
    add_connection(fd, peer);
}

static void hang_up(struct connection *c)
{
    pthread_mutex_lock(&lock);
    close(c->fd); /* from here on the number may stand for another client */
    c->open = false;
    pthread_mutex_unlock(&lock);
    c->unsent = 0;
}

/* Receives bytes and turns them into an answer. */
static void receive(struct connection *c)
{
    const struct io_result received = io_recv(c->fd, c->buffer, sizeof c->buffer);

    log_call(c->peer, "recv", received);
    switch (received.status) {
    case IO_SUCCESS:
        upper(c->buffer, received.bytes);
        c->unsent = received.bytes;
        c->sent = 0;
        break;
    case IO_CONNECTION_CLOSED: /* its end of stream; everything before it is answered, because nothing is unsent */
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* and not without a time limit */
        break;
    }
}

/* Sends what is unsent, or the part of it that the kernel takes. */
static void answer(struct connection *c)
{
    const struct io_result sent = io_send(c->fd, c->buffer + c->sent, c->unsent);

    log_call(c->peer, "send", sent);
    switch (sent.status) {
    case IO_SUCCESS:
        c->sent += sent.bytes;
        c->unsent -= sent.bytes;
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        hang_up(c);
        break;
    case IO_NO_DATA:
    case IO_TIMEOUT:
        break;
    }
}

/* A client's thread: stays with it until it leaves. */
static void *serve(void *connection)
{
    struct connection *c = connection;

    while (c->open) { /* nobody else sets it, so its own thread may look without the lock */
        receive(c);
        while (c->unsent > 0)
            answer(c);
    }
    return NULL;
}

/* Ends every recv() and send(), and so every thread. */
static void shut_everybody_down(void)
{
    pthread_mutex_lock(&lock);
    for (struct connection *c = connections; c != NULL; c = c->next)
        if (c->open)
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "04-thread-per-client: a thread for each", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    stop_calls(stop);
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        accept_client(options.dead_peer_seconds);
    shut_everybody_down();
    join_threads(true);
    return 0;
}
