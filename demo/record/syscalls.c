/* syscalls - see syscalls.h */
#include "syscalls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call_name.h"
#include "player/memory.h"
#include "trace_line.h"

enum {
    SHORT_NS = 1000 * 1000, /* a call that takes no longer did not wait */
    EMPTY_CALLS = 300, /* so many that found nothing, without one that waited: it spins */
    EMPTY_PERCENT = 80, /* of the calls since the last one that waited */
    WINDOW_NS = 1000 * 1000 * 1000,
    MAX_CALLS = 2000, /* in that time: at some 30 us each, strace would slow it down */
    MAX_DESCRIPTORS = 65536 /* whose clients are remembered */
};

static struct model_record *model_of(const struct syscalls *syscalls)
{
    return &syscalls->recorder->record.models[syscalls->index];
}

/* ---- Processes and threads ---- */

/* Its descriptors are a copy of those of its parent, fork(2); `parent` is an index, or -1: not known. */
static size_t add_process(struct syscalls *syscalls, int id, int parent)
{
    struct process_pen process = {.id = id};

    if (parent >= 0 && syscalls->processes[parent].fd_count > 0) {
        const size_t size = syscalls->processes[parent].fd_count * sizeof process.client_of_fd[0];
        process.fd_count = syscalls->processes[parent].fd_count;
        process.client_of_fd = memory_resized(NULL, size);
        memcpy(process.client_of_fd, syscalls->processes[parent].client_of_fd, size);
    }
    syscalls->processes = memory_grown(syscalls->processes, syscalls->process_count, sizeof syscalls->processes[0]);
    syscalls->processes[syscalls->process_count] = process;
    return syscalls->process_count++;
}

static size_t find_process(struct syscalls *syscalls, int id)
{
    for (size_t i = syscalls->process_count; i-- > 0;)
        if (syscalls->processes[i].id == id)
            return i;
    return add_process(syscalls, id, -1);
}

/* NULL: it is not known. */
static struct thread_pen *find_thread(const struct syscalls *syscalls, int id)
{
    for (size_t i = syscalls->thread_count; i-- > 0;)
        if (syscalls->threads[i].thread == id)
            return &syscalls->threads[i];
    return NULL;
}

/* Only what there is in the conversation counts, not before and after. */
static void note_most(struct syscalls *syscalls)
{
    const struct model_record *model = model_of(syscalls);

    if (model->began == 0 || model->is_over)
        return;
    if (syscalls->living_processes > syscalls->most_processes)
        syscalls->most_processes = syscalls->living_processes;
    if (syscalls->living_threads > syscalls->most_threads)
        syscalls->most_threads = syscalls->living_threads;
}

static void set_alive(struct syscalls *syscalls, struct thread_pen *pen, bool is_alive)
{
    struct process_pen *process = &syscalls->processes[pen->process];
    const bool was_alive = process->living_threads > 0;

    if (pen->is_alive == is_alive)
        return;
    pen->is_alive = is_alive;
    process->living_threads += is_alive ? 1 : -1;
    syscalls->living_threads += is_alive ? 1 : -1;
    syscalls->living_processes += (process->living_threads > 0) - was_alive;
    note_most(syscalls);
}

static struct thread_pen *add_thread(struct syscalls *syscalls, int id, size_t process)
{
    syscalls->threads = memory_grown(syscalls->threads, syscalls->thread_count, sizeof syscalls->threads[0]);
    syscalls->threads[syscalls->thread_count] = (struct thread_pen){.thread = id, .process = process, .lane = -1};
    return &syscalls->threads[syscalls->thread_count++];
}

/* A call of a thread of process `parent` has made it. */
static struct thread_pen *add_created(struct syscalls *syscalls, int id, size_t parent, enum creation creation)
{
    const bool is_process = creation == CREATES_PROCESS;

    struct thread_pen *pen = add_thread(syscalls, id, is_process ? add_process(syscalls, id, (int)parent) : parent);
    set_alive(syscalls, pen, true);
    return pen;
}

/* Whom strace names: a new one may be quicker than the call that makes it, which goes on then. */
static struct thread_pen *thread_of_line(struct syscalls *syscalls, int id)
{
    struct thread_pen *known = find_thread(syscalls, id);

