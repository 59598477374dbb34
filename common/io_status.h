/*
 * io_status - what did that call mean?
 *
 * A call on a socket can end in five ways that a program must tell apart, whatever its I/O model:
 *
 *   status                 recv()                                   send()
 *   IO_SUCCESS             n > 0 bytes arrived                      n > 0 bytes were taken, perhaps fewer than asked
 *   IO_CONNECTION_CLOSED   0: the peer's orderly end of stream      EPIPE: we wrote after the peer had closed
 *   IO_TIMEOUT             nothing within the caller's time limit   no room within it
 *   IO_NO_DATA             EAGAIN or EWOULDBLOCK                    EAGAIN or EWOULDBLOCK: no room right now
 *   IO_ERROR               anything else, errno kept                likewise
 *
 * Two of them look alike: EAGAIN means NO_DATA on a non-blocking socket, but TIMEOUT on a socket with SO_RCVTIMEO or
 * SO_SNDTIMEO (socket(7)). The number cannot tell, only the caller can: see io_time_limited(). And one looks like what
 * it is not: ETIMEDOUT is a connection that the kernel has given up (keepalive, tcp_retries2: tcp(7)). There is
 * nothing left to wait for, so it is IO_ERROR and never IO_TIMEOUT.
 */
#ifndef IO_STATUS_H
#define IO_STATUS_H

#include <stddef.h>
#include <sys/types.h>

enum io_status { IO_SUCCESS, IO_CONNECTION_CLOSED, IO_TIMEOUT, IO_NO_DATA, IO_ERROR };

struct io_result {
    enum io_status status;
    size_t bytes; /* with IO_SUCCESS: how many bytes were moved, at least 1 (io_accept(): 0); otherwise 0 */
    int error; /* with IO_ERROR: the errno that says why; otherwise 0 */
};

/*
 * Receives up to `size` bytes (at least 1) from the socket `fd` into `buffer`. One recv(), repeated only when a signal
 * handler interrupted it (EINTR). Blocks if `fd` does.
 * Returns all statuses but IO_TIMEOUT. IO_ERROR carries any errno of POSIX.1-2017 recv(), most often ECONNRESET (the
 * peer reset the connection) or ETIMEDOUT (the network path is dead).
 */
struct io_result io_recv(int fd, void *buffer, size_t size);

/*
 * Sends up to `size` bytes (at least 1) of `data` to the socket `fd`. One send(), repeated only after EINTR. It may take
 * fewer bytes than asked, also from a blocking socket that a signal interrupts: the rest is still the caller's to send.
 * Blocks if `fd` does. The caller has SIGPIPE ignored: a peer that left is IO_CONNECTION_CLOSED, not the program's end.
 * Returns all statuses but IO_TIMEOUT. IO_ERROR carries any errno of POSIX.1-2017 send() but EPIPE.
 */
struct io_result io_send(int fd, const void *data, size_t size);

/*
 * Takes the next connection from the backlog of `listener` and stores its descriptor, which is then the caller's to
 * close, in `*fd`. Repeats accept() after EINTR, and after a connection that died while it waited (ECONNABORTED, EPROTO,
 * and the network errors that accept(2) tells Linux programs to treat so): the caller has nothing to do with it.
 * Blocks if `listener` does.
 * Returns IO_SUCCESS, IO_NO_DATA (nobody waits) or IO_ERROR with any other errno of accept(2); EMFILE and
 * ENFILE (out of descriptors) leave the client in the backlog. `*fd` is -1 unless the status is IO_SUCCESS.
 */
struct io_result io_accept(int listener, int *fd);

/*
 * Says of a finished call that the caller had set a time limit on it (SO_RCVTIMEO, SO_SNDTIMEO): what looked like
 * IO_NO_DATA is IO_TIMEOUT then. Every other result comes back unchanged.
 */
struct io_result io_time_limited(struct io_result result);

/* The table above, for calls that were made elsewhere: `n` is what recv() or send() returned, `error` is errno then. */
struct io_result io_of_recv(ssize_t n, int error);
struct io_result io_of_send(ssize_t n, int error);

/* The status's name as the table spells it, without the IO_ in front ("NO_DATA"). A constant; never NULL. */
const char *io_status_name(enum io_status status);

/* The symbol of an errno ("ECONNRESET"), or NULL for one that sockets do not know. A constant. */
const char *io_error_name(int error);

enum { IO_TEXT_SIZE = 128 }; /* room for any result in words */

/*
 * Writes `result` in words into `text` (cut to fit, never overrun) and returns `text`: "SUCCESS 6 bytes" ("SUCCESS" where
 * no bytes were moved), "NO_DATA", "CONNECTION_CLOSED", "TIMEOUT", "ERROR Connection reset by peer (ECONNRESET)". Safe in
 * threads.
 */
char *io_describe(struct io_result result, char text[IO_TEXT_SIZE]);

#endif
