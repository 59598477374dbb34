/* test_process - are child processes started, watched and stopped as they should be? */
#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "misbehave.h"
#include "player/process.h"
#include "player/text.h"

static const char *this_program; /* which is a server, too, if it has arguments */

/* The process of the present test. */
static struct stage {
    uv_loop_t loop;
    struct process *process;
    struct text output;
    bool is_freed;
} stage;

static void on_freed(void *data)
{
    stage.is_freed = true;
}

static int end(void **state)
{
    if (stage.process != NULL) {
        process_free(stage.process, on_freed, NULL);
        uv_run(&stage.loop, UV_RUN_DEFAULT);
        assert_true(stage.is_freed);
        assert_int_equal(uv_loop_close(&stage.loop), 0);
    }
    text_free(&stage.output);
    stage = (struct stage){0};
    return 0;
}

#define RUNNING(test) cmocka_unit_test_teardown(test, end)

static void on_output(struct process *process, const char *bytes, size_t size)
{
    text_add(&stage.output, "%.*s", (int)size, bytes);
}

/* Runs a shell script to its end, instead of the one before if a test runs several. */
static struct process_status run(const char *script, struct process_options options)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};

    end(NULL);
    uv_loop_init(&stage.loop);
    options.arguments = arguments;
    options.on_output = on_output;
    stage.process = process_start(&stage.loop, &options);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    const struct process_status status = process_status(stage.process);
    assert_true(status.has_ended);
    return status;
}

static const struct process_options plainly; /* no server, no limits */

static void test_outputs_and_exit_status(void **state)
{
    const struct process_status status = run("echo out; echo err >&2; exit 5", plainly);

    assert_string_equal(stage.output.chars, "out\n");
    assert_string_equal(process_stderr(stage.process).bytes, "err\n");
    assert_int_equal(status.exit_status, 5);
    assert_int_equal(status.signal, 0);
    assert_string_equal(process_describe_end(stage.process), "exited with 5");
    assert_false(status.was_told);
}

static void test_signal(void **state)
{
    assert_int_equal(run("kill -PIPE $$", plainly).signal, SIGPIPE);
    assert_string_equal(process_describe_end(stage.process), "was killed by signal 13 (SIGPIPE)");
}

/* We ignore SIGPIPE (unit_begin), and that must not be inherited: a server that forgot to ignore it has to show that. */
static void test_ignored_signals_are_not_inherited(void **state)
{
    run("kill -PIPE $$; echo survived", plainly);
    assert_int_equal(stage.output.length, 0);
}

static void test_no_program(void **state)
{
    assert_int_equal(run("exec /nowhere/to/be/found", plainly).exit_status, 127);
    assert_non_null(strstr(process_stderr(stage.process).bytes, "not found"));
}

static void test_the_end_of_stderr_is_kept(void **state)
{
    run("i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done >&2", plainly);
    const struct process_stderr err = process_stderr(stage.process);
    assert_in_range(err.size, 65536, 300000);
    assert_int_equal(err.dropped + err.size, 70 + 720 + 8100 + 90000 + 330000);
    assert_string_equal(err.bytes + err.size - 11, "line 39999\n");
}

static void test_descriptors(void **state)
{
    struct rlimit limit;
    char expected[64];

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    run("ulimit -S -n; ulimit -H -n", (struct process_options){.descriptors = 40});
    assert_string_equal(stage.output.chars, "40\n40\n");
    run("ulimit -S -n; ulimit -H -n", (struct process_options){.soft_descriptors = 50});
    snprintf(expected, sizeof expected, "50\n%llu\n", (unsigned long long)limit.rlim_max);
    if (limit.rlim_max != RLIM_INFINITY)
        assert_string_equal(stage.output.chars, expected);
}

static void stop_at_once(struct process *process)
{
    process_stop(process, SIGTERM, 100);
}

static void kill_at_once(struct process *process)
{
    process_kill(process);
}