    if (known != NULL)
        return known;
    for (size_t i = 0; i < syscalls->thread_count; i++) {
        const struct thread_pen *creator = &syscalls->threads[i];
        if (creator->begun.call != NULL && creator->creates != CREATES_NOTHING)
            return add_created(syscalls, id, creator->process, creator->creates);
    }
    return add_thread(syscalls, id, syscalls->process_count > 0 ? 0 : add_process(syscalls, id, -1));
}

/* ---- Lanes ---- */

static struct thread_lane *lane_of(struct syscalls *syscalls, struct thread_pen *pen)
{
    struct model_record *model = model_of(syscalls);

    if (pen->lane == -1) {
        pen->lane = (int)model->thread_count;
        model->threads = memory_grown(model->threads, model->thread_count, sizeof model->threads[0]);
        model->threads[model->thread_count++] =
            (struct thread_lane){.thread = pen->thread, .process = syscalls->processes[pen->process].id};
    }
    return &model->threads[pen->lane];
}

static struct call_span *last_span(const struct thread_lane *lane)
{
    return lane->span_count > 0 ? &lane->spans[lane->span_count - 1] : NULL;
}

static void add_span(struct thread_lane *lane, struct call_span span)
{
    lane->spans = memory_grown(lane->spans, lane->span_count, sizeof lane->spans[0]);
    lane->spans[lane->span_count++] = span;
}

static bool is_short(const struct call_span *span)
{
    return span->to - span->from < SHORT_NS * span->times;
}

/* Short calls that follow each other closely are one span. */
static bool fold(struct record *record, struct call_span *last, const struct call_span *span)
{
    if (last == NULL || !is_short(last) || !is_short(span) || span->from > last->to + SHORT_NS)
        return false;
    last->call = call_name_folded(record, last->call, span->call);
    last->to = span->to > last->to ? span->to : last->to;
    last->times += span->times;
    last->error = span->error;
    if (last->fd != span->fd)
        last->fd = -1;
    if (last->client != span->client)
        last->client = -1;
    return true;
}

/* Whose connection a descriptor is in the thread's process. */
static int client_of(const struct syscalls *syscalls, const struct thread_pen *pen, int fd)
{
    const struct process_pen *process = &syscalls->processes[pen->process];

    return fd >= 0 && (size_t)fd < process->fd_count ? process->client_of_fd[fd] : -1;
}

static void drop_guess(struct syscalls *syscalls, struct thread_pen *pen)
{
    if (pen->is_guess)
        lane_of(syscalls, pen)->span_count--;
    pen->is_guess = false;
}

/* Only the conversation is recorded, not how the server starts and ends. */
static void record_span(struct syscalls *syscalls, struct thread_pen *pen, struct call_span span)
{
    const struct model_record *model = model_of(syscalls);

    drop_guess(syscalls, pen);
    if (model->began == 0 || span.to < model->began || (model->is_over && span.from >= model->ended))
        return;
    if (span.from < model->began)
        span.from = model->began;
    if (model->is_over && span.to > model->ended)
        span.to = model->ended;
    span.client = client_of(syscalls, pen, span.fd);
    syscalls->count++;
    syscalls->has_batches = syscalls->has_batches || strcmp(span.call, "io_uring_enter") == 0;
    struct thread_lane *lane = lane_of(syscalls, pen);
    if (!fold(&syscalls->recorder->record, last_span(lane), &span))
        add_span(lane, span);
}

static struct thread_pen *thread_seen(struct syscalls *syscalls, const struct sighting *sighting)
{
    struct thread_pen *known = find_thread(syscalls, sighting->thread);

    return known != NULL ? known : add_thread(syscalls, sighting->thread, find_process(syscalls, sighting->process));
}

/* Since when a thread can be where it is seen: since strace lost sight of it, or the last look, or from the beginning. */
static uint64_t seen_since(const struct model_record *model, const struct call_span *last,
                           const struct sighting *sighting)
{
    if (last != NULL)
        return last->to;
    return sighting->looked_before > model->began ? sighting->looked_before : model->began;
}

