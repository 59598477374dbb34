/* standard - see standard.h */
#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

static const char *name;

static void check_output(void)
{
    const char *reason = fflush(stdout) == 0 ? "some of it is lost" : strerror(errno);

    if (ferror(stdout) == 0)
        return;
    if (errno == EPIPE)
        _exit(1); /* whoever read it has had enough, as head(1) */
    fprintf(stderr, "%s: cannot write to standard output: %s\n", name, reason);
    _exit(1);
}

void standard_open(const char *program)
{
    name = program;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* gets the lowest number: this one */
    output_reopen(STDOUT_FILENO, 0);
    output_reopen(STDERR_FILENO, 0);
    atexit(check_output);
}
