/* child - see child.h */
#include "child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"
#include "pty.h"

struct ends {
    int input; /* what the child reads, */
    FILE *output; /* where it writes, */
    int err; /* where it complains: */
    FILE *file; /* a file, */
    int terminal; /* or a terminal of which we hold this end; otherwise -1 */
};

static int pipe_with(const char *input)
{
    const size_t size = input == NULL ? 0 : strlen(input);
    int ends[2];

    must(pipe(ends) == 0, "pipe");
    must(write(ends[1], input == NULL ? "" : input, size) == (ssize_t)size, "write to a pipe");
    close(ends[1]);
    return ends[0];
}

static FILE *temporary_file(void)
{
    FILE *file = tmpfile();

    must(file != NULL, "tmpfile");
    return file;
}

static _Noreturn void be_the_child(const struct ends *ends, int (*program)(const void *data), const void *data)
{
    must(dup2(ends->input, STDIN_FILENO) != -1 && dup2(fileno(ends->output), STDOUT_FILENO) != -1 &&
             dup2(ends->err, STDERR_FILENO) != -1,
         "dup2");
    alarm(60); /* it is not inherited */
    exit(program(data));
}

/* Reads what was written to `file`, and closes it. */
static void read_file(FILE *file, char text[CHILD_TEXT_SIZE])
{
    rewind(file);
    text[fread(text, 1, CHILD_TEXT_SIZE - 1, file)] = '\0';
    fclose(file);
}

/* Reads what the terminal shows until the child ends, which alone has it open: then read() fails with EIO. */
static void read_terminal(int terminal, char text[CHILD_TEXT_SIZE])
{
    size_t size = 0;
    ssize_t n;

    while (size < CHILD_TEXT_SIZE - 1 && (n = read(terminal, text + size, CHILD_TEXT_SIZE - 1 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    close(terminal);
}

static int status_of(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        must(errno == EINTR, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void run(struct child *child, struct ends *ends, int (*program)(const void *data), const void *data)
{
    must(fflush(NULL) == 0, "fflush"); /* or the child would write what is buffered a second time */
    const pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0)
        be_the_child(ends, program, data);
    close(ends->input);
    if (ends->terminal != -1) {
        close(ends->err);
        read_terminal(ends->terminal, child->err);
    }
    child->status = status_of(pid);
    read_file(ends->output, child->output);
    if (ends->file != NULL)
        read_file(ends->file, child->err);
}

void child_run(struct child *child, int (*program)(const void *data), const void *data, const char *input)
{
    struct ends ends = {
        .input = pipe_with(input), .output = temporary_file(), .file = temporary_file(), .terminal = -1};

    ends.err = fileno(ends.file);
    run(child, &ends, program, data);
}

bool child_run_on_terminal(struct child *child, int (*program)(const void *data), const void *data, const char *input)
{
    int terminal, err;

    if (openpty(&terminal, &err, NULL, NULL, NULL) == -1)
        return false;
    struct ends ends = {.input = pipe_with(input), .output = temporary_file(), .err = err, .terminal = terminal};
    run(child, &ends, program, data);
    return true;
}

void child_lose_output(void)
{
    int ends[2];

    must(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) != -1, "a pipe for standard output");
    close(ends[0]);
    close(ends[1]);
}
