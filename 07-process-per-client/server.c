/*
 * 07-process-per-client - blocking calls as in 01, but every client has a process of its own to wait in.
 *
 *     parent:       accept() --> fork() --> close(connection) --> accept() --> fork() --> ...
 *     each child:   close(listener) --> recv() --> send() --> recv() --> ... --> _exit(), at the client's end of stream
 *
 * After fork() both processes have every descriptor, and what it stands for lives until the last copy is closed: so the
 * parent gives up the connection, and the child the listener. They share no memory, so there is nothing to lock, and a child
 * that crashes takes nobody along. It costs a process per client, also while the client is silent; and a child that has
 * ended stays in the system's table, a zombie, until its parent has waited for it.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "io_status.h"
#include "log.h"
#include "net.h"
#include "stop.h"
#include "upper.h"

struct connection {
    int fd;
    bool open;
    char peer[NET_NAME_SIZE];
    size_t unsent; /* bytes in the buffer that the client has still to get */
    size_t sent; /* bytes in front of them that it has got */
    char buffer[BUFFER_SIZE];
};

/* What the parent knows of a child until it has waited for it. */
struct child {
    pid_t pid;
    char peer[NET_NAME_SIZE];
    struct child *next;
};

static struct child *children;
static int listener;
static int wake_fd; /* can be read after a signal */

/* What the signal handler must know: lock-free atomics, for it may read no other static objects (C11 7.14.1.1). */
static atomic_int stopping;
static atomic_int wake_writer;

/* As in 05 a byte in a pipe ends the parent's wait, begun or not. SIGCHLD, a child has ended, does nothing else. */
static void wake(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    if (signal_number != SIGCHLD)
        stopping = true;
    const ssize_t written = write(wake_writer, "!", 1); /* a full pipe takes no more, and need not: it is readable */
    (void)written;
    errno = error;
}

static bool catch_signals(void)
{
    const struct sigaction on_child_ended = {.sa_handler = wake, .sa_flags = SA_NOCLDSTOP};
    int ends[2];

    if (pipe(ends) == -1) {
        perror("server: cannot make a pipe");
        return false;
    }
    wake_fd = ends[0];
    wake_writer = ends[1];
    if (!net_set_nonblocking(wake_fd) || !net_set_nonblocking(wake_writer))
        return false;
    stop_calls(wake);
    sigaction(SIGCHLD, &on_child_ended, NULL);
    return true;
}

static void serve(struct connection *c);

/* The child: gives up all of its inheritance that its client does not need, and goes when the client does. */
static _Noreturn void be_child(int fd, const char *peer)
{
    struct connection c = {.fd = fd, .open = true};

    close(listener); /* or the port would be taken until this client leaves, even when the parent is gone */
    close(wake_fd);
    close(wake_writer);
    signal(SIGINT, SIG_DFL); /* a signal to stop ends it on the spot, as it ends any program */
    signal(SIGTERM, SIG_DFL);
    stop_unblock();
    snprintf(c.peer, sizeof c.peer, "%s", peer);
    serve(&c);
    _exit(0); /* not exit(): what is still buffered or to be tidied up is the parent's */
}

static void add_child(int fd, const char *peer)
{
    const sigset_t stops = stop_signals();
    struct child *child = calloc(1, sizeof *child);

    if (child == NULL) {
        log_refusal(peer, "no process for it", ENOMEM);
        return;
    }
    snprintf(child->peer, sizeof child->peer, "%s", peer);
    child->next = children;
    children = child; /* before fork(), or it would be leaked memory in the new process */
    /* As long as the newborn has our handler, a signal to it would wake us instead. */
    sigprocmask(SIG_BLOCK, &stops, NULL);
    child->pid = fork();
    if (child->pid == 0)
        be_child(fd, peer);
    if (child->pid == -1) {
        log_refusal(peer, "no process for it", errno);
        children = child->next;
        free(child);
    }
    stop_unblock();
}

