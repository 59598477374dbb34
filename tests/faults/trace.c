/* trace - see trace.h */
#include "trace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player/memory.h"

/* How many calls of a name a thread has made. */
struct counter {
    long thread;
    size_t call;
    int count;
};

struct reader {
    struct trace *trace;
    struct counter *counters;
    size_t counter_count;
    enum { LOADER, START, RUNNING } phase;
};

/* "1234 recvfrom(5, ...": returns the thread and the call's name, or false for another line. */
static bool read_call(const char *line, long *thread, char name[TRACE_NAME_SIZE])
{
    char *rest;

    *thread = strtol(line, &rest, 10);
    rest += strspn(rest, " ");
    const size_t length = strcspn(rest, "(");
    if (rest == line || rest[length] != '(' || length == 0 || length >= TRACE_NAME_SIZE || !islower(rest[0]))
        return false;
    snprintf(name, TRACE_NAME_SIZE, "%.*s", (int)length, rest);
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static size_t find_or_add(struct trace *trace, const char *name)
{
    for (size_t i = 0; i < trace->count; i++)
        if (strcmp(trace->calls[i].name, name) == 0)
            return i;
    trace->calls = memory_grown(trace->calls, trace->count, sizeof trace->calls[0]);
    trace->calls[trace->count] = (struct traced_call){.loader = 0};
    snprintf(trace->calls[trace->count].name, TRACE_NAME_SIZE, "%s", name);
    return trace->count++;
}

static int count_call(struct reader *reader, long thread, size_t call)
{
    for (size_t i = 0; i < reader->counter_count; i++) {
        struct counter *counter = &reader->counters[i];
        if (counter->thread == thread && counter->call == call)
            return ++counter->count;
    }
    reader->counters = memory_grown(reader->counters, reader->counter_count, sizeof reader->counters[0]);
    reader->counters[reader->counter_count++] = (struct counter){thread, call, 1};
    return 1;
}

/*
 * A program's own part begins where it ignores SIGPIPE, or makes its first socket. A server is ready when it says so, and a
 * client when it connects.
 */
static void look_at_phase(struct reader *reader, const char *line, const char *name)
{
    if (reader->phase == LOADER && (strcmp(name, "socket") == 0 || strstr(line, "(SIGPIPE, {") != NULL))
        reader->phase = START;
    if (reader->phase == START && (strcmp(name, "connect") == 0 || strstr(line, "\"listening on ") != NULL))
        reader->phase = RUNNING;
}

/*
 * A pipe or an eventfd of its own has a server woken up: what it asks for there is known to be there. Of a file the loader
 * reads a library. And nothing is needed to take a descriptor out of epoll's set.
 */
static bool cannot_fail(const char *line, const char *name)
{
    if (strcmp(name, "write") == 0 || strcmp(name, "read") == 0)
        return strstr(line, "<pipe:") != NULL || strstr(line, "[eventfd") != NULL || strstr(line, "</") != NULL;
    return strstr(line, "EPOLL_CTL_DEL") != NULL;
}

static void take_line(struct reader *reader, const char *line)
{
    char name[TRACE_NAME_SIZE];
    long thread;

    if (!read_call(line, &thread, name))
        return;
    const bool was_running = reader->phase == RUNNING; /* the line that says "listening" is of the start */
    look_at_phase(reader, line, name);
    const size_t index = find_or_add(reader->trace, name);
    const int place = count_call(reader, thread, index);
    struct traced_call *call = &reader->trace->calls[index];
    if (place >= TRACE_PLACES)
        return;
    if (cannot_fail(line, name))
        call->unfit[place] = true;
    if (reader->phase == LOADER)
        call->loader = place;
    else if (was_running)
        call->running[place] = true;
    else
        call->at_start[place] = true;
}

bool trace_read(struct trace *trace, const char *path)
{
    struct reader reader = {.trace = trace, .phase = LOADER};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    *trace = (struct trace){0};
    while (file != NULL && getline(&line, &room, file) != -1)
        take_line(&reader, line);
    free(line);
    free(reader.counters);
    if (file != NULL)
        fclose(file);
    return reader.phase == RUNNING;
}

bool trace_is_own(const struct traced_call *call)
{
    int places[TRACE_PLACES];

    return traced_places(call, true, places) + traced_places(call, false, places) > 0;
}

size_t traced_places(const struct traced_call *call, bool of_start, int places[TRACE_PLACES])
{
    size_t count = 0;

    for (int place = call->loader + 1; place < TRACE_PLACES; place++)
        if (!call->unfit[place] && (of_start ? call->at_start[place] : call->running[place] && !call->at_start[place]))
            places[count++] = place;
    return count;
}

void trace_free(struct trace *trace)
{
    free(trace->calls);
    *trace = (struct trace){0};
}

/* ---- Faults ---- */

/* "5<TCP:[127.0.0.1:9000->127.0.0.1:53122]>": returns 53122, or 0 if the line names no connection. */
static int port_in(const char *line)
{
    const char *connection = strstr(line, "<TCP:[");
    const char *arrow = connection != NULL ? strstr(connection, "->") : NULL;
    const char *port = arrow != NULL ? strchr(arrow, ':') : NULL;

    return port != NULL ? (int)strtol(port + 1, NULL, 10) : 0;
}

/* strace writes a line in two parts if another thread's call comes between: only the first one names the connection. */
struct first_part {
    long thread;
    int port;
};

static int *find_port(struct first_part **parts, size_t *count, long thread)
{
    for (size_t i = 0; i < *count; i++)
        if ((*parts)[i].thread == thread)
            return &(*parts)[i].port;
    *parts = memory_grown(*parts, *count, sizeof **parts);
    (*parts)[*count] = (struct first_part){.thread = thread};
    return &(*parts)[(*count)++].port;
}

static void add_fault(struct faults_met *faults, int port)
{
    faults->count++;
    if (port != 0 && faults->port_count < FAULTS_PORTS)
        faults->ports[faults->port_count++] = port;
}

struct faults_met faults_read(const char *path)
{
    struct faults_met faults = {.count = 0};
    struct first_part *parts = NULL;
    size_t count = 0, room = 0;
    FILE *file = fopen(path, "r");
    char *line = NULL;

    while (file != NULL && getline(&line, &room, file) != -1) {
        int *port = find_port(&parts, &count, strtol(line, NULL, 10));
        if (strstr(line, " resumed>") == NULL)
            *port = port_in(line);
        if (strstr(line, "(INJECTED)") != NULL)
            add_fault(&faults, *port);
    }
    free(parts);
    free(line);
    if (file != NULL)
        fclose(file);
    return faults;
}

bool faults_have_met(const struct faults_met *faults, int port)
{
    for (size_t i = 0; i < faults->port_count; i++)
        if (faults->ports[i] == port)
            return true;
    return false;
}
