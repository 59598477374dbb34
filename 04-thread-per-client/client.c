/*
 * 04-thread-per-client - two threads: one sends, the other receives, and each may wait as long as it likes.
 *
 *     sending thread:   read input --> send() --> read input --> send() --> ... --> half-close
 *     main thread:      recv() --> print --> recv() --> print --> ...                            --> end of stream
 *
 * Both are as simple as in 01, and together they cannot deadlock: while one waits in send(), the other receives, and makes
 * room. What the two share, the record of the conversation, needs a lock; and when the server ends the conversation, a
 * thread may still sit in read() or send() and has to be got out of there.
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

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long one recv() may wait; 0: for ever */
    struct talk talk;
    pthread_mutex_t lock; /* for `talk`, except for taking input, which only the sending thread does */
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

/* The sending thread. */
static void *send_input(void *client)
{
    static char piece[TALK_PIECE];
    struct client *c = client;
    struct io_result input;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while ((input = take_input(c, piece, sizeof piece)).status == IO_SUCCESS)
        if (!send_all(c, piece, input.bytes))
            break;
    pthread_mutex_lock(&c->lock);
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    pthread_mutex_unlock(&c->lock);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
    return NULL;
}

/* Waits for one portion of the answers. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result received = io_recv(c->fd, piece, sizeof piece);

    if (c->seconds > 0)
        received = io_time_limited(received); /* see limit_waiting() */
    pthread_mutex_lock(&c->lock);
    talk_received(&c->talk, received, piece);
    pthread_mutex_unlock(&c->lock);
    switch (received.status) {
    case IO_SUCCESS:
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* not from a blocking socket */
    case IO_TIMEOUT: /* not in time: the caller waits again */
        break;
    }
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
    struct client client = {.open = true, .lock = PTHREAD_MUTEX_INITIALIZER};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "04-thread-per-client: one thread sends, one receives", own_options);
    pthread_t sender;

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1)
        return 1;
    limit_waiting(client.fd, client.seconds);
    talk_begin(&client.talk, &options, client.seconds);
    const int error = pthread_create(&sender, NULL, send_input, &client);
    if (error != 0) {
        fprintf(stderr, "client: cannot start a thread: %s\n", strerror(error));
        return 1;
    }
    while (client.open)
        receive(&client);
    shutdown(client.fd, SHUT_RDWR); /* gets the sender out of send() */
    pthread_cancel(sender); /* and out of read() */
    pthread_join(sender, NULL);
    close(client.fd);
    return talk_end(&client.talk);
}
