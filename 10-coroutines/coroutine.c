/* coroutine - see coroutine.h */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_STACK */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "coroutine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "net.h"

enum { MAX_EVENTS = 64 };

struct coroutine {
    ucontext_t context; /* its registers while it is put aside: where it is in the text, and where its stack ends */
    void (*body)(void *argument);
    void *argument;
    bool has_ended;

    int fd; /* what epoll watches for it, or -1, */
    uint32_t events; /* and for what */
    double deadline; /* net_now() when its wait ends; 0: never */
    enum io_status outcome; /* of its wait */

    bool is_ready; /* it is in the queue */
    struct coroutine *next_ready;
    struct coroutine *previous, *next; /* in the list of all */
};

static ucontext_t scheduler;
static struct coroutine *current;
static struct coroutine all = {.previous = &all, .next = &all};
static struct coroutine *first_ready, *last_ready; /* the queue of those that can go on */
static int sleepers; /* how many have a deadline */
static int epoll = -1;
static bool stopped;

/* --- Stacks: each in a mapping of its own, with a page below it that nobody may touch --------------------------------- */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* A stack grows downwards, so the coroutine itself stands at its top. Returns NULL if there is no memory. */
static struct coroutine *allocate(void)
{
    char *const memory = mmap(NULL, page_size() + COROUTINE_STACK_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (mprotect(memory, page_size(), PROT_NONE) != 0) {
        munmap(memory, page_size() + COROUTINE_STACK_SIZE);
        return NULL;
    }
    return (struct coroutine *)(memory + page_size() + COROUTINE_STACK_SIZE) - 1;
}

static void release(struct coroutine *c)
{
    munmap((char *)(c + 1) - COROUTINE_STACK_SIZE - page_size(), page_size() + COROUTINE_STACK_SIZE);
}

/* --- Taking turns ----------------------------------------------------------------------------------------------------- */

static void make_ready(struct coroutine *c, enum io_status outcome)
{
    if (c->is_ready)
        return;
    c->is_ready = true;
    c->outcome = outcome;
    c->next_ready = NULL;
    if (first_ready == NULL)
        first_ready = c;
    else
        last_ready->next_ready = c;
    last_ready = c;
}

static void run_body(void)
{
    current->body(current->argument);
    current->has_ended = true; /* on with the scheduler: uc_link */
}

int coroutine_start(void (*body)(void *argument), void *argument)
{
    if (epoll == -1 && (epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
        return errno;

    struct coroutine *const c = allocate();
    if (c == NULL)
        return ENOMEM;
    *c = (struct coroutine){.body = body, .argument = argument, .fd = -1, .previous = all.previous, .next = &all};
    getcontext(&c->context);
    c->context.uc_stack.ss_sp = (char *)(c + 1) - COROUTINE_STACK_SIZE;
    c->context.uc_stack.ss_size = COROUTINE_STACK_SIZE - sizeof *c;
    c->context.uc_link = &scheduler;
    makecontext(&c->context, run_body, 0);
    all.previous->next = c;
    all.previous = c;
    make_ready(c, IO_SUCCESS);
    return 0;
}

/* Puts the current coroutine aside until make_ready(). */
static struct io_result put_aside(double seconds)
{
    current->deadline = seconds > 0 ? net_now() + seconds : 0;
    sleepers += seconds > 0;
    swapcontext(&current->context, &scheduler); /* returns when run_ready() goes on with it */
    sleepers -= seconds > 0;
    return (struct io_result){.status = current->outcome};
}

static void unwatch(struct coroutine *c)
{
    if (c->fd != -1)
        epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    c->fd = -1;
}

static void end(struct coroutine *c)
{
    unwatch(c); /* its descriptor may stay open, and epoll would go on to report a coroutine that is gone */
    c->previous->next = c->next;
    c->next->previous = c->previous;
    release(c);
}

/*
 * Has the processor fetch the registers of the next one while this one runs. Of a thousand coroutines most have left the near
 * caches since their last turn, and swapcontext() would wait for them, one line of 64 bytes after the other.
 */
static void prefetch(const struct coroutine *c)
{
    for (size_t i = 0; i < sizeof *c; i += 64)
        __builtin_prefetch((const char *)c + i);
}

/* Everybody in the queue goes on until the next wait. Whoever joins it meanwhile has to wait for the next turn. */
static void run_ready(void)
{
    struct coroutine *c = first_ready;

    first_ready = NULL;
    while (c != NULL) {
        current = c;
        c = c->next_ready;
        if (c != NULL)
            prefetch(c);
        current->is_ready = false;
        swapcontext(&scheduler, &current->context); /* switches the signal mask as well: a system call, and one back */
        if (current->has_ended)
            end(current);
    }
}

/* --- Waiting ---------------------------------------------------------------------------------------------------------- */

/*
 * Has epoll watch `fd` for the current coroutine, and nothing else. It stays watched when the wait is over, so that to wait
 * for the same again costs no call. Returns 0 or the errno of epoll_ctl().
 */
static int watch(int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = current};

    if (current->fd == fd && current->events == events)
        return 0;
    if (current->fd != fd)
        unwatch(current);
    if (epoll_ctl(epoll, current->fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        return errno;
    current->fd = fd;
    current->events = events;
    return 0;
}

static struct io_result wait_for(int fd, uint32_t events, double seconds)
{
    if (stopped)
        return (struct io_result){.status = IO_CONNECTION_CLOSED};

    const int error = watch(fd, events);
    if (error == EPERM) /* a regular file: always ready, and epoll takes none (epoll_ctl(2)) */
        make_ready(current, IO_SUCCESS);
    else if (error != 0)
        return (struct io_result){.status = IO_ERROR, .error = error};
    return put_aside(seconds);
}

struct io_result coroutine_wait_readable(int fd, double seconds)
{
    return wait_for(fd, EPOLLIN, seconds);
}

struct io_result coroutine_accept(int listener, int *fd)
{
    struct io_result result;

    *fd = -1;
    do {
        result = wait_for(listener, EPOLLIN, 0);
        if (result.status == IO_SUCCESS)
            result = io_accept(listener, fd);
    } while (result.status == IO_NO_DATA);
    return result;
}

struct io_result coroutine_recv(int fd, void *buffer, size_t size)
{
    struct io_result result;

    do {
        result = wait_for(fd, EPOLLIN, 0);
        if (result.status == IO_SUCCESS)
            result = io_recv(fd, buffer, size);
    } while (result.status == IO_NO_DATA);
    return result;
}

struct io_result coroutine_send(int fd, const void *data, size_t size)
{
    struct io_result result;

    while ((result = io_send(fd, data, size)).status == IO_NO_DATA) { /* usually the kernel takes it all at once */
        result = wait_for(fd, EPOLLOUT, 0);
        if (result.status != IO_SUCCESS)
            break;
    }
    return result;
}

void coroutine_sleep(double seconds)
{
    unwatch(current); /* a descriptor that is ready would end the wait */
    if (!stopped)
        put_aside(seconds);
}

void coroutine_close(int fd)
{
    if (current->fd == fd)
        unwatch(current); /* before the number stands for something else */
    close(fd);
}

/* --- The scheduler ---------------------------------------------------------------------------------------------------- */

void coroutine_stop(void)
{
    stopped = true;
    for (struct coroutine *c = all.next; c != &all; c = c->next)
        if (c != current)
            make_ready(c, IO_CONNECTION_CLOSED);
}

/* Those whose time is up can go on. Returns in how many milliseconds the next one's is, or -1 if nobody has a deadline. */
static int check_deadlines(void)
{
    double first = 0;

    for (struct coroutine *c = all.next; c != &all && sleepers > 0; c = c->next) {
        if (c->deadline > 0 && c->deadline <= net_now())
            make_ready(c, IO_TIMEOUT);
        else if (c->deadline > 0 && (first == 0 || c->deadline < first))
            first = c->deadline;
    }
    return first == 0 ? -1 : (int)((first - net_now()) * 1000) + 1;
}

int coroutine_run(void)
{
    struct epoll_event events[MAX_EVENTS];

    while (all.next != &all) {
        const int milliseconds = check_deadlines();
        const int count = epoll_wait(epoll, events, MAX_EVENTS, first_ready != NULL ? 0 : milliseconds);
        if (count == -1 && errno != EINTR)
            return errno;
        for (int i = 0; i < count; i++)
            make_ready(events[i].data.ptr, IO_SUCCESS);
        run_ready();
    }
    close(epoll);
    epoll = -1;
    return 0;
}
