/* ring - opens the ring that both programs hand their calls in to. */
#ifndef RING_H
#define RING_H

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>

enum {
    RING_ENTRIES = 256, /* how many calls can be handed in at once; whatever more there is waits for the next turn */
    RING_FORBIDDEN = 77 /* an exit status that says "left out": see `permission` in tests/README.md */
};

/*
 * Makes `ring` ready. Returns 0, or after a line on stderr ("server: cannot use io_uring: Operation not permitted") the exit
 * status for a server: RING_FORBIDDEN where this system does not have io_uring or does not permit it, otherwise 1.
 */
static inline int open_ring(struct io_uring *ring, const char *program)
{
    int error = -io_uring_queue_init(RING_ENTRIES, ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

    if (error == EINVAL) /* before Linux 6.1 there are no flags to say that results can wait until we ask for them */
        error = -io_uring_queue_init(RING_ENTRIES, ring, 0);
    if (error == 0 && (ring->features & IORING_FEAT_RSRC_TAGS) == 0)
        error = ENOSYS; /* before Linux 5.13: some kernels then take no calls while too many results wait (EBUSY) */
    if (error == 0)
        return 0;
    fprintf(stderr, "%s: cannot use io_uring: %s\n", program, strerror(error));
    return error == EPERM || error == EACCES || error == ENOSYS ? RING_FORBIDDEN : 1;
}

#endif
