/* inherited - see inherited.h */
#include "inherited.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A program that was started with a standard descriptor closed would get its number for the next socket, and then talk to
 * it by mistake. So these numbers are taken, by what cannot be used: read() and write() fail with EBADF.
 */
static void take_closed_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            exit(1); /* and there is no descriptor to say so on */
}

void inherited_put_right(void)
{
    sigset_t none;

    take_closed_standard_descriptors();
    signal(SIGXFSZ, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