/* strace may have lost sight of a descriptor that was closed: it cannot be a client's who has left. */
static int client_seen(const struct syscalls *syscalls, const struct thread_pen *pen, int fd)
{
    const int client = client_of(syscalls, pen, fd);

    if (client == -1)
        return -1;
    const struct lane *lane = &model_of(syscalls)->lanes[client];
    return lane->spans[lane->span_count - 1].state == LANE_ABSENT ? -1 : client;
}

void syscalls_see(struct syscalls *syscalls, const struct sighting *sighting)
{
    const struct model_record *model = model_of(syscalls);

    if (model->began == 0 || model->is_over || sighting->at <= model->began)
        return;
    struct thread_pen *pen = thread_seen(syscalls, sighting);
    struct thread_lane *lane = lane_of(syscalls, pen);
    struct call_span *last = last_span(lane);
    const unsigned long slept = sighting->sleeps > pen->sleeps ? sighting->sleeps - pen->sleeps : 0;
    const int fd = call_has_fd(sighting->call) ? sighting->fd : -1;
    pen->sleeps = sighting->sleeps;
    if (pen->is_guess && last->call == sighting->call && last->fd == fd) {
        last->to = sighting->at;
        last->times += slept;
        return;
    }
    add_span(lane, (struct call_span){.from = seen_since(model, last, sighting),
                                      .to = sighting->at,
                                      .call = sighting->call,
                                      .fd = fd,
                                      .times = 1,
                                      .client = client_seen(syscalls, pen, fd)});
    pen->is_guess = true;
}

bool syscalls_is_stale(struct syscalls *syscalls, int thread, uint64_t now, uint64_t nanoseconds)
{
    struct thread_pen *pen = find_thread(syscalls, thread);

    if (pen == NULL || pen->lane == -1 || pen->is_guess)
        return true;
    return last_span(lane_of(syscalls, pen))->to + nanoseconds < now;
}

/* ---- Whose connection a descriptor is ---- */

static void remember_client(struct process_pen *process, size_t fd, int client)
{
    if (fd >= MAX_DESCRIPTORS)
        return;
    if (fd >= process->fd_count) {
        process->client_of_fd = memory_resized(process->client_of_fd, (fd + 1) * sizeof process->client_of_fd[0]);
        while (process->fd_count <= fd)
            process->client_of_fd[process->fd_count++] = -1;
    }
    process->client_of_fd[fd] = client;
}

static void follow_descriptors(struct syscalls *syscalls, const struct thread_pen *pen, const struct call *call)
{
    struct process_pen *process = &syscalls->processes[pen->process];
    const int fd = call->span.fd;

    if (strcmp(call->span.call, "accept") == 0 && call->result >= 0) {
        const int client = recorder_connection(syscalls->recorder, syscalls->index, syscalls->accepted++);
        remember_client(process, (size_t)call->result, client);
    } else if (strcmp(call->span.call, "close") == 0 && client_of(syscalls, pen, fd) != -1) {
        process->client_of_fd[fd] = -1;
    }
}

/* ---- Are they too many? ---- */

void syscalls_start_counting(struct syscalls *syscalls)
{
    syscalls->window = syscalls->window_now;
    syscalls->in_window = syscalls->empty = syscalls->since_wait = 0;
}

/* A call that would block returns at once, if the scheduler lets it; only with SO_RCVTIMEO it comes after a wait. */
static bool is_a_wait(const struct call_span *span)
{
    return span->to - span->from >= (span->error == EAGAIN ? 10 * SHORT_NS : SHORT_NS);
}

static void count(struct syscalls *syscalls, const struct call *call)
{
    const bool has_waited = is_a_wait(&call->span);

    if (call->span.to > syscalls->window_now)
        syscalls->window_now = call->span.to;
    if (syscalls->window_now - syscalls->window >= WINDOW_NS) {
        syscalls->window = call->span.from;
        syscalls->in_window = 0;
    }
    syscalls->in_window++;
    if (has_waited)
        syscalls->since_wait = syscalls->empty = 0;
    else if (!call_is_housekeeping(call->span.call))
        syscalls->since_wait++;
    if (!has_waited && call->found_nothing)
        syscalls->empty++;
}

bool syscalls_spin(const struct syscalls *syscalls)
{
    return syscalls->empty >= EMPTY_CALLS && syscalls->empty * 100 >= syscalls->since_wait * EMPTY_PERCENT;
}