static void test_stop(void **state)
{
    static const char ready[] = "echo listening on 127.0.0.1:1; while :; do sleep 0.01; done";
    static const char deaf[] = "trap '' TERM; echo listening on 127.0.0.1:1; while :; do sleep 0.01; done";
    struct process_options options = {.readiness = PROCESS_READY_BY_LINE, .on_ready = stop_at_once};

    struct process_status status = run(ready, options);
    assert_true(status.is_ready && status.was_told && !status.was_killed);
    assert_int_equal(status.signal, SIGTERM);

    status = run(deaf, options);
    assert_true(status.was_killed);
    assert_true(status.stop_time >= 90000000u);
    assert_string_equal(process_describe_end(stage.process), "had to be killed");

    options.on_ready = kill_at_once;
    assert_int_equal(run(deaf, options).signal, SIGKILL);
}

/* What if there is no descriptor left for its pipes? That is told as its end, and not before process_start() has returned. */
static void test_no_start(void **state)
{
    const char *const arguments[] = {"true", NULL};
    const struct process_options options = {.arguments = arguments, .readiness = PROCESS_READY_BY_LINE};
    struct rlimit limit;

    uv_loop_init(&stage.loop);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}), 0);
    stage.process = process_start(&stage.loop, &options);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(process_status(stage.process).has_ended);
    assert_int_equal(process_pid(stage.process), -1);
    process_stop(stage.process, SIGTERM, 100);
    process_kill(stage.process);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    const struct process_status status = process_status(stage.process);
    assert_true(status.has_ended && !status.is_ready && !status.was_told);
    assert_string_equal(process_describe_end(stage.process), "could not be started: too many open files");
}

static int listening_port(void)
{
    return ntohs(((const struct sockaddr_in *)process_address(stage.process))->sin_port);
}

/* Would the system give such a port to somebody's client? Is one that is taken left out? */
static void test_free_ports(void **state)
{
    long from = 32768, to = 60999; /* Linux's own: ip(7), ip_local_port_range */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int first = process_free_port(), fd = socket(AF_INET, SOCK_STREAM, 0);
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");

    if (range != NULL) {
        char line[64], *rest;
        assert_non_null(fgets(line, sizeof line, range));
        from = strtol(line, &rest, 10);
        to = strtol(rest, NULL, 10);
        fclose(range);
    }
    assert_true(first > 1023);
    if (from >= 32768 && (first >= from && first <= to))
        fail_msg("port %d is one of those that connect() may take, %ld to %ld", first, from, to);
    address.sin_port = htons((uint16_t)(first + 1));
    (void)bind(fd, (struct sockaddr *)&address, sizeof address); /* if it fails, the port is somebody else's */
    assert_int_not_equal(process_free_port(), first + 1);
    close(fd);
}

/* It listens only after a while, and says nothing. */
static void test_ready_by_port(void **state)
{
    char script[256];
    const struct process_options options = {
        .readiness = PROCESS_READY_BY_PORT, .port = process_free_port(), .on_ready = stop_at_once};

    snprintf(script, sizeof script, "sleep 0.1; exec '%s' -p %d >/dev/null", this_program, options.port);
    const struct process_status status = run(script, options);
    assert_true(status.is_ready);
    assert_int_equal(listening_port(), options.port);
    assert_int_equal(status.exit_status, 0);
    assert_int_equal(status.signal, 0);
}

static void test_not_ready_in_time(void **state)
{
    struct process_options options = {.readiness = PROCESS_READY_BY_LINE, .ready_limit_ms = 1000};

    const struct process_status status = run("echo listening somewhere; sleep 30", options);
    assert_false(status.is_ready);
    assert_int_equal(status.signal, SIGTERM);
    assert_string_equal(process_describe_end(stage.process),
                        "did not say on standard output where it is listening within 1 s");
}

/* A server that writes more after that line, and behind it in the same write(). */
static void test_output_after_the_ready_line(void **state)
{
    const struct process_options options = {.readiness = PROCESS_READY_BY_LINE};

    run("printf 'soon\\nlistening on 127.0.0.1:1\\nmore\\n'; echo listening on 127.0.0.1:2", options);
    assert_string_equal(stage.output.chars, "more\nlistening on 127.0.0.1:2\n");
    assert_int_equal(listening_port(), 1);
}

