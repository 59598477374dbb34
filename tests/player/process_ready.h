/* process_ready - how process.c sees that a server is ready: by the line that it prints, or by its port. */
#ifndef PROCESS_READY_H
#define PROCESS_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <uv.h>

struct ready_watch {
    struct sockaddr_storage address; /* where it listens, once that is known */
    char line[128]; /* the line that is being read */
    size_t length; /* also of lines that do not fit */
    uv_timer_t pause;
    uv_tcp_t attempt;
    uv_connect_t connect;
    bool is_attempting, is_stopped, is_done;
    void (*on_ready)(struct ready_watch *watch);
    void (*on_closed)(struct ready_watch *watch);
    void *data;
};

/* Prepares a watch. `on_ready` is called once, when the server is ready and `address` is known. */
void ready_watch_init(struct ready_watch *watch, uv_loop_t *loop, void (*on_ready)(struct ready_watch *), void *data);

/* Reads standard output up to the end of the ready line; returns how many bytes that were. */
size_t ready_watch_read(struct ready_watch *watch, const char *bytes, size_t size);

/* Tries to connect to `port` of 127.0.0.1, again and again, until it works or the watch is stopped. */
void ready_watch_try(struct ready_watch *watch, int port);

/* No on_ready any more. */
void ready_watch_stop(struct ready_watch *watch);

/* Stops, and calls `on_closed` when the loop is rid of it. */
void ready_watch_close(struct ready_watch *watch, void (*on_closed)(struct ready_watch *));

#endif