bool syscalls_are_too_many(const struct syscalls *syscalls)
{
    return syscalls->in_window > MAX_CALLS || syscalls_spin(syscalls);
}

double syscalls_rate(const struct syscalls *syscalls)
{
    const uint64_t time = syscalls->window_now - syscalls->window;

    return time > 0 ? (double)syscalls->in_window * 1e9 / (double)time : 0;
}

/* ---- Lines: a call is in two parts where threads interrupt each other ---- */

/*
 * The two parts are one call, and `-T` has counted from the first. It gives no time for a call in which a thread was
 * killed: that one lasted until now.
 */
static void join(struct call *call, struct thread_pen *pen)
{
    struct call_span *end = &call->span;
    const uint64_t lasted = end->to - end->from;

    if (lasted > 0)
        end->to = pen->begun.from + lasted;
    end->from = pen->begun.from;
    end->fd = pen->begun.fd;
    call->creates = pen->creates;
    pen->begun.call = NULL;
}

/* A call is over. */
static void take_call(struct syscalls *syscalls, struct thread_pen *pen, const struct call *call)
{
    count(syscalls, call);
    record_span(syscalls, pen, call->span);
    follow_descriptors(syscalls, pen, call);
    if (call->creates != CREATES_NOTHING && call->result > 0 && find_thread(syscalls, (int)call->result) == NULL)
        add_created(syscalls, (int)call->result, pen->process, call->creates);
}

static void take_line(struct syscalls *syscalls, const char *line)
{
    struct call call = {.span = {.times = 1}};

    if (!trace_line_parse(&syscalls->recorder->record, syscalls->zero, line, &call))
        return;
    struct thread_pen *pen = thread_of_line(syscalls, call.thread);
    set_alive(syscalls, pen, call.part != THREAD_ENDS);
    switch (call.part) {
    case CALL_BEGINS:
        pen->begun = call.span;
        pen->creates = call.creates;
        break;
    case CALL_ENDS:
        if (pen->begun.call != NULL)
            join(&call, pen);
        take_call(syscalls, pen, &call);
        break;
    case CALL_WHOLE:
        take_call(syscalls, pen, &call);
        break;
    case THREAD_ENDS:
        break;
    }
}

void syscalls_read(struct syscalls *syscalls, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        const size_t length = end != NULL ? (size_t)(end - bytes) : size;
        text_add(&syscalls->line, "%.*s", (int)length, bytes);
        if (end == NULL)
            return;
        if (syscalls->line.length > 0)
            take_line(syscalls, syscalls->line.chars);
        text_free(&syscalls->line);
        bytes += length + 1;
        size -= length + 1;
    }
}

/*
 * Was the thread seen doing something else since its last call began? Then that one is over, and strace, which has
 * detached meanwhile, never said so.
 */
static bool was_seen_elsewhere(struct syscalls *syscalls, struct thread_pen *pen)
{
    const struct thread_lane *lane = lane_of(syscalls, pen);

    for (size_t i = lane->span_count; i-- > 0 && lane->spans[i].to > pen->begun.from;)
        if (pen->is_guess && strcmp(lane->spans[i].call, pen->begun.call) != 0)
            return true;
    return false;
}

void syscalls_finish(struct syscalls *syscalls)
{
    for (size_t i = 0; i < syscalls->thread_count; i++) {
        struct thread_pen *pen = &syscalls->threads[i];
        if (pen->begun.call != NULL && !was_seen_elsewhere(syscalls, pen)) {
            pen->begun.to = model_of(syscalls)->ended;
            record_span(syscalls, pen, pen->begun);
        }
        pen->begun.call = NULL;
    }
}

/* ---- Making and freeing ---- */

void syscalls_init(struct syscalls *syscalls, struct recorder *recorder, size_t index, int64_t zero)
{
    *syscalls = (struct syscalls){.recorder = recorder, .index = index, .zero = zero};
}

void syscalls_free(struct syscalls *syscalls)
{
    text_free(&syscalls->line);
    for (size_t i = 0; i < syscalls->process_count; i++)
        free(syscalls->processes[i].client_of_fd);
    free(syscalls->processes);
    free(syscalls->threads);
}
