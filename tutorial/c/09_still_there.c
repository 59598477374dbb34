/* What is in the set after close(), and what in the array that epoll_wait() has filled before? */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_EVENTS = 4 };

/* A pipe whose reader is always ready: it has a byte. */
static int ready_descriptor(void)
{
    int ends[2];

    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1) {
        perror("09_still_there");
        exit(1);
    }
    return ends[0];
}

static void add(int set, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

int main(void)
{
    const int set = epoll_create1(0), one = ready_descriptor(), two = ready_descriptor();
    struct epoll_event events[MAX_EVENTS];

    add(set, one);
    add(set, two);
    printf("both ready                   %d events\n", epoll_wait(set, events, MAX_EVENTS, 0));
    close(events[1].data.fd);
    printf("the second closed            events[1] still says %s\n", events[1].data.fd == two ? "two" : "one");
    printf("asked again                  %d event\n", epoll_wait(set, events, MAX_EVENTS, 0));
    const int copy = dup(one);
    close(one);
    printf("the first closed, but a copy %d event, for a descriptor that is closed\n",
           epoll_wait(set, events, MAX_EVENTS, 0));
    close(copy);
    printf("the copy closed as well      %d events\n", epoll_wait(set, events, MAX_EVENTS, 0));
    return 0;
}
