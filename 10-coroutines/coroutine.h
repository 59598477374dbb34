/*
 * coroutine - functions that can be put aside in the middle and go on there later, and a scheduler that waits for them.
 *
 * A coroutine has a stack of its own. Where it would have to wait, it is put aside with all its local variables and calls,
 * and another one goes on. It goes on itself once epoll(7) says that its descriptor is ready. All this happens in one
 * thread: between two waits nobody else runs, so what coroutines share needs no lock.
 *
 * Made with getcontext(3), makecontext(3) and swapcontext(3), which POSIX.1-2008 has removed. glibc and the BSDs still have
 * them, macOS only with _XOPEN_SOURCE, musl not at all. epoll is Linux.
 *
 * All but coroutine_start() and coroutine_run() are for coroutines to call. Nothing here is safe in threads.
 */
#ifndef COROUTINE_H
#define COROUTINE_H

#include <stddef.h>

#include "io_status.h"

/* A coroutine's stack. Only the pages (4 KiB) that it has ever used take memory. */
enum { COROUTINE_STACK_SIZE = 64 * 1024 };

/*
 * Makes a coroutine that will call `body(argument)`, and that ends when this returns. It begins when those that can go on
 * now have had their turn. One that needs more stack than it has gets SIGSEGV, and spoils nothing.
 * Returns 0, or ENOMEM: there is no memory, or the process has as many mappings as it may have (vm.max_map_count in
 * proc(5); each coroutine takes two). The first one can also fail with the errnos of epoll_create1(2), such as EMFILE.
 */
int coroutine_start(void (*body)(void *argument), void *argument);

/* Runs all coroutines until the last one has ended. Returns 0, or the errno of an epoll_wait(2) that failed. */
int coroutine_run(void);

/*
 * Gets everybody out of every wait, begun or not: it ends with IO_CONNECTION_CLOSED, as if the peer had left. The
 * coroutines are expected to end then.
 */
void coroutine_stop(void);

/*
 * What io_accept(), io_recv() and io_send() do, for descriptors that are non-blocking: where the thread would wait in 01,
 * only the coroutine does. So IO_NO_DATA is never returned, and beyond what io_status.h says, IO_ERROR can carry the errno
 * of epoll_ctl(2): EEXIST if another coroutine is waiting for the same descriptor, for which dup(2) makes a second one.
 * coroutine_accept() and coroutine_recv() let the others go first, even if there is something to receive: otherwise a
 * peer that never stops talking would keep the thread.
 */
struct io_result coroutine_accept(int listener, int *fd);
struct io_result coroutine_recv(int fd, void *buffer, size_t size);
struct io_result coroutine_send(int fd, const void *data, size_t size);

/*
 * Waits until `fd` can be read, or for `seconds` (0: for ever). A regular file is always ready, although epoll takes none.
 * Returns IO_SUCCESS, IO_TIMEOUT, IO_CONNECTION_CLOSED after coroutine_stop(), or IO_ERROR as above.
 */
struct io_result coroutine_wait_readable(int fd, double seconds);

/* Waits for so many seconds, or until coroutine_stop(). */
void coroutine_sleep(double seconds);

/* Closes a descriptor that this coroutine, and no other, has waited for. */
void coroutine_close(int fd);

#endif
