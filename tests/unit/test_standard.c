/* test_standard - does play print all of it, whatever its standard output is, or say that it could not? */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "kinds.h"
#include "must.h"
#include "player/text.h"

static pid_t start_play(const struct opened *output, const struct opened *err)
{
    const char *build = getenv("BUILD");
    struct text path = {0};

    text_add(&path, "%s/tests/player/play", build != NULL ? build : "build");
    const pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0) {
        kind_become(output, STDOUT_FILENO);
        kind_become(err, STDERR_FILENO);
        execl(path.chars, "play", "--help", (char *)NULL);
        _exit(127);
    }
    text_free(&path);
    return pid;
}

static void try_kind(enum kind kind)
{
    struct opened output = kind_open_output(kind), err = kind_open_output(A_PIPE);
    const bool is_unusable = kind == DEV_FULL || kind == A_DIRECTORY || kind == CLOSED;
    const pid_t pid = start_play(&output, &err);
    char printed[4096] = "usage: play", said[4096] = "";
    int status;

    if (output.other_end != -1)
        printed[kind_read(&output, pid, printed, sizeof printed - 1)] = '\0';
    said[kind_read(&err, pid, said, sizeof said - 1)] = '\0';
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    if (strncmp(printed, "usage: play", strlen("usage: play")) != 0)
        fail_msg("To %s, play printed \"%s\"", kind_name(kind), printed);
    if (is_unusable == (strstr(said, "play: cannot write to standard output: ") == NULL))
        fail_msg("With %s as standard output, play said \"%s\"", kind_name(kind), said);
    if (status != (is_unusable ? 1 << 8 : 0))
        fail_msg("With %s as standard output, play ended with the wait status %d", kind_name(kind), status);
    if (!kind_is_unchanged(&output))
        fail_msg("play left %s with other flags than it had", kind_name(kind));
    kind_close(&output);
    kind_close(&err);
}

static void does_play_print_to_anything(void **state)
{
    for (enum kind kind = 0; kind < KINDS; kind++)
        if (kind_is_there(kind))
            try_kind(kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_play_print_to_anything)};

    unit_begin();
    return unit_run("standard", tests, sizeof tests / sizeof tests[0]);
}
