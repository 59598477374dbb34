/* narrate - see narrate.h */
#include "narrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net.h"

static bool say_everything;

bool narrate_begin(int listener, bool verbose)
{
    char name[NET_NAME_SIZE];

    say_everything = verbose;
    if (printf("listening on %s\n", net_local_name(listener, name)) > 0 && fflush(stdout) == 0)
        return true;
    fprintf(stderr, "server: cannot write to standard output: %s\n", strerror(errno));
    return false;
}

void narrate(const char *peer, const char *call, struct io_result result)
{
    if (say_everything || result.status == IO_ERROR) {
        char text[IO_TEXT_SIZE];
        fprintf(stderr, "%s %s %s\n", peer, call, io_describe(result, text));
    }
}

void narrate_accept(struct io_result result)
{
    static int last_error;

    if (result.status == IO_ERROR && result.error == last_error)
        return;
    if (result.status == IO_SUCCESS || result.status == IO_ERROR)
        last_error = result.error; /* 0 after a success */
    narrate("listener", "accept", result);
}

void narrate_refusal(const char *peer, const char *reason, int error)
{
    char text[IO_TEXT_SIZE];

    io_describe((struct io_result){.status = IO_ERROR, .error = error}, text);
    fprintf(stderr, "%s closed: %s: %s\n", peer, reason, text);
}
