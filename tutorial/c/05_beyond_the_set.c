/* What lies behind an fd_set when a descriptor does not fit into it? Run it with a limit on descriptors above 1,100. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct {
        fd_set set;
        char neighbour[8]; /* the next variable in memory */
    } memory = {.neighbour = "pat"};
    struct timeval no_time = {0};
    const int fd = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    int ends[2];

    if (pipe(ends) != 0 || dup2(ends[0], fd) != fd) { /* nobody writes into this pipe: never readable */
        perror("05_beyond_the_set");
        return 1;
    }
    FD_ZERO(&memory.set);
    printf("at first          \"%s\"\n", memory.neighbour);
    FD_SET(fd, &memory.set);
    printf("after FD_SET()    \"%s\"\n", memory.neighbour);
    const int ready = select(fd + 1, &memory.set, NULL, NULL, &no_time);
    printf("after select()    \"%s\", and it returned %d\n", memory.neighbour, ready);
    return 0;
}
