/* process_ready - how a server shows that it is ready: by the line that it prints, or by its port. */
#ifndef PROCESS_READY_H
#define PROCESS_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What a server prints, read up to the line that says where it is listening. Starts as {0}. */
struct ready_line {
    char text[128];
    size_t length; /* also of a line that does not fit */
    bool is_complete; /* the line has come */
};

/*
 * Reads `size` bytes of its standard output, or up to the end of that line, and returns how many it has read. When it is
 * complete, `address` is where the server is listening.
 */
size_t ready_line_read(struct ready_line *line, const char *bytes, size_t size, struct sockaddr_storage *address);

/*
 * Does a server accept a connection at the IPv4 `address`? Does not wait: to be called again until it does. `*fd`, -1 at
 * first, is the socket that tries to connect; the caller's to close unless it is -1.
 */
bool ready_probe(int *fd, const struct sockaddr_storage *address);

#endif
