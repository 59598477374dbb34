/* trace_line - see trace_line.h */
#include "trace_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call_name.h"
#include "io_status.h"

/* Seconds with six decimals, in nanoseconds. */
static int64_t parse_seconds(const char *text, char **end)
{
    const int64_t seconds = strtoll(text, end, 10);
    const int64_t microseconds = **end == '.' ? strtoll(*end + 1, end, 10) : 0;

    return (seconds * 1000000 + microseconds) * 1000;
}

static uint64_t on_axis(int64_t zero, int64_t time)
{
    return time > zero ? (uint64_t)(time - zero) : 0;
}

static int parse_error(const char *text)
{
    const size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    for (int error = 1; error < 200; error++) {
        const char *known = io_error_name(error);
        if (known != NULL && strlen(known) == length && strncmp(known, text, length) == 0)
            return error;
    }
    return 0;
}

static const char *last_of(const char *line, const char *what)
{
    const char *last = NULL;

    for (const char *at = strstr(line, what); at != NULL; at = strstr(at + 1, what))
        last = at;
    return last;
}

/* ` = -1 EAGAIN (Resource temporarily unavailable) <0.000024>`, ` = 0 (Timeout) <0.104820>`, ` = ?` */
static void parse_result(struct call *call)
{
    const char *result = last_of(call->arguments, " = ");
    const char *duration = last_of(call->arguments, " <");
    char *end;

    call->result = -1;
    if (result == NULL || result[3] == '?')
        call->span.error = EINTR;
    else {
        call->result = strtol(result + 3, &end, 0);
        call->span.error = call->result == -1 && *end == ' ' ? parse_error(end + 1) : 0;
    }
    if (duration != NULL && duration[2] >= '0' && duration[2] <= '9')
        call->span.to = call->span.from + (uint64_t)parse_seconds(duration + 2, &end);
    call->found_nothing = call->span.error == EAGAIN || strstr(call->arguments, "(Timeout)") != NULL ||
                          (call->result == 0 && strcmp(call->span.call, "epoll_wait") == 0);
}

/* The descriptor that a call is about: the first argument, or the only one that it polls. */
static int parse_fd(const struct call *call)
{
    static const char polled[] = "[{fd=";
    const char *text = call->arguments;

    if (strcmp(call->span.call, "poll") == 0 && strncmp(text, polled, strlen(polled)) == 0)
        return strstr(text, "}, {") == NULL ? (int)strtol(text + strlen(polled), NULL, 10) : -1;
    return call_has_fd(call->span.call) && *text >= '0' && *text <= '9' ? (int)strtol(text, NULL, 10) : -1;
}

/* What fork() and pthread_create() come down to: clone(2). */
static enum creation creation_of(const struct call *call)
{
    static const char *const calls[] = {"clone", "clone3", "fork", "vfork"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(call->span.call, calls[i]) == 0)
            return strstr(call->arguments, "CLONE_THREAD") != NULL ? CREATES_THREAD : CREATES_PROCESS;
    return CREATES_NOTHING;
}

/* Takes `<... NAME resumed>` or `NAME(`. Returns false if the line is about something else: a signal, an end. */
static bool parse_name(struct record *record, const char *text, struct call *call)
{
    static const char resumed[] = "<... ";
    const bool is_resumed = strncmp(text, resumed, strlen(resumed)) == 0;
    const char *name = is_resumed ? text + strlen(resumed) : text;
    const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *rest = name + length;

    if (length == 0 || (!is_resumed && *rest != '('))
        return false;
    call->span.call = call_name(record, name, length);
    call->arguments = is_resumed ? rest + strcspn(rest, ">") : rest + 1;
    call->part = is_resumed ? CALL_ENDS : CALL_WHOLE;
    if (!is_resumed && strstr(rest, "<unfinished ...>") != NULL)
        call->part = CALL_BEGINS;
    return strstr(rest, "<detached ...>") == NULL; /* strace has detached, and will never say how that one ended */
}

bool trace_line_parse(struct record *record, int64_t zero, const char *line, struct call *call)
{
    char *end;

    call->thread = (int)strtol(line, &end, 10);
    if (end == line || *end != ' ')
        return false;
    call->span.from = call->span.to = on_axis(zero, parse_seconds(end + strspn(end, " "), &end));
    if (strncmp(end, " +++ ", strlen(" +++ ")) == 0) { /* "exited with 0", "killed by SIGKILL" */
        call->part = THREAD_ENDS;
        return true;
    }
    if (*end != ' ' || !parse_name(record, end + 1, call))
        return false;
    call->span.fd = call->part == CALL_ENDS ? -1 : parse_fd(call);
    call->creates = call->part == CALL_ENDS ? CREATES_NOTHING : creation_of(call);
    if (call->part != CALL_BEGINS)
        parse_result(call);
    return true;
}
