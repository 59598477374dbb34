/*
 * 09-epoll - one thread waits for two things at once, input to send and answers to print, with a set that the kernel keeps.
 *
 *     +--> what is waited for now? --> epoll_wait() waits --> room? send() --> answers? recv() --> input? read() --+
 *     |    epoll_ctl(), if that        until one of                                                send()          |
 *     |    has changed                 them can go on                                                              |
 *     +------------------------------------------------------------------------------------------------------------+
 *
 * As in 05, no wait can block another. But epoll takes only what one may have to wait for: regular files and /dev/null it
 * refuses with EPERM (epoll_ctl(2)), where select() calls them ready. They always are, so they are read without a wait.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "talk.h"

enum { MAX_EVENTS = 2 }; /* in a turn: one for the socket and one for standard input */

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long the server may take; 0: for ever */
    bool wants_more; /* input */
    bool input_is_ready; /* always: it is messages, or a file */
    size_t unsent; /* bytes of the piece that are still to be sent */
    size_t sent; /* bytes in front of them that are */
    char piece[TALK_PIECE];
    struct talk talk;
    int epoll_fd; /* the set, */
    uint32_t fd_events, input_events; /* and what is waited for in it; 0: not in the set */
};

static void take_input(struct client *c)
{
    const struct io_result input = talk_input(&c->talk, c->piece, sizeof c->piece);

    c->unsent = input.bytes;
    c->sent = 0;
    if (input.status == IO_SUCCESS || input.status == IO_NO_DATA)
        return;
    c->wants_more = false;
    if (input.status == IO_CONNECTION_CLOSED) /* and not an error */
        talk_input_ended(&c->talk);
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
}

static void send_piece(struct client *c)
{
    const struct io_result sent = io_send(c->fd, c->piece + c->sent, c->unsent);

    talk_sent(&c->talk, sent);
    switch (sent.status) {
    case IO_SUCCESS:
        c->sent += sent.bytes;
        c->unsent -= sent.bytes;
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR: /* recv() does not report it again: it brings what came before, and then the end of stream */
        shutdown(c->fd, SHUT_WR);
        c->unsent = 0;
        c->wants_more = false;
        break;
    case IO_NO_DATA: /* no room: the rest waits for it */
    case IO_TIMEOUT: /* not without a time limit */
        break;
    }
}

static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    const struct io_result received = io_recv(c->fd, piece, sizeof piece);

    talk_received(&c->talk, received, piece);
    switch (received.status) {
    case IO_SUCCESS:
        break;
    case IO_CONNECTION_CLOSED:
    case IO_ERROR:
        c->open = false;
        break;
    case IO_NO_DATA: /* nothing there after all */
    case IO_TIMEOUT:
        break;
    }
}

/* Does the server owe us something? Then -t counts. */
static bool is_waiting_for_server(const struct client *c)
{
    return c->talk.input_ended || !talk_is_answered(&c->talk);
}

/* Has `events` waited for on `fd`, or takes it out of the set if there are none. `*now` is what the set has for it. */
static bool set_events(const struct client *c, int fd, uint32_t *now, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    const int change = events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

    if (events != *now && epoll_ctl(c->epoll_fd, *now == 0 ? EPOLL_CTL_ADD : change, fd, &event) == -1)
        return false;
    *now = events;
    return true;
}

/* Does epoll refuse standard input, a regular file or /dev/null? Then it is always ready. */
static bool is_refused(struct client *c)
{
    return !set_events(c, STDIN_FILENO, &c->input_events, EPOLLIN) && errno == EPERM;
}

static bool wants_input(const struct client *c)
{
    return c->wants_more && c->unsent == 0;
}

/* Is there input, or the end of it, that need not be waited for? */
static bool has_ready_input(const struct client *c)
{
    return wants_input(c) && c->input_is_ready;
}

/*
 * Waits until something can be done. Returns what epoll_wait() returned: 0 after -t seconds, or at once if there is input.
 * Input that is not wanted leaves the set: the end of a pipe is reported whatever is waited for (EPOLLHUP, epoll_ctl(2)).
 */
static int wait_for_anything(struct client *c, struct epoll_event *events)
{
    const bool is_limited = c->seconds > 0 && is_waiting_for_server(c);
    const int limit = is_limited ? (int)(c->seconds * 1000) + 1 : -1; /* in milliseconds, rounded up: never early */

    if (!set_events(c, c->fd, &c->fd_events, c->unsent > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN) ||
        !set_events(c, STDIN_FILENO, &c->input_events, wants_input(c) && !c->input_is_ready ? EPOLLIN : 0))
        return -1;
    return epoll_wait(c->epoll_fd, events, MAX_EVENTS, has_ready_input(c) ? 0 : limit);
}

static void pass_input_on(struct client *c)
{
    take_input(c);
    if (c->unsent > 0) /* usually the kernel takes it all at once */
        send_piece(c);
}

static void handle(struct client *c, const struct epoll_event *event)
{
    if (event->data.fd == STDIN_FILENO) {
        pass_input_on(c);
        return;
    }
    if ((event->events & EPOLLOUT) != 0)
        send_piece(c);
    if ((event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) /* these two come unasked, and recv() says more */
        receive(c);
}

static void converse(struct client *c)
{
    struct epoll_event events[MAX_EVENTS];

    if (has_ready_input(c))
        pass_input_on(c);

    const int ready = wait_for_anything(c, events);
    if (ready == 0 && !has_ready_input(c))
        talk_received(&c->talk, (struct io_result){.status = IO_TIMEOUT}, NULL);
    if (ready == -1 && errno != EINTR) { /* no memory, or no place in the set: the next call would fail, too */
        perror("client: epoll");
        c->open = false;
    }
    for (int i = 0; i < ready; i++)
        handle(c, &events[i]);
}

int main(int argc, char **argv)
{
    static struct client client = {.open = true, .wants_more = true};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "09-epoll: waits for input and answers in a set in the kernel", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1 || !net_set_nonblocking(client.fd))
        return 1;
    client.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (client.epoll_fd == -1) {
        perror("client: epoll");
        return 1;
    }
    talk_begin(&client.talk, &options, client.seconds);
    client.input_is_ready = talk_input_fd(&client.talk) == -1 || is_refused(&client);
    while (client.open)
        converse(&client);
    close(client.fd);
    close(client.epoll_fd);
    return talk_end(&client.talk);
}
