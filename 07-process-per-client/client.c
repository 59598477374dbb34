/*
 * 07-process-per-client - two processes: one sends, the other receives, and each may wait as long as it likes.
 *
 *     sender (the child):     read input --> send() --> read input --> send() --> ... --> half-close --> _exit()
 *                                              |                                                           |
 *                                            pipe: what each send() meant                      exit status: was that all?
 *                                              v                                                           v
 *     receiver (the parent):  recv() --> print --> recv() --> print --> ...       --> end of stream --> waitpid()
 *
 * As in 04 they cannot deadlock, and here nothing needs a lock, for they share no memory: what the receiver must know to
 * judge the conversation, the sender tells it. When the server ends the conversation, the sender may still sit in read() or
 * send() and has to be got out of there; and when one of the two dies, the other must not wait for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "net.h"
#include "stop.h"
#include "talk.h"

struct client {
    int fd;
    bool open; /* more can come from the server */
    double seconds; /* how long one recv() may wait; 0: for ever */
    int pipe[2]; /* through which the sender tells the receiver what each send() meant: a struct io_result */
    struct io_result untold; /* the sender's: what the receiver does not know yet */
    struct talk talk; /* each process has its own */
};

/* What signal handlers must know: lock-free atomics, for they may read no other static objects (C11 7.14.1.1). */
static atomic_int connection;
static atomic_int no_input; /* a descriptor that is always at its end */
static atomic_int sender; /* the process, as long as it is to be waited for */
static atomic_int stopping;

/* ---- The sender ---- */

/*
 * The conversation is over. As in 01's server, a flag would not do: this takes away what the sender could wait for, its
 * input, and read() ends at once, begun or not. dup2() is allowed in a signal handler (POSIX.1-2017 2.4.3).
 */
static void stop_reading(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    stopping = true;
    dup2(no_input, STDIN_FILENO);
    errno = error;
}

/* Tells the receiver what is untold. Says whether there is still somebody to tell. */
static bool tell(struct client *c)
{
    const bool is_told = write(c->pipe[1], &c->untold, sizeof c->untold) == sizeof c->untold;

    c->untold.bytes = 0;
    return is_told;
}

/* A receiver that waits for the server does not read what we tell it; and to wait for the receiver could be a deadlock. */
static bool has_room(const struct client *c)
{
    struct pollfd room = {.fd = c->pipe[1], .events = POLLOUT};

    return poll(&room, 1, 0) == 1;
}

static void tell_failure(struct client *c, struct io_result sent)
{
    if (c->untold.bytes > 0)
        tell(c);
    c->untold.status = sent.status;
    c->untold.error = sent.error;
    tell(c);
}

/* Sends all of it, however many calls that takes. Says whether that worked. */
static bool send_all(struct client *c, const char *bytes, size_t size)
{
    while (size > 0) {
        const struct io_result sent = io_send(c->fd, bytes, size);

        switch (sent.status) {
        case IO_SUCCESS:
            bytes += sent.bytes;
            size -= sent.bytes;
            c->untold.bytes += sent.bytes;
            if (has_room(c) && !tell(c))
                return false;
            break;
        case IO_CONNECTION_CLOSED:
        case IO_ERROR:
            tell_failure(c, sent);
            return false;
        case IO_NO_DATA: /* not from a blocking socket */
        case IO_TIMEOUT: /* and not without a time limit for send() */
            break;
        }
    }
    return true;
}

/* Says whether all input is sent. */
static bool send_input(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result input;

    while ((input = talk_wait_for_input(&c->talk, piece, sizeof piece)).status == IO_SUCCESS)
        if (!send_all(c, piece, input.bytes))
            break;
    const bool is_all = input.status == IO_CONNECTION_CLOSED && !stopping; /* and not an error */
    shutdown(c->fd, SHUT_WR); /* half-close: the server sees our end of stream, its answers still reach us */
    return is_all;
}

