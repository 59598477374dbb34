/* ok_or_exit - for the libuv calls without which a program cannot do its job. */
#ifndef OK_OR_EXIT_H
#define OK_OR_EXIT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* `result` is what the call returned. If that is an error: says "`complaint`: why" on stderr and exits with 1. */
static inline void ok_or_exit(int result, const char *complaint)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", complaint, uv_strerror(result));
    exit(1);
}

/* Opens a descriptor for which a loop could wait, tried in `set`. Returns it, or -1. */
static inline int try_descriptor_to_watch(int set)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
#ifdef __linux__
    struct epoll_event event = {.events = EPOLLIN};

    if (fd != -1 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == -1) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
#else
    (void)set;
#endif
    return fd;
}

/* Are there as many descriptors as libuv takes for itself, and may it wait for them? Returns 0 or libuv's error. */
static inline int try_what_libuv_takes(void)
{
    enum { TAKES = 7 }; /* the first is for the set */
    int fds[TAKES], count = 0, error = 0;

#ifdef __linux__
    fds[0] = epoll_create1(EPOLL_CLOEXEC);
#else
    fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
#endif
    while (fds[count] != -1 && ++count < TAKES)
        fds[count] = try_descriptor_to_watch(fds[0]);
    if (count < TAKES)
        error = uv_translate_sys_error(errno);
    while (count > 0)
        close(fds[--count]);
    return error;
}

/*
 * Makes a loop. Where libuv cannot have a descriptor that it takes for itself, or the kernel lets it not wait for one (on
 * Linux ENOMEM, or ENOSPC: max_user_watches in epoll(7)), it aborts the program without a word. So we look beforehand. What
 * comes later cannot be seen: a loop that may not wait for one client more still ends all of them.
 */
static inline void make_loop_or_exit(uv_loop_t *loop, const char *complaint)
{
    ok_or_exit(try_what_libuv_takes(), complaint);
    ok_or_exit(uv_loop_init(loop), complaint);
}

#endif
