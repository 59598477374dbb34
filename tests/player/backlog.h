/*
 * backlog - how many clients wait in a server's backlog, the queue of connections that it has not accepted yet: see listen(2).
 */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <sys/socket.h>

struct backlog {
    unsigned waiting;
    unsigned limit; /* listen()'s argument, or the system's limit if that is less; one more than that may wait */
};

/*
 * Looks at the socket that listens at this IPv4 or IPv6 address. Returns false where that is not known (not on Linux, or
 * without CONFIG_INET_DIAG), or if nobody listens there.
 */
bool backlog_look(const struct sockaddr *address, struct backlog *backlog);

#endif
