/*
 * 08-thread-pool - a fixed number of threads, started beforehand, take one client after another from a queue.
 *
 *     main thread:   accept() --> queue --> accept() --> queue --> ...                     waits while the queue is full
 *     each worker:   queue --> recv() --> send() --> ... --> close() --> queue --> ...     waits while it is empty
 *
 * A worker stays with its client as a thread of 04 does, but it outlives the client: no thread is made for anybody, and no
 * crowd can have the server use more than it has had from the start. The price: when every worker has a client, silent or
 * not, all others wait, first in the queue, then in the backlog. Clients are handed from thread to thread in a bounded
 * queue, with one lock and two condition variables: one for those who find it empty, one for whoever finds it full.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

enum { MAX_THREADS = 100, MAX_QUEUED = 16, STACK_SIZE = 128 * 1024 /* instead of the usual 8 MiB, as in 04 */ };

struct connection {
    int fd;
    bool open; /* shared by its worker and the stopper: only with the lock */
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
    pthread_t thread; /* its worker */
};

static struct connection connections[MAX_THREADS]; /* one for each worker, with one client after another */
static int thread_count = 4;

/* What the threads share: only with the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER; /* the workers wait for this, */
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER; /* and the main thread for that */
static int queue[MAX_QUEUED]; /* accepted descriptors, in a ring */
static int oldest; /* where it begins */
static int queued; /* how many there are */
static bool stopping;

/* What the signal handler must know: a lock-free atomic, for it may read no other static objects (C11 7.14.1.1). */
static atomic_int listener;

/*
 * Ends accept() as in 04: this takes away what the main thread waits for, and interrupts it, so that the call ends at once,
 * begun or not. close() is allowed in a signal handler (POSIX.1-2017 2.4.3).
 */
static void close_listener(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    close(listener);
    errno = error;
}

/*
 * Has SIGINT and SIGTERM wait for sigwait(): blocked in all threads, which inherit this, and not ignored, as whoever started us
 * may have them, because then they could get lost (POSIX.1-2017 2.4.1). SIGUSR1, from the stopper, calls close_listener().
 */
static void prepare_signals(void)
{
    const struct sigaction closing = {.sa_handler = close_listener};
    const sigset_t stops = stop_signals();

    stop_calls(SIG_DFL);
    sigaction(SIGUSR1, &closing, NULL);
    pthread_sigmask(SIG_SETMASK, &stops, NULL);
}

static bool is_stopping(void)
{
    pthread_mutex_lock(&lock);
    const bool is_told = stopping;
    pthread_mutex_unlock(&lock);
    return is_told;
}

/*
 * Puts a client into the queue when there is room. Why `while`: a wait may end for no reason (POSIX.1-2017
 * pthread_cond_wait()), or another thread be quicker, and only a look with the lock held says how things are.
 */
static void put(int fd)
{
    pthread_mutex_lock(&lock);
    while (queued == MAX_QUEUED && !stopping)
        pthread_cond_wait(&not_full, &lock);
    if (stopping)
        close(fd);
    else
        queue[(oldest + queued++) % MAX_QUEUED] = fd;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
}

/* Takes a client from the queue when there is one. Returns false when the server stops. */
static bool take(struct connection *c)
{
    pthread_mutex_lock(&lock);
    while (queued == 0 && !stopping)
        pthread_cond_wait(&not_empty, &lock);
    if (!stopping) {
        c->fd = queue[oldest];
        c->open = true;
        oldest = (oldest + 1) % MAX_QUEUED;
        queued--;
        pthread_cond_signal(&not_full);
    }
    pthread_mutex_unlock(&lock);
    return c->open;
}

/* Waits for the next client, and for room for it. */
static void accept_client(int dead_peer_seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    int fd;
    const struct io_result accepted = io_accept(listener, &fd);

    if (accepted.status != IO_SUCCESS && is_stopping())
        return;
    log_accept(accepted);
    if (accepted.status != IO_SUCCESS) {
        nanosleep(&retry_delay, NULL); /* out of descriptors: the clients wait in the backlog, and so do we */
        return;
    }
    net_prepare(fd, dead_peer_seconds);
    put(fd);
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

/* Stays with one client until it leaves. */
static void serve(struct connection *c)
{
    net_peer_name(c->fd, c->peer);
    while (c->open) { /* nobody else sets it, so its own thread may look without the lock */
        receive(c);
        while (c->unsent > 0)
            answer(c);
    }
}

/* A worker's thread. */
static void *work(void *connection)
{
    struct connection *c = connection;

    while (take(c))
        serve(c);
    return NULL;
}

/* Ends every wait that there is: for the queue, in recv() and send(), in accept(). */
static void stop(pthread_t main_thread)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&not_empty); /* to all workers: pthread_cond_signal() would wake one of them */
    pthread_cond_signal(&not_full);
    for (int i = 0; i < thread_count; i++)
        if (connections[i].open)
            shutdown(connections[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&lock);
    pthread_kill(main_thread, SIGUSR1); /* calls close_listener() there */
}

/* The stopper's thread. */
static void *wait_for_signal(void *main_thread)
{
    const sigset_t stops = stop_signals();
    int signal_number;

    (void)is_stopping(); /* gets the lock when the server has been announced: until then the signal is not for us */
    sigwait(&stops, &signal_number);
    stop(*(const pthread_t *)main_thread);
    return NULL;
}

/* Says so if it does not work. */
static bool start_thread(pthread_t *thread, void *run(void *), void *argument)
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    const int error = pthread_create(thread, &attributes, run, argument);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        fprintf(stderr, "server: cannot start a thread: %s\n", strerror(error));
    return error == 0;
}

static bool start_workers(void)
{
    for (int i = 0; i < thread_count; i++)
        if (!start_thread(&connections[i].thread, work, &connections[i]))
            return false;
    return true;
}

/* Waits until no other thread is left, and closes the clients that have got none. */
static void join_threads(pthread_t stopper)
{
    pthread_join(stopper, NULL);
    for (int i = 0; i < thread_count; i++)
        pthread_join(connections[i].thread, NULL);
    while (queued > 0)
        close(queue[(oldest + --queued) % MAX_QUEUED]);
}

int main(int argc, char **argv)
{
    const struct cli_number own_options[] = {
        {'n', "THREADS", "serve so many clients at a time (default 4)", 1, MAX_THREADS, .whole = &thread_count},
        {0},
    };
    const struct server_options options =
        cli_server(argc, argv, "08-thread-pool: a fixed number of threads", own_options);
    pthread_t main_thread = pthread_self();
    pthread_t stopper;

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    listener = net_listen(options.address, options.port);
    if (listener == -1)
        return 1;
    prepare_signals();
    pthread_mutex_lock(&lock); /* the threads begin when we are announced */
    if (!start_workers() || !start_thread(&stopper, wait_for_signal, &main_thread) ||
        !announce_listening(listener, options.verbose))
        return 1;
    pthread_mutex_unlock(&lock);
    while (!is_stopping())
        accept_client(options.dead_peer_seconds);
    join_threads(stopper);
    return 0;
}
