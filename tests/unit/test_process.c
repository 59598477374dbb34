/* test_process - are child processes started, watched and stopped as they should be? */
#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

#include "misbehave.h"
#include "player/process.h"
#include "player/text.h"

static const char *this_program; /* which is a server, too, if it has arguments */

struct stage {
    uv_loop_t loop;
    struct process *process;
    struct text output;
    bool is_freed;
};

static void on_output(struct process *process, const char *bytes, size_t size)
{
    struct stage *stage = process_owner(process);

    text_add(&stage->output, "%.*s", (int)size, bytes);
}

/* Runs a shell script to its end. */
static struct process *run(struct stage *stage, const char *script, struct process_options options)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};

    *stage = (struct stage){0};
    uv_loop_init(&stage->loop);
    options.arguments = arguments;
    options.on_output = on_output;
    options.owner = stage;
    stage->process = process_start(&stage->loop, &options);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_true(process_has_ended(stage->process));
    return stage->process;
}

static void on_freed(void *data)
{
    struct stage *stage = data;

    stage->is_freed = true;
}

static void end(struct stage *stage)
{
    process_free(stage->process, on_freed, stage);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_true(stage->is_freed);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    text_free(&stage->output);
}

static void test_outputs_and_exit_status(void **state)
{
    struct stage stage;
    struct process *process = run(&stage, "echo out; echo words >&2; exit 5", (struct process_options){0});

    assert_string_equal(stage.output.chars, "out\n");
    assert_string_equal(process_stderr(process).bytes, "words\n");
    assert_int_equal(process_exit_status(process), 5);
    assert_int_equal(process_signal(process), 0);
    assert_string_equal(process_describe_end(process), "exited with 5");
    assert_false(process_was_told(process));
    end(&stage);
}

static void test_signal(void **state)
{
    struct stage stage;
    struct process *process = run(&stage, "kill -PIPE $$", (struct process_options){0});

    assert_string_equal(process_describe_end(process), "was killed by signal 13 (SIGPIPE)");
    end(&stage);
}

/* We ignore SIGPIPE (unit_begin), and that must not be inherited: a server that forgot to ignore it has to show that. */
static void test_ignored_signals_are_not_inherited(void **state)
{
    struct stage stage;

    run(&stage, "kill -PIPE $$; echo survived", (struct process_options){0});
    assert_int_equal(stage.output.length, 0);
    end(&stage);
}

static void test_no_program(void **state)
{
    struct stage stage;
    struct process *process = run(&stage, "exec /nowhere/to/be/found", (struct process_options){0});

    assert_int_equal(process_exit_status(process), 127);
    assert_non_null(strstr(process_stderr(process).bytes, "not found"));
    end(&stage);
}

static void test_last_words_are_kept(void **state)
{
    struct stage stage;
    struct process *process =
        run(&stage, "i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done >&2", (struct process_options){0});
    const struct process_stderr words = process_stderr(process);

    assert_true(words.size >= 65536);
    assert_true(words.size < 300000);
    assert_int_equal(words.dropped + words.size, 70 + 720 + 8100 + 90000 + 330000);
    assert_string_equal(words.bytes + words.size - 11, "line 39999\n");
    end(&stage);
}

static void test_descriptors(void **state)
{
    struct stage stage;
    struct rlimit limit;
    char expected[64];

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    run(&stage, "ulimit -S -n; ulimit -H -n", (struct process_options){.descriptors = 40});
    assert_string_equal(stage.output.chars, "40\n40\n");
    end(&stage);
    run(&stage, "ulimit -S -n; ulimit -H -n", (struct process_options){.soft_descriptors = 50});
    snprintf(expected, sizeof expected, "50\n%llu\n", (unsigned long long)limit.rlim_max);
    if (limit.rlim_max != RLIM_INFINITY)
        assert_string_equal(stage.output.chars, expected);
    end(&stage);
}

static void stop_at_once(struct process *process)
{
    process_stop(process, 100);
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
    struct stage stage;

    struct process *process = run(&stage, ready, options);
    assert_true(process_is_ready(process));
    assert_true(process_was_told(process));
    assert_false(process_was_killed(process));
    assert_int_equal(process_signal(process), SIGTERM);
    end(&stage);

    process = run(&stage, deaf, options);
    assert_true(process_was_killed(process));
    assert_true(process_stop_time(process) >= 90000000u);
    assert_string_equal(process_describe_end(process), "had to be killed");
    end(&stage);

    options.on_ready = kill_at_once;
    process = run(&stage, deaf, options);
    assert_int_equal(process_signal(process), SIGKILL);
    end(&stage);
}

