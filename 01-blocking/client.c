/*
 * 01-blocking - the simplest client: it sends all of its input, and then receives the answers.
 *
 *     read input --> send() --> read input --> send() --> ... --> half-close --> recv() --> ... --> end of stream
 *                    waits for room                                             waits for bytes
 *
 * While it sends it does not receive. That is all right for a message, but not for 8 MiB: the answers fill the buffers
 * between server and client, the server waits for us to receive before it goes on, and we wait in send() for the server. Two
 * programs that wait for each other are in a deadlock. It lasts for ever: both kernels are well, so no connection is given
 * up. The other clients show ways out.
 */
#include <stdbool.h>
#include <stdio.h>
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
};

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0) {
        const struct io_result sent = io_send(c->fd, bytes, size);

        talk_sent(&c->talk, sent);
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

static void send_input(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result input;

    while ((input = talk_wait_for_input(&c->talk, piece, sizeof piece)).status == IO_SUCCESS)
        if (!send_all(c, piece, input.bytes))
            break;
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
}

/* Waits for one portion of the answers. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result received = io_recv(c->fd, piece, sizeof piece);

    if (c->seconds > 0)
        received = io_time_limited(received); /* see limit_waiting() */
    talk_received(&c->talk, received, piece);
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
    struct client client = {.open = true};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "01-blocking: sends everything, then receives", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1)
        return 1;
    limit_waiting(client.fd, client.seconds);
    talk_begin(&client.talk, &options, client.seconds);
    send_input(&client);
    while (client.open)
        receive(&client);
    close(client.fd);
    return talk_end(&client.talk);
}