/* Says how it ended, unless that was because its client has left. */
static void log_end(const struct child *child, int status)
{
    char process[32], end[64] = "";

    snprintf(process, sizeof process, "process %ld", (long)child->pid);
    if (WIFSIGNALED(status))
        snprintf(end, sizeof end, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(end, sizeof end, "ended with exit status %d", WEXITSTATUS(status));
    if (end[0] != '\0')
        log_event(child->peer, process, end);
}

/* Waits for everybody who has ended: of several SIGCHLDs at a time only one is kept (POSIX.1-2017 2.4.1). */
static void reap_children(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child **link = &children;
        while (*link != NULL && (*link)->pid != pid)
            link = &(*link)->next;
        struct child *child = *link;
        if (child == NULL)
            continue; /* not ours: exec() leaves a process the children that it has */
        log_end(child, status);
        *link = child->next;
        free(child);
    }
}

/* Takes the next client, if it is still there. */
static void accept_client(int dead_peer_seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    char peer[NET_NAME_SIZE];
    int fd;
    const struct io_result accepted = io_accept(listener, &fd);

    log_accept(accepted);
    if (accepted.status == IO_ERROR)
        nanosleep(&retry_delay, NULL); /* out of descriptors: the clients wait in the backlog, and so do we */
    if (accepted.status != IO_SUCCESS)
        return;
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK); /* on BSDs inherited from the listener: accept(2) */
    net_prepare(fd, dead_peer_seconds);
    net_peer_name(fd, peer);
    add_child(fd, peer);
    close(fd); /* the child has its own; as long as there is one more, the client does not see the end */
}

static void hang_up(struct connection *c)
{
    close(c->fd);
    c->open = false;
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

/* A child: stays with its client until it leaves. */
static void serve(struct connection *c)
{
    while (c->open) {
        receive(c);
        while (c->unsent > 0)
            answer(c);
    }
}

/* Nobody else does it: only a signal from a terminal goes to children, too. */
static void end_children(void)
{
    for (const struct child *child = children; child != NULL; child = child->next) {
        kill(child->pid, SIGTERM);
        kill(child->pid, SIGCONT); /* to one that is stopped nothing else comes through but SIGKILL */
    }
    while (children != NULL) {
        struct child *child = children;
        children = child->next;
        waitpid(child->pid, NULL, 0);
        free(child);
    }
}

/* Waits for a client or a signal. The listener is non-blocking: before accept() asks for it, a client may be gone again. */
static void wait_for_anything(int dead_peer_seconds)
{
    const struct timespec retry_delay = {.tv_nsec = 100L * 1000 * 1000};
    struct pollfd watched[] = {{.fd = listener, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    char bytes[64];

    if (poll(watched, 2, -1) == -1 && errno != EINTR) {
        log_call("server", "poll", (struct io_result){.status = IO_ERROR, .error = errno});
        nanosleep(&retry_delay, NULL); /* no memory: the next call may fail, too */
        watched[0].revents = watched[1].revents = POLLIN; /* so both are asked: that does no harm */
    }
    if (stopping)
        return;
    if ((watched[1].revents & POLLIN) != 0 && read(wake_fd, bytes, sizeof bytes) > 0)
        reap_children();
    if ((watched[0].revents & POLLIN) != 0)
        accept_client(dead_peer_seconds);
}

int main(int argc, char **argv)
{
    const struct server_options options = cli_server(argc, argv, "07-process-per-client: a process for each", NULL);

    signal(SIGPIPE, SIG_IGN); /* a client that has left must not end us: send() says EPIPE instead */
    listener = net_listen(options.address, options.port);
    if (listener == -1 || !net_set_nonblocking(listener) || !catch_signals())
        return 1;
    if (!announce_listening(listener, options.verbose))
        return 1;
    while (!stopping)
        wait_for_anything(options.dead_peer_seconds);
    close(listener);
    end_children();
    return 0;
}
