/*
 * 08-thread-pool - two jobs for a pool of two workers: send everything, and receive everything.
 *
 *     main:          submit --> submit --> waits until the second job is done
 *     one worker:    job 1: read input --> send() --> read input --> send() --> ... --> half-close
 *     the other:     job 2: recv() --> print --> recv() --> print --> ...          --> end of stream
 *
 * What 04 gives a thread of its own is a job here, and a job is carried out by whichever worker is free. It must not need
 * one that still waits in the queue: with a single worker, job 1 would wait for room that only job 2 can make, a deadlock
 * that no lock has a part in. A pool for jobs that wait for each other has a worker for each of them.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "talk.h"

enum { WORKERS = 2, MAX_QUEUED = 2 };

struct client;
typedef void (*job)(struct client *c);

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long one recv() may wait; 0: for ever */
    struct talk talk;
    job queue[MAX_QUEUED]; /* the first is the next to be carried out */
    int queued;
    bool stopping; /* no more jobs will come */
    pthread_mutex_t lock; /* for all of it, except for taking input, which only one job does */
    pthread_cond_t changed; /* the queue, `stopping` or `open` */
    pthread_t workers[WORKERS];
};

static void count_sent(struct client *c, struct io_result sent)
{
    pthread_mutex_lock(&c->lock);
    talk_sent(&c->talk, sent);
    pthread_mutex_unlock(&c->lock);
}

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0) {
        const struct io_result sent = io_send(c->fd, bytes, size);

        count_sent(c, sent);
        switch (sent.status) {
        case IO_SUCCESS:
            bytes += sent.bytes;
            size -= sent.bytes;
            break;
        case IO_CONNECTION_CLOSED:
        case IO_ERROR:
            return false;
        case IO_NO_DATA: /* not from a blocking socket */
        case IO_TIMEOUT: /* and not without a time limit for send() */
            break;
        }
    }
    return true;
}

/*
 * Input is waited for in read(), from which only pthread_cancel() gets a thread out. There it may, and nowhere else: not
 * while the thread holds the lock.
 */
static struct io_result take_input(struct client *c, char *piece, size_t size)
{
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    const struct io_result input = talk_wait_for_input(&c->talk, piece, size);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return input;
}

/* Job 1. */
static void send_input(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result input;

    while ((input = take_input(c, piece, sizeof piece)).status == IO_SUCCESS)
        if (!send_all(c, piece, input.bytes))
            break;
    pthread_mutex_lock(&c->lock);
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    pthread_mutex_unlock(&c->lock);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
}

/* Waits for one portion of the answers. Says whether more can come. */
static bool receive(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result received = io_recv(c->fd, piece, sizeof piece);

    if (c->seconds > 0)
        received = io_time_limited(received); /* see limit_waiting() */
    pthread_mutex_lock(&c->lock);
    talk_received(&c->talk, received, piece);
    pthread_mutex_unlock(&c->lock);
    switch (received.status) {
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        return false;
    case IO_SUCCESS:
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* not in time: the caller waits again */
        break;
    }
    return true;
}

/* Job 2. */
static void receive_answers(struct client *c)
{
    while (receive(c))
        ;
    pthread_mutex_lock(&c->lock);
    c->open = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

/* Waits for a job. Returns NULL when there will be no more. */
static job take_job(struct client *c)
{
    job next = NULL;

    pthread_mutex_lock(&c->lock);
    while (c->queued == 0 && !c->stopping)
        pthread_cond_wait(&c->changed, &c->lock);
    if (!c->stopping) {
        next = c->queue[0];
        memmove(c->queue, c->queue + 1, (size_t)--c->queued * sizeof c->queue[0]);
    }
    pthread_mutex_unlock(&c->lock);
    return next;
}

/* A worker's thread. */
static void *work(void *client)
{
    struct client *c = client;
    job next;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while ((next = take_job(c)) != NULL)
        next(c);
    return NULL;
}

static bool start_workers(struct client *c)
{
    for (int i = 0; i < WORKERS; i++) {
        const int error = pthread_create(&c->workers[i], NULL, work, c);
        if (error != 0) {
            fprintf(stderr, "client: cannot start a thread: %s\n", strerror(error));
            return false;
        }
    }
    return true;
}

static void submit(struct client *c, job next)
{
    pthread_mutex_lock(&c->lock);
    c->queue[c->queued++] = next;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static void wait_for_end(struct client *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->open)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

/* Whoever sends may still be in send() or read(), and whoever has no job waits for one. */
static void stop_workers(struct client *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    shutdown(c->fd, SHUT_RDWR); /* gets it out of send() */
    for (int i = 0; i < WORKERS; i++)
        pthread_cancel(c->workers[i]); /* and out of read(): anywhere else nobody can be cancelled */
    for (int i = 0; i < WORKERS; i++)
        pthread_join(c->workers[i], NULL);
}

/*
 * -t: has recv() give up after so many seconds, and so say that it waits. The kernel keeps this time (socket(7)), and
 * reports it as EAGAIN: that it means TIMEOUT here, and not NO_DATA, only we know.
 */
static void limit_waiting(int fd, double seconds)
{
    const struct timeval limit = net_timeval(seconds);

    if (seconds > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        perror("client: cannot limit the time of recv()");
}

int main(int argc, char **argv)
{
    static struct client client = {
        .open = true, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "08-thread-pool: two workers, one sends, one receives", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1)
        return 1;
    limit_waiting(client.fd, client.seconds);
    talk_begin(&client.talk, &options, client.seconds);
    if (!start_workers(&client))
        return 1;
    submit(&client, send_input);
    submit(&client, receive_answers);
    wait_for_end(&client);
    stop_workers(&client);
    close(client.fd);
    return talk_end(&client.talk);
}
