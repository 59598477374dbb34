/* process_ready - see process_ready.h, and process.h for process_parse_ready() and process_free_port() */
#include "process_ready.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum { PAUSE_MS = 10 };

static void done(struct ready_watch *watch)
{
    if (watch->is_done || watch->is_stopped)
        return;
    watch->is_done = true;
    watch->on_ready(watch);
}

void ready_watch_init(struct ready_watch *watch, uv_loop_t *loop, void (*on_ready)(struct ready_watch *), void *data)
{
    watch->on_ready = on_ready;
    watch->data = data;
    watch->pause.data = watch->attempt.data = watch->connect.data = watch;
    uv_timer_init(loop, &watch->pause);
}

/* ---- By the line ---- */

static bool parse_port(const char *text, in_port_t *port)
{
    char *end;
    const long number = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > 65535)
        return false;
    *port = htons((uint16_t)number);
    return true;
}

bool process_parse_ready(const char *line, struct sockaddr_storage *address)
{
    static const char start[] = "listening on ";
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;
    const char *colon = strrchr(line, ':');
    char host[64];

    *address = (struct sockaddr_storage){0};
    if (strncmp(line, start, strlen(start)) != 0 || colon == NULL)
        return false;
    line += strlen(start);
    const size_t length = (size_t)(colon - line);
    if (length < 2 || length >= sizeof host)
        return false;
    memcpy(host, line, length);
    host[length] = '\0';

    if (host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        ipv6->sin6_family = AF_INET6;
        return inet_pton(AF_INET6, host + 1, &ipv6->sin6_addr) == 1 && parse_port(colon + 1, &ipv6->sin6_port);
    }
    ipv4->sin_family = AF_INET;
    return inet_pton(AF_INET, host, &ipv4->sin_addr) == 1 && parse_port(colon + 1, &ipv4->sin_port);
}

static bool is_ready_line(struct ready_watch *watch)
{
    if (watch->length >= sizeof watch->line)
        return false;
    watch->line[watch->length] = '\0';
    return process_parse_ready(watch->line, &watch->address);
}

size_t ready_watch_read(struct ready_watch *watch, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\n') {
            if (watch->length < sizeof watch->line)
                watch->line[watch->length] = bytes[i];
            watch->length++;
            continue;
        }
        const bool is_ready = is_ready_line(watch);
        watch->length = 0;
        if (is_ready) {
            done(watch);
            return i + 1;
        }
    }
    return size;
}

/* ---- By the port ---- */

static void attempt(struct ready_watch *watch);

static void on_pause_over(uv_timer_t *timer)
{
    attempt(timer->data);
}

static void close_if_asked(struct ready_watch *watch);

static void on_refused(uv_handle_t *handle)
{
    struct ready_watch *watch = handle->data;

    watch->is_attempting = false;
    if (watch->is_stopped)
        close_if_asked(watch);
    else
        uv_timer_start(&watch->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_taken(uv_handle_t *handle)
{
    struct ready_watch *watch = handle->data;

    watch->is_attempting = false;
    if (watch->is_stopped)
        close_if_asked(watch);
    else
        done(watch);
}

static void on_attempt(uv_connect_t *connect, int error)
{
    struct ready_watch *watch = connect->data;

    if (!uv_is_closing((uv_handle_t *)&watch->attempt))
        uv_close((uv_handle_t *)&watch->attempt, error == 0 ? on_taken : on_refused);
}

static void attempt(struct ready_watch *watch)
{
    uv_tcp_init(watch->pause.loop, &watch->attempt);
    watch->is_attempting = true;
    if (uv_tcp_connect(&watch->connect, &watch->attempt, (struct sockaddr *)&watch->address, on_attempt) != 0)
        uv_close((uv_handle_t *)&watch->attempt, on_refused);
}

void ready_watch_try(struct ready_watch *watch, int port)
{
    uv_ip4_addr("127.0.0.1", port, (struct sockaddr_in *)&watch->address);
    attempt(watch);
}

int process_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        return -errno;
    const bool failed =
        bind(fd, (struct sockaddr *)&address, size) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0;
    const int error = errno;
    close(fd);
    return failed ? -error : ntohs(address.sin_port);
}

/* ---- The end ---- */

static void on_pause_closed(uv_handle_t *handle)
{
    struct ready_watch *watch = handle->data;

    watch->on_closed(watch);
}

/* The attempt's handle first, then the timer's: when that one is gone, all is. */
static void close_if_asked(struct ready_watch *watch)
{
    if (watch->on_closed != NULL && !watch->is_attempting)
        uv_close((uv_handle_t *)&watch->pause, on_pause_closed);
}

void ready_watch_stop(struct ready_watch *watch)
{
    watch->is_stopped = true;
    uv_timer_stop(&watch->pause);
    if (watch->is_attempting && !uv_is_closing((uv_handle_t *)&watch->attempt))
        uv_close((uv_handle_t *)&watch->attempt, on_refused);
}

void ready_watch_close(struct ready_watch *watch, void (*on_closed)(struct ready_watch *))
{
    ready_watch_stop(watch);
    watch->on_closed = on_closed;
    close_if_asked(watch);
}