static _Noreturn void be_sender(struct client *c)
{
    close(c->pipe[0]); /* or nobody would notice when the receiver's is closed */
    stop_calls(stop_reading);
    const bool is_all = send_input(c);
    if (c->untold.bytes > 0)
        tell(c);
    _exit(is_all ? 0 : 1); /* not exit(): what is to be tidied up is the receiver's */
}

/* ---- The receiver ---- */

static void kill_sender(void)
{
    if (sender > 0) /* 0 would be all of us */
        kill(sender, SIGKILL);
}

/* What ends the receiver ends the sender, too: nobody else would. */
static void end_both(int signal_number)
{
    kill_sender();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* The sender has ended. If somebody has killed it, it did not half-close, and the server would wait for more, and we for it. */
static void half_close(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    shutdown(connection, SHUT_WR);
    errno = error;
}

/* Returns false, with a line on stderr, if there is no sender to be had. Only the receiver returns. */
static bool start_sender(struct client *c)
{
    const struct sigaction on_child = {.sa_handler = half_close, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigset_t signals = stop_signals();

    connection = c->fd;
    no_input = open("/dev/null", O_RDONLY);
    if (no_input == -1 || pipe(c->pipe) == -1) {
        perror("client: cannot prepare a process that sends");
        return false;
    }
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* until both have their handlers */
    sigaction(SIGCHLD, &on_child, NULL);
    sender = fork();
    if (sender == 0)
        be_sender(c);
    if (sender == -1) {
        perror("client: cannot start a process");
        return false;
    }
    close(c->pipe[1]); /* or the pipe would never end */
    stop_calls(end_both);
    atexit(kill_sender); /* talk_received() may end us */
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    return true;
}

/* Waits for what a send() meant. Says whether there was one. */
static bool hear(struct client *c)
{
    struct io_result sent;

    if (read(c->pipe[0], &sent, sizeof sent) != sizeof sent)
        return false;
    talk_sent(&c->talk, sent);
    return true;
}

static bool can_hear(const struct client *c)
{
    struct pollfd told = {.fd = c->pipe[0], .events = POLLIN};

    return poll(&told, 1, 0) == 1;
}

/* Waits for one portion of the answers. */
static void receive(struct client *c)
{
    static char piece[TALK_PIECE];
    struct io_result received = io_recv(c->fd, piece, sizeof piece);

    if (c->seconds > 0)
        received = io_time_limited(received); /* see limit_waiting() */
    while (can_hear(c) && hear(c)) /* first what was sent, then what came back */
        ;
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

/* Hears the rest and waits for its end. Returns its wait status. */
static int end_sender(struct client *c)
{
    int status = 0;

    shutdown(c->fd, SHUT_RDWR); /* gets the sender out of send(): it is the same connection, whoever's copy */
    kill(sender, SIGTERM); /* and out of read() */
    while (hear(c))
        ;
    waitpid(sender, &status, 0);
    sender = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        talk_input_ended(&c->talk);
    return status;
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
    static struct client client = {.open = true};
    const struct cli_number own_options[] = {
        {'t', "SECONDS", "say TIMEOUT after so long, and wait on (default 0: just wait)", 0, 3600,
         .value = &client.seconds},
        {0},
    };
    const struct client_options options =
        cli_client(argc, argv, "07-process-per-client: one process sends, one receives", own_options);

    client.fd = net_connect(options.address, options.port);
    if (client.fd == -1)
        return 1;
    limit_waiting(client.fd, client.seconds);
    talk_begin(&client.talk, &options, client.seconds);
    if (!start_sender(&client))
        return 1;
    while (client.open)
        receive(&client);
    const int sender_end = end_sender(&client);
    close(client.fd);
    const int status = talk_end(&client.talk);
    if (WIFSIGNALED(sender_end))
        fprintf(stderr, "client: the sending process was ended by signal %d (%s)\n", WTERMSIG(sender_end),
                strsignal(WTERMSIG(sender_end)));
    return status;
}