/* Somebody who holds our pipe open, in a session of its own, cannot keep us waiting for ever. */
static void test_outputs_held_open(void **state)
{
    const uint64_t start = uv_hrtime();

    run("setsid sleep 4 & exit 0", plainly);
    assert_true(uv_hrtime() - start < 3000000000u);
}

/* What it has started and left behind is killed, but not before it had a second; who makes use of that is not counted. */
static void test_who_is_left(void **state)
{
    if (access("/proc/self/stat", R_OK) != 0)
        skip();
    assert_int_equal(run("sleep 0.2 >/dev/null 2>&1 & exit 0", plainly).left, 0);
    assert_string_equal(process_describe_left(stage.process), "");
    assert_int_equal(run("(sleep 20 & sleep 20 &) >/dev/null 2>&1; exit 0", plainly).left, 2);
    const char *names = process_describe_left(stage.process);
    assert_true(strtol(names, NULL, 10) > 1);
    assert_non_null(strstr(names, " (sleep), "));
}

static void test_wrapping(void **state)
{
    static const struct {
        const char *command, *wrapped;
    } cases[] = {
        {"python3 server.py 9000", "exec python3 server.py 9000"},
        {"server --x=1", "exec server --x=1"},
        {"exec server", "exec server"},
        {"X=1 server", "trap : TERM INT; X=1 server"},
        {"cd there && ./server", "trap : TERM INT; cd there && ./server"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_wrapped;
        char *wrapped = process_wrap(cases[i].command, &is_wrapped);
        assert_string_equal(wrapped, cases[i].wrapped);
        assert_int_equal(is_wrapped, wrapped[0] == 't');
        free(wrapped);
    }
}

static void test_ready_lines(void **state)
{
    static const struct {
        const char *line, *host; /* NULL: not a ready line */
        int port;
    } rows[] = {
        {"listening on 127.0.0.1:9000", "127.0.0.1", 9000},
        {"listening on [::1]:65535", "::1", 65535},
        {"listening on 127.0.0.1:0", NULL, 0},
        {"listening on 127.0.0.1:", NULL, 0},
        {"listening on 127.0.0.1:80x", NULL, 0},
        {"listening on :80", NULL, 0},
        {"listening on localhost:80", NULL, 0},
        {"listening on 127.0.0.1:65536", NULL, 0},
        {"listening on 127.0.0.1:123456", NULL, 0},
        {"listening on 127.0.0.256:80", NULL, 0},
        {"listening on [::1:80", NULL, 0},
        {"listening on [127.0.0.1]:80", NULL, 0},
        {"Listening on 127.0.0.1:80", NULL, 0},
        {"", NULL, 0},
    };
    struct sockaddr_storage address;
    char host[INET6_ADDRSTRLEN];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (process_parse_ready(rows[i].line, &address) != (rows[i].host != NULL))
            fail_msg("\"%s\" %s", rows[i].line, rows[i].host != NULL ? "is a ready line" : "is no ready line");
        if (rows[i].host == NULL)
            continue;
        assert_int_equal(uv_ip_name((struct sockaddr *)&address, host, sizeof host), 0);
        assert_text(rows[i].line, "the address", host, rows[i].host);
        assert_int_equal(ntohs(((struct sockaddr_in *)&address)->sin_port), rows[i].port); /* IPv6: at the same place */
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUNNING(test_outputs_and_exit_status),
        RUNNING(test_signal),
        RUNNING(test_ignored_signals_are_not_inherited),
        RUNNING(test_no_program),
        RUNNING(test_the_end_of_stderr_is_kept),
        RUNNING(test_descriptors),
        RUNNING(test_stop),
        RUNNING(test_no_start),
        cmocka_unit_test(test_free_ports),
        RUNNING(test_ready_by_port),
        RUNNING(test_not_ready_in_time),
        RUNNING(test_output_after_the_ready_line),
        RUNNING(test_outputs_held_open),
        RUNNING(test_who_is_left),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_ready_lines),
    };

    if (argc > 1)
        return misbehave("as it should", argc, argv);
    this_program = argv[0];
    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
