/*
 * net - what all servers and clients do with sockets before and after the part that each model is about.
 *
 * Addresses are numeric or names, IPv4 or IPv6; ports are decimal text ("0" to listen on any free one).
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <sys/time.h>

enum { NET_NAME_SIZE = 64 }; /* room for the longest "[IPv6%scope]:port" that is not a host name */

enum { NET_CONNECT_SECONDS = 10 }; /* a lost SYN is sent again after 1, 3 and 7 seconds (RFC 6298) */

/*
 * How many bytes a server receives at once. The same for all models, so that only the model differs between them, and
 * small enough that a connection with its buffer stays under 1 KiB.
 */
enum { BUFFER_SIZE = 900 };

/*
 * Makes a TCP socket that listens on `address` and `port`: SO_REUSEADDR, so that a server can start again at once after
 * a stop; close-on-exec; a backlog of 4,096, or as long as the system allows.
 * Returns a descriptor, the caller's to close. On failure says so on stderr ("server: cannot listen on 127.0.0.1:9000:
 * Address already in use") and returns -1.
 */
int net_listen(const char *address, const char *port);

/*
 * Connects to `address` and `port`, trying every address that the name stands for, and prepares the socket for 60 seconds
 * (net_prepare()). Blocks until it is decided. An address that does not answer within NET_CONNECT_SECONDS is given up, with
 * a line on stderr ("client: 192.0.2.1:9000 does not answer").
 * Returns a connected, blocking, close-on-exec descriptor, the caller's to close. On failure says so on stderr ("client:
 * cannot connect to 127.0.0.1:9000: Connection refused") and returns -1.
 */
int net_connect(const char *address, const char *port);

/*
 * Prepares an accepted (or connected) socket for its work:
 * - TCP_NODELAY: an answer is sent at once, not held back until the last one is acknowledged (Nagle, RFC 9293 3.7.4).
 * - SO_OOBINLINE: a byte that is sent as urgent (MSG_OOB) is a byte of the stream like all others.
 * - Keepalive, so that a dead path is noticed: a silent peer is probed after half of `seconds`, and when it has been
 *   unreachable for `seconds` (2 to 32767, what Linux takes), the connection ends with ETIMEDOUT (tcp(7)).
 * - TCP_RTO_MAX_MS (since Linux 6.15): while data are unacknowledged, or the peer has no room for more, keepalive rests. The
 *   data are sent, or the room asked for, again and again in growing intervals, and after 15 tries (tcp_retries2 in tcp(7))
 *   the connection ends with ETIMEDOUT, too. This keeps the intervals so short that it takes about `seconds`, but 15 at
 *   least. Without it, it takes a quarter of an hour.
 *   TCP_USER_TIMEOUT would do that exactly, and everywhere. But it counts the time for which the peer has had no room, even
 *   if it answers each time that we ask: a client that reads slowly would be reset. Before 6.15 there is one or the other,
 *   and a client that is alive comes first. One that never reads again is therefore never given up.
 * A socket that refuses (its connection may be gone already) is left as it is: the next call on it says what is wrong.
 */
void net_prepare(int fd, int seconds);

/*
 * Makes `fd` non-blocking: reads its file status flags with F_GETFL and sets them again with O_NONBLOCK added. F_SETFL
 * replaces all of them (POSIX.1-2017 fcntl()), so without F_GETFL first the others would be cleared.
 * Returns whether that worked; if not, it has said so on stderr.
 */
bool net_set_nonblocking(int fd);

/*
 * Lowers the process's limit on open descriptors (RLIMIT_NOFILE) to `max`, if it is higher: no descriptor that is
 * opened afterwards is `max` or above, because a new one is always below the limit (POSIX.1-2017 getrlimit()).
 * Returns the limit that is in force now.
 */
int net_limit_descriptors(int max);

/*
 * Write "127.0.0.1:9000" or "[::1]:9000" into `name` and return `name`: the socket's own end, and the peer's. Where there
 * is none (a peer that is gone already), "unknown".
 */
char *net_local_name(int fd, char name[NET_NAME_SIZE]);
char *net_peer_name(int fd, char name[NET_NAME_SIZE]);

/*
 * Seconds as a struct timeval, for select() and SO_RCVTIMEO. Rounded up to the microsecond, so that a short time does not
 * become 0: to SO_RCVTIMEO that would mean no limit (socket(7)).
 */
struct timeval net_timeval(double seconds);

/* Seconds on the monotonic clock, which nobody can set (POSIX.1-2017 clock_gettime()): for deadlines. */
double net_now(void);

#endif
