/* test_log - does a server say what it should, where it should, and as often as it should? */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>

#include "log.h"
#include "must.h"
#include "sockets.h"

/* Each test runs a short program (child.h), since what is logged goes to the standard outputs. */
static struct child child;

struct listener {
    int fd;
    bool verbose;
};

/* ---- The line that says "ready" ---- */

/* _exit() writes out nothing that is still buffered: the line must be there before. */
static int begin_and_vanish(const void *data)
{
    const struct listener *listener = data;

    _exit(announce_listening(listener->fd, listener->verbose) ? 0 : 1);
}

/* With -v too: standard output has one line only. */
static void is_the_ready_line_there_at_once(void **state)
{
    char line[128];

    for (int verbose = 0; verbose <= 1; verbose++) {
        const struct listener listener = {.fd = sockets_listen(), .verbose = verbose};
        snprintf(line, sizeof line, "listening on 127.0.0.1:%d\n", sockets_port(listener.fd));
        child_run(&child, begin_and_vanish, &listener, NULL);
        assert_child(verbose ? "the ready line with -v" : "the ready line", &child, 0, line, "");
        close(listener.fd);
    }
}

static int begin_without_output(const void *data)
{
    child_lose_output();
    return begin_and_vanish(data);
}

static void what_if_nobody_reads_the_ready_line(void **state)
{
    const struct listener listener = {.fd = sockets_listen()};

    child_run(&child, begin_without_output, &listener, NULL);
    assert_child("a ready line that cannot be written", &child, 1, "",
                 "server: cannot write to standard output: Broken pipe\n");
    close(listener.fd);
}

/* ---- What the calls meant ---- */

static int log_every_status(const void *data)
{
    const struct listener *listener = data;

    if (!announce_listening(listener->fd, listener->verbose))
        return 1;
    log_call("127.0.0.1:53122", "recv", success_of(6));
    log_call("127.0.0.1:53122", "send", only(IO_NO_DATA));
    log_call("127.0.0.1:53122", "recv", only(IO_TIMEOUT));
    log_call("[::1]:53123", "recv", only(IO_CONNECTION_CLOSED));
    log_call("[::1]:53124", "recv", error_of(ECONNRESET));
    log_accept(success_of(0));
    return 0;
}

static void is_every_call_said_with_v(void **state)
{
    const struct listener listener = {.fd = sockets_listen(), .verbose = true};

    child_run(&child, log_every_status, &listener, NULL);
    assert_status("a log with -v", &child, 0);
    assert_text("a log with -v", "standard error", child.err,
                "127.0.0.1:53122 recv SUCCESS 6 bytes\n"
                "127.0.0.1:53122 send NO_DATA\n"
                "127.0.0.1:53122 recv TIMEOUT\n"
                "[::1]:53123 recv CONNECTION_CLOSED\n"
                "[::1]:53124 recv ERROR Connection reset by peer (ECONNRESET)\n"
                "listener accept SUCCESS\n");
    close(listener.fd);
}

static void are_only_errors_said_without_v(void **state)
{
    const struct listener listener = {.fd = sockets_listen()};

    child_run(&child, log_every_status, &listener, NULL);
    assert_status("a log without -v", &child, 0);
    assert_text("a log without -v", "standard error", child.err,
                "[::1]:53124 recv ERROR Connection reset by peer (ECONNRESET)\n");
    close(listener.fd);
}

/* ---- accept() ---- */

#define OUT_OF_DESCRIPTORS "listener accept ERROR Too many open files (EMFILE)\n"

#define OUT_OF_FILES "listener accept ERROR Too many open files in system (ENFILE)\n"

enum { MAX_ACCEPTS = 6, END = -1 };

/* What accept() says, one time after the other, as errnos; 0: success. END ends it. */
static int accept_so(const void *errors)
{
    for (const int *error = errors; *error != END; error++) {
        if (*error == EAGAIN)
            log_accept(only(IO_NO_DATA));
        else if (*error == ETIMEDOUT)
            log_accept(only(IO_TIMEOUT));
        else
            log_accept(*error == 0 ? success_of(0) : error_of(*error));
    }
    return 0;
}

/* Only a descriptor that we got ends an error: that nobody waits for a moment is no success. */
static void is_an_error_that_lasts_said_once(void **state)
{
    static const struct {
        const char *what;
        int errors[MAX_ACCEPTS];
        const char *err;
    } rows[] = {
        {"accept() that fails three times, succeeds, and fails again",
         {EMFILE, EMFILE, EMFILE, 0, EMFILE, END},
         OUT_OF_DESCRIPTORS OUT_OF_DESCRIPTORS},
        {"the same error before and after a NO_DATA", {EMFILE, EAGAIN, EMFILE, END}, OUT_OF_DESCRIPTORS},
        {"the same error before and after a TIMEOUT", {EMFILE, ETIMEDOUT, EMFILE, END}, OUT_OF_DESCRIPTORS},
        {"accept() that fails in two ways", {EMFILE, ENFILE, ENFILE, END}, OUT_OF_DESCRIPTORS OUT_OF_FILES},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        child_run(&child, accept_so, rows[i].errors, NULL);
        assert_child(rows[i].what, &child, 0, "", rows[i].err);
    }
}

/* ---- Refusal ---- */