/* What if there is no descriptor left for its pipes? That is told as its end, and not before process_start() has returned. */
static void test_no_start(void **state)
{
    struct stage stage = {0};
    const char *const arguments[] = {"true", NULL};
    const struct process_options options = {.arguments = arguments, .readiness = PROCESS_READY_BY_LINE};
    struct rlimit limit;

    uv_loop_init(&stage.loop);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}), 0);
    stage.process = process_start(&stage.loop, &options);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(process_has_ended(stage.process));
    assert_int_equal(process_pid(stage.process), -1);
    process_stop(stage.process, 100);
    process_kill(stage.process);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    assert_true(process_has_ended(stage.process));
    assert_false(process_is_ready(stage.process) || process_was_told(stage.process));
    assert_string_equal(process_describe_end(stage.process), "could not be started: too many open files");
    end(&stage);
}

/* It listens only after a while, and says nothing. */
static void test_ready_by_port(void **state)
{
    struct stage stage;
    char script[256];
    const struct process_options options = {
        .readiness = PROCESS_READY_BY_PORT, .port = process_free_port(), .on_ready = stop_at_once};

    snprintf(script, sizeof script, "sleep 0.1; exec '%s' -p %d >/dev/null", this_program, options.port);
    const struct process *process = run(&stage, script, options);
    assert_true(process_is_ready(process));
    assert_int_equal(ntohs(((const struct sockaddr_in *)process_address(process))->sin_port), options.port);
    assert_int_equal(process_exit_status(process), 0);
    assert_int_equal(process_signal(process), 0);
    end(&stage);
}

static void test_not_ready_in_time(void **state)
{
    struct process_options options = {.readiness = PROCESS_READY_BY_LINE, .ready_limit_ms = 1000};
    struct stage stage;

    struct process *process = run(&stage, "echo listening somewhere; sleep 30", options);
    assert_false(process_is_ready(process));
    assert_int_equal(process_signal(process), SIGTERM);
    assert_string_equal(process_describe_end(process),
                        "did not say on standard output where it is listening within 1 s");
    end(&stage);
}

/* A server that writes more after that line, and behind it in the same write(). */
static void test_output_after_the_ready_line(void **state)
{
    struct stage stage;
    const struct process_options options = {.readiness = PROCESS_READY_BY_LINE};

    run(&stage, "printf 'soon\\nlistening on 127.0.0.1:1\\nmore\\n'; echo listening on 127.0.0.1:2", options);
    assert_string_equal(stage.output.chars, "more\nlistening on 127.0.0.1:2\n");
    assert_int_equal(ntohs(((const struct sockaddr_in *)process_address(stage.process))->sin_port), 1);
    end(&stage);
}

/* Somebody who holds our pipe open, in a session of its own, cannot keep us waiting for ever. */
static void test_outputs_held_open(void **state)
{
    struct stage stage;
    const uint64_t start = uv_hrtime();

    run(&stage, "setsid sleep 4 & exit 0", (struct process_options){0});
    assert_true(uv_hrtime() - start < 3000000000u);
    end(&stage);
}

static void test_wrapping(void **state)
{
    static const struct {
        const char *command, *wrapped;
    } cases[] = {
        {"python3 server.py 9000", "exec python3 server.py 9000"},
        {"server --x=1", "exec server --x=1"},
        {"X=1 server", "trap : TERM; X=1 server"},
        {"cd there && ./server", "trap : TERM; cd there && ./server"},
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
    struct sockaddr_storage address;

    assert_true(process_parse_ready("listening on 127.0.0.1:9000", &address));
    assert_int_equal(address.ss_family, AF_INET);
    assert_int_equal(ntohs(((struct sockaddr_in *)&address)->sin_port), 9000);
    assert_true(process_parse_ready("listening on [::1]:65535", &address));
    assert_int_equal(address.ss_family, AF_INET6);
    assert_int_equal(ntohs(((struct sockaddr_in6 *)&address)->sin6_port), 65535);
    assert_false(process_parse_ready("listening on 127.0.0.1:0", &address));
    assert_false(process_parse_ready("listening on 127.0.0.1:", &address));
    assert_false(process_parse_ready("listening on 127.0.0.1:80x", &address));
    assert_false(process_parse_ready("listening on :80", &address));
    assert_false(process_parse_ready("listening on localhost:80", &address));
    assert_false(process_parse_ready("Listening on 127.0.0.1:80", &address));
    assert_false(process_parse_ready("", &address));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_and_exit_status),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_ignored_signals_are_not_inherited),
        cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_last_words_are_kept),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_start),
        cmocka_unit_test(test_ready_by_port),
        cmocka_unit_test(test_not_ready_in_time),
        cmocka_unit_test(test_output_after_the_ready_line),
        cmocka_unit_test(test_outputs_held_open),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_ready_lines),
    };

    if (argc > 1)
        return misbehave("as it should", argc, argv);
    this_program = argv[0];
    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