static int refuse(const void *data)
{
    log_refusal("127.0.0.1:53122", "no thread for it", ENOMEM);
    return 0;
}

static void does_a_refusal_say_who_and_why(void **state)
{
    child_run(&child, refuse, NULL, NULL);
    assert_child("a refusal", &child, 0, "",
                 "127.0.0.1:53122 closed: no thread for it: ERROR Cannot allocate memory (ENOMEM)\n");
}

static int say_what_happened(const void *data)
{
    log_event("127.0.0.1:53122", "process 4711", "was ended by signal 9 (Killed)");
    return 0;
}

static void does_an_event_say_to_whom(void **state)
{
    child_run(&child, say_what_happened, NULL, NULL);
    assert_child("an event", &child, 0, "", "127.0.0.1:53122 process 4711 was ended by signal 9 (Killed)\n");
}

/* ---- What if several processes speak at once? ---- */

enum { SPEAKERS = 8, LINES_EACH = 500 };

#define LONG_LINE                                                                                                      \
    "[::ffff:127.0.0.1]:53122 closed: no process for it, and none for others: ERROR No buffer space "                  \
    "available (ENOBUFS)\n"

static int speak_often(void)
{
    for (int i = 0; i < LINES_EACH; i++)
        log_refusal("[::ffff:127.0.0.1]:53122", "no process for it, and none for others", ENOBUFS);
    return 0;
}

/* Has all speak into the pipe `ends`, and ends the writing end when they are done. */
static void start_speakers(const int ends[2])
{
    for (int i = 0; i < SPEAKERS; i++) {
        const pid_t pid = fork();
        must(pid != -1, "fork");
        if (pid == 0) {
            signal(SIGALRM, SIG_DFL); /* the test's own would write to the same pipe */
            alarm(10);
            must(dup2(ends[1], STDERR_FILENO) != -1, "dup2");
            close(ends[0]);
            close(ends[1]);
            _exit(speak_often());
        }
    }
}

/* Each line must be whole: what the others write comes before it or after it. Those that were left out are no matter. */
static void do_lines_of_processes_stay_whole(void **state)
{
    char line[256];
    int ends[2], whole = 0, status;

    must(pipe(ends) == 0, "pipe");
    start_speakers(ends);
    close(ends[1]);
    FILE *reader = fdopen(ends[0], "r");
    must(reader != NULL, "fdopen");
    while (fgets(line, sizeof line, reader) != NULL) {
        if (strcmp(line, LONG_LINE) != 0 && strstr(line, " lines are left out here: nobody read them)\n") == NULL)
            fail_msg("%d processes logged the same line at once, and there was \"%s\": is each written in one piece?",
                     SPEAKERS, line);
        whole++;
    }
    assert_true(whole > SPEAKERS);
    fclose(reader);
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
}

/* A process that waits for a reader would serve nobody. */
static void what_if_nobody_reads_several_processes(void **state)
{
    int ends[2], status;

    must(pipe(ends) == 0, "pipe");
    start_speakers(ends);
    while (wait(&status) > 0)
        if (status != 0)
            fail_msg("%d processes log, and nobody reads it: one of them did not get on. Does it wait in write()?",
                     SPEAKERS);
    close(ends[0]);
    close(ends[1]);
}

/* ---- What if nobody reads it? ---- */

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Prints how many lines there are, those that were left out included, and what came when there was room again. */
static int speak_to_nobody(const void *data)
{
    static char said[1024 * 1024];
    unsigned long left_out = 0;
    int ends[2], end_of_note = 0;

    must(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) != -1, "pipe");
    for (int i = 0; i < 10000; i++) /* much more than a pipe holds */
        log_call("peer", "recv", error_of(ECONNRESET));
    must(read(ends[0], said, sizeof said - 1) > 0, "read");
    const size_t read_at_once = count_lines(said);
    memset(said, 0, sizeof said);
    log_call("peer", "recv", error_of(EPIPE));
    must(read(ends[0], said, sizeof said - 1) > 0, "read");
    // NOLINTNEXTLINE(cert-err34-c): our own number
    must(sscanf(said, "(%lu lines are left out here: nobody read them)\n%n", &left_out, &end_of_note) == 1, said);
    printf("%zu lines\n%s", read_at_once + left_out, said + end_of_note);
    return 0;
}

static void what_if_nobody_reads_stderr(void **state)
{
    child_run(&child, speak_to_nobody, NULL, NULL);
    assert_child("10,000 lines that nobody reads, and one more", &child, 0,
                 "10000 lines\npeer recv ERROR Broken pipe (EPIPE)\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_ready_line_there_at_once),
        cmocka_unit_test(what_if_nobody_reads_the_ready_line),
        cmocka_unit_test(is_every_call_said_with_v),
        cmocka_unit_test(are_only_errors_said_without_v),
        cmocka_unit_test(is_an_error_that_lasts_said_once),
        cmocka_unit_test(does_a_refusal_say_who_and_why),
        cmocka_unit_test(does_an_event_say_to_whom),
        cmocka_unit_test(do_lines_of_processes_stay_whole),
        cmocka_unit_test(what_if_nobody_reads_several_processes),
        cmocka_unit_test(what_if_nobody_reads_stderr),
    };

    unit_begin();
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
