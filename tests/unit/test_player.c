/*
 * test_player - does the player tell right from wrong?
 *
 * Each test plays a few lines against a server or client that misbehaves in one known way. It is this very program: started
 * with MISBEHAVIOUR in its environment, it is the server (or client) of that name instead of the tests.
 */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "misbehave.h"
#include "player/backlog.h"
#include "player/player.h"
#include "player/proc.h"
#include "player/script.h"
#include "player/text.h"
#include "sockets.h"

enum { STALL_MS = 400 };

static const char *program; /* our own path */

/* ---- Playing ---- */

/* The play of the present test. */
static struct stage {
    uv_loop_t loop;
    struct script *script;
    struct play *play;
    bool is_done;
} stage;

static int end(void **state)
{
    if (stage.play != NULL)
        play_free(stage.play);
    script_free(stage.script);
    stage = (struct stage){0};
    return 0;
}

#define PLAYING(test) cmocka_unit_test_teardown(test, end)

static void on_done(struct play *play, void *data)
{
    stage.is_done = true;
}

static void run_loop(void)
{
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    assert_true(stage.is_done);
    assert_int_equal(uv_loop_close(&stage.loop), 0); /* no handle and no request is left */
}

/* The lines themselves, or the path of a file. */
static struct script *script_of(const char *how, const char *source)
{
    const enum script_kind kind = strncmp(how, "client", 6) == 0 ? SCRIPT_FOR_CLIENTS : SCRIPT_FOR_SERVERS;
    char error[200];
    struct script *script = strncmp(source, "tests/", strlen("tests/")) == 0
                                ? script_read(source, error, sizeof error)
                                : script_parse("test.script", kind, source, error, sizeof error);

    if (script == NULL)
        fail_msg("%s", error);
    return script;
}

/* Instead of the play before, if a test plays several. */
static void begin(const char *how, const char *source, struct play_options options)
{
    end(NULL);
    stage.script = script_of(how, source);
    setenv("MISBEHAVIOUR", how, 1);
    options.program = program;
    options.on_done = on_done;
    options.stop_ms = options.stop_ms > 0 ? options.stop_ms : 2000;
    uv_loop_init(&stage.loop);
    stage.play = play_start(&stage.loop, stage.script, &options);
}

/* `limit_ms`: 0 where nothing stalls, so that a slow machine has the time it needs. */
static const struct play_result *play(const char *how, const char *source, uint64_t limit_ms)
{
    begin(how, source, (struct play_options){.limit_ms = limit_ms});
    run_loop();
    return play_result(stage.play);
}

/* Compares what the result says, but not what is NULL here. `line`: of the script, 0 if it is about none. */
static void assert_result(const char *how, enum play_outcome outcome, int line, const char *problem,
                          const char *expected, const char *came)
{
    const struct play_result *result = play_result(stage.play);
    const int is_line = result->step != -1 ? stage.script->steps[result->step].line : 0;

    if (result->outcome != outcome)
        fail_msg("%s: %s instead of %s; %s; %s", how, play_outcome_name(result->outcome), play_outcome_name(outcome),
                 result->problem, result->said);
    if (is_line != line)
        fail_msg("%s: in line %d instead of %d; %s", how, is_line, line, result->problem);
    if (problem != NULL)
        assert_text(how, "the problem", result->problem, problem);
    if (expected != NULL)
        assert_text(how, "what was expected", result->expected, expected);
    if (came != NULL)
        assert_text(how, "what came", result->came, came);
}

static void assert_begins(const char *text, const char *beginning)
{
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" should begin with \"%s\"", text, beginning);
}

static void fails(const char *how, const char *source, int line, const char *problem, const char *expected,
                  const char *came)
{
    play(how, source, 0);
    assert_result(how, PLAY_FAILS, line, problem, expected, came);
}

static void stalls(const char *how, const char *source, int line, const char *expected, const char *came)
{
    play(how, source, STALL_MS);
    assert_result(how, PLAY_STALLS, line, NULL, expected, came);
}

static void passes(const char *how, const char *source)
{
    play(how, source, 0);
    assert_result(how, PLAY_PASSES, 0, "", "", "");
}

#define HELLO "A connect\nA send \"hello\"\nA expect \"HELLO\"\n"

/* ---- What if the server is right? ---- */

static void test_right_server_passes(void **state)
{
    passes("right", HELLO);
    assert_begins(play_result(stage.play)->ended, "the server exited with 0, ");
    passes("right", HELLO "A half-close\nA expect closed\nA close\n" HELLO "A reset\n");
    passes("right", "A connect\nA send 1 MiB\nA expect everything\nA half-close\nA expect closed\n");
    passes("right", "A connect\nA send 300 bytes in pieces of 7 bytes every 1ms\nA expect everything\n");
    passes("right", "A connect\nA expect nothing for 50ms\nA send \"x\"\nA expect \"X\"\n");
    passes("right", "A connect\nA stop reading\nA send 16 MiB\nA wait 50ms\nA read on\nA expect everything\n");
    passes("right", "A connect\nA stop reading\nA send 16 MiB\nA half-close\nA wait 20ms\nA reset\nsync\nB connect\n"
                    "B send \"b\"\nB expect \"B\"\n");
    passes("right", HELLO "sync\nserver rests 100ms\nsync\nserver stops within 1s\nsync\nA expect closed\n");
}

static void test_phases_and_names_are_in_order(void **state)
{
    static const char source[] = "A connect\nB connect\nB wait 50ms\nsync\nA send \"a\"\nA expect \"A\"\n";
    const int step_of_wait = 2, step_of_send = 3;
    uint64_t end_of_wait = 0, begin_of_send = 0;
    size_t count;

    assert_int_equal(play("right", source, 0)->outcome, PLAY_PASSES);
    const struct play_event *events = play_events(stage.play, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || events[i].time >= events[i - 1].time);
        if (events[i].kind == PLAY_STEP_ENDS && events[i].step == step_of_wait)
            end_of_wait = events[i].time;
        if (events[i].kind == PLAY_STEP_BEGINS && events[i].step == step_of_send)
            begin_of_send = events[i].time;
    }
    assert_true(end_of_wait >= 49000000u);
    assert_true(begin_of_send >= end_of_wait);
}

static void test_events_tell_the_whole_story(void **state)
{
    static const enum play_event_kind story[] = {
        PLAY_STARTED,     PLAY_READY, /* the server */
        PLAY_STEP_BEGINS, PLAY_CONNECTING, PLAY_WAITING, PLAY_CONNECTED, PLAY_STEP_ENDS, /* connect */
        PLAY_STEP_BEGINS, PLAY_STEP_ENDS, /* send */
        PLAY_STEP_BEGINS, PLAY_WAITING,    PLAY_SENT,    PLAY_RECEIVED,  PLAY_STEP_ENDS, /* expect */
        PLAY_TOLD_TO_END, PLAY_CLOSED,     PLAY_EXITED};
    size_t count;

    play("right", HELLO, 0);
    const struct play_event *events = play_events(stage.play, &count);
    assert_int_equal(count, sizeof story / sizeof story[0]);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(events[i].kind, story[i]);
    assert_int_equal(events[12].result.bytes, 5);
    assert_int_equal(events[13].result.status, IO_SUCCESS);
    assert_int_equal(events[13].result.bytes, 5);
}

/* ---- What if its bytes are wrong? ---- */

static void test_wrong_bytes_fail(void **state)
{
    fails("same case", HELLO, 3, "byte 0 of the answer should be 'H' and is 'h'", "\"HELLO\" within 10 s", "nothing");
    fails("one wrong byte", HELLO, 3, "byte 4 of the answer should be 'O' and is 0x00", NULL, "4 bytes: \"HELL\"");
    fails("doubles", HELLO "A wait 2s\n", 4, "the answer should end after 5 bytes, but 'H' follows", "", NULL);
    fails("greets", "A connect\nA wait 2s\n", 2, "the answer should end after 0 bytes, but 'w' follows", "", NULL);
    fails("says goodbye", HELLO "A half-close\nA expect closed\n", 5,
          "the answer should end after 5 bytes, but 'b' follows", NULL, NULL);
    fails("one wrong byte", "A connect\nA send 1 MiB\nA expect everything\n", 3, NULL,
          "everything: 1048576 bytes within 10 s", NULL);
}

/* Plays a script that the parser refuses to read: the step expects no more than `size` bytes of what comes. */
static void fails_with_less(const char *how, const char *source, int step, size_t size, const char *problem)
{
    begin(how, source, (struct play_options){0});
    stage.script->steps[step].sizes[0] = size;
    run_loop();
    assert_result(how, PLAY_FAILS, 0, problem, NULL, NULL);
}

static void test_bytes_that_no_step_expected_fail(void **state)
{
    fails_with_less("right", HELLO "A send \"abc\"\nA expect \"ABC\"\n", 4, 1,
                    "at the end A had received more than any step expected: 2 bytes: \"BC\"");
    fails("right", "A connect\nA send \"abc\"\nA wait 100ms\nA expect nothing for 100ms\nA reset\n", 4,
          "something came where nothing should have come", "nothing for 100 ms", "3 bytes: \"ABC\"");
}

static void test_missing_bytes_stall(void **state)
{
    stalls("drops", HELLO, 3, "\"HELLO\" within 400 ms", "4 bytes: \"HELL\"");
    stalls("drops", "A connect\nA send \"hello\"\nA expect everything within 90ms\n", 3,
           "everything: 5 bytes within 90 ms", "4 bytes: \"HELL\"");
    stalls("never closes", HELLO "A half-close\nA expect closed\n", 5, "the orderly end of the stream within 400 ms",
           "nothing");
    stalls("right", HELLO "A expect reset\n", 4, "a reset of the connection within 400 ms", "nothing");
    stalls("right", HELLO "sync\nB connect\nB send \"b\"\nB expect \"B\"\n", 7, "\"B\" within 400 ms", "nothing");
}

/* ---- What if the connection ends? ---- */

static void test_early_end_fails(void **state)
{
    fails("closes", HELLO, 3, "the connection was closed too early", NULL, "nothing, then CONNECTION_CLOSED");
    fails("closes in the middle", HELLO, 3, "the connection was closed too early", NULL,
          "2 bytes: \"HE\", then CONNECTION_CLOSED");
    fails("resets", HELLO, 3, "the connection was reset", NULL,
          "nothing, then ERROR Connection reset by peer (ECONNRESET)");
    fails("resets", "A connect\nA send \"hello\"\nA wait 50ms\nA expect nothing for 50ms\nA reset\n", 4,
          "the connection was reset", NULL, NULL);
    fails("closes at once", "A connect\nA wait 50ms\nA send \"x\"\nA expect \"X\"\n", 3,
          "A cannot send, its connection has ended before: CONNECTION_CLOSED", NULL, NULL);
    fails("right", "A connect\nA expect nothing for 30ms\nA half-close\nA expect nothing for 90ms\nA close\n", 4,
          "the connection was closed too early", NULL, NULL);
}

/* How many such events of `actor` there are. */
static size_t count_events(enum play_event_kind kind, int actor)
{
    size_t count, found = 0;
    const struct play_event *events = play_events(stage.play, &count);

    for (size_t i = 0; i < count; i++)
        found += events[i].kind == kind && events[i].actor == actor;
    return found;
}

/* What if the others shall go on when one has lost its connection, or waits in vain? Then it drops out, and its end is told. */
static void test_others_go_on_without_one(void **state)
{
    static const char source[] =
        HELLO "A send \"more\"\nA expect \"MORE\"\nsync\nB connect\nB send \"b\"\nB expect \"B\"\n";
    const struct play_options options = {.others_go_on = true, .limit_ms = STALL_MS};
    enum { A, B };

    begin("closes in the middle", source, options);
    run_loop();
    assert_result("closes in the middle", PLAY_PASSES, 0, "", "", "");
    assert_int_equal(count_events(PLAY_FAILED, A), 1);
    assert_int_equal(count_events(PLAY_CONNECTED, B), 1);
    begin("drops", source, options);
    run_loop();
    assert_result("drops", PLAY_PASSES, 0, "", "", "");
    assert_int_equal(count_events(PLAY_STALLED, A), 1);
    assert_int_equal(count_events(PLAY_STEP_BEGINS, A), 3); /* to send more is no longer tried */
    assert_int_equal(count_events(PLAY_STALLED, B), 1);
    begin("same case", source, options);
    run_loop();
    assert_result("same case", PLAY_FAILS, 3, "byte 0 of the answer should be 'H' and is 'h'", NULL, NULL);
}

static void test_the_kind_of_end_matters(void **state)
{
    passes("resets", "A connect\nA send \"x\"\nA expect reset\n");
    passes("closes at once", "A connect\nA expect closed\n");
    passes("closes at once", "A connect\nA wait 50ms\nA expect closed\nA close\n");
    fails("resets", "A connect\nA send 64 KiB\nA wait 50ms\nA half-close\nA expect everything\nA expect closed\n", 5,
          NULL, NULL, NULL);
    fails("closes at once", "A connect\nA expect reset\n", 2,
          "the connection was closed in an orderly way instead of reset", NULL, NULL);
}

/* ---- What if the server itself goes wrong? ---- */

static void test_death_is_named_first(void **state)
{
    assert_begins(play("dies", HELLO, 0)->problem, "the server was killed by signal 9 (SIGKILL)");
    assert_result("dies", PLAY_FAILS, 3, NULL, NULL, NULL);
    assert_begins(play("dies of SIGPIPE", HELLO, 0)->problem, "the server was killed by signal 13 (SIGPIPE)");
    assert_begins(play("exits", HELLO, 0)->problem, "the server exited with 3");
    fails("exits with 0", "A connect\nA send \"x\"\nA stop reading\nA wait 2s\nA reset\n", 4,
          "the server exited with 0 in the middle of the conversation", NULL, NULL);
}

/* It rests until then. With somebody who still holds its standard error, its end is told a second later. */
static void test_death_is_no_lack_of_rest(void **state)
{
    static const char *const ways[] = {"dies at rest", "dies at rest before its child"};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        fails(ways[i], "server rests 4s\n", 1,
              "the server was killed by signal 14 (SIGALRM) in the middle of the conversation",
              "4000 ms in which it is busy for less than 20 % within 14 s", "it was killed by signal 14 (SIGALRM)");
}

static void test_bad_start_is_told(void **state)
{
    fails("does not start", HELLO, 0, "the server cannot be started: it exited with 1", NULL, NULL);
    assert_text("does not start", "what it said", play_result(stage.play)->said, "server: no idea how\n");
}

static void test_bad_stop_fails(void **state)
{
    fails("exits wrongly", HELLO, 0, "the server should end on SIGTERM with exit status 0, but it exited with 7", "",
          "");
    fails("has no handler", HELLO, 0,
          "the server should end on SIGTERM with exit status 0, but it was killed by signal 15 (SIGTERM)", "", "");
    fails("is deaf", "server stops within 100ms\n", 1,
          "the server should exit with 0 after SIGTERM, but it had to be killed",
          "exit status 0 after SIGTERM within 100 ms", "it had to be killed");
    fails("has no handler", "server stops\n", 1, NULL, NULL, "it was killed by signal 15 (SIGTERM)");
}

static void play_deaf(const char *source)
{
    begin("is deaf", source, (struct play_options){.limit_ms = 100, .stop_ms = 100});
    run_loop();
}

/* What if B must wait for longer than usual, but only until the server is done with A, who gets on? B waits on. */
static void test_who_waits_for_others_does_not_stall(void **state)
{
    play("right",
         "A connect\nA send 10 bytes in pieces of 1 byte every 60ms\nA expect everything\nA half-close\n"
         "A expect closed\nB connect\nB send \"b\"\nB expect \"B\"\n",
         300);
    assert_result("one at a time", PLAY_PASSES, 0, "", NULL, NULL);
    assert_int_equal(play("right", "A connect\nsync\nB connect\nB send \"b\"\nB expect \"B\"\n", 300)->outcome,
                     PLAY_STALLS);
}

/* Byte by byte, each of them well before a step's time is up. */
static void test_who_is_always_late_stalls(void **state)
{
    static const char source[] = "A connect\nA wait 100ms\nA send \"0123456789\" in pieces of 1 byte every 10ms\n"
                                 "A expect \"0\" within 1s\nA send 1 KiB\nA expect everything\n";

    begin("trickles", source, (struct play_options){.script_limit_ms = 300});
    run_loop();
    assert_result("trickles", PLAY_STALLS, 6, "the server is too slow: after 1501 ms the script is not done",
                  "everything: 1033 bytes", NULL);
}

/* Then A waits for the answer already. */
static void sleep_when_all_is_sent(struct play *play, const struct play_event *event, void *data)
{
    const struct timespec nap = {.tv_nsec = 300000000};

    if (event->kind == PLAY_SENT)
        nanosleep(&nap, NULL);
}

/* The answer is there when the step's time is up, but the player has not looked. */
static void test_a_player_that_gets_no_core_accuses_nobody(void **state)
{
    begin("right", "A connect\nA send \"hello\"\nA expect \"HELLO\" within 200ms\n",
          (struct play_options){.on_event = sleep_when_all_is_sent});
    run_loop();
    assert_result("right", PLAY_PASSES, 0, "", "", "");
}

static void test_stalled_server_must_stop_too(void **state)
{
    static const char problem[] = "the server should end on SIGTERM with exit status 0, but it had to be killed";
    char and_stalled[150];

    snprintf(and_stalled, sizeof and_stalled, "%s (and it had stalled before)", problem);
    play_deaf(HELLO);
    assert_result("deaf", PLAY_FAILS, 0, problem, NULL, NULL);
    play_deaf(HELLO "A expect closed\n");
    assert_result("deaf", PLAY_FAILS, 4, and_stalled, NULL, NULL);
}

static void test_sanitizer_report_fails(void **state)
{
    fails("reports", HELLO, 0, "a sanitizer reports an error of the server", "", "");
}

static void test_spinning_is_no_rest(void **state)
{
    static const char never[] = "it never rested: it was busy for ";
    const char *came =
        play("spins", "A connect\nA stop reading\nA send \"x\"\nA wait 50ms\nsync\nserver rests 200ms\n", 300)->came;

    assert_result("spins", PLAY_STALLS, 6, NULL, "200 ms in which it is busy for less than 20 % within 500 ms", NULL);
    assert_begins(came, never);
    assert_true(strtol(came + strlen(never), NULL, 10) > 20);
}

#define SENDS_MUCH "A connect\nA stop reading\nA send 64 MiB\n"

static void test_stuck_is_who_has_more_than_is_taken(void **state)
{
    passes("right", SENDS_MUCH "A is stuck for 300ms\nA read on\nA expect everything\n");
    passes("right", SENDS_MUCH "A is stuck for 300ms within 5s\nA is stuck for 50ms\nA half-close\n"
                               "A is stuck for 50ms\nA reset\n");
    stalls("right", SENDS_MUCH "A is stuck for 2s within 100ms\n", 4, "2000 ms in which nothing is taken within 100 ms",
           NULL);
}

static void test_who_is_rid_of_everything_is_not_stuck(void **state)
{
    static const char kept[] = "everything was taken: the server keeps what it cannot send, or loses it";
    static const char expected[] = "400 ms in which nothing is taken";

    fails("keeps everything", SENDS_MUCH "A is stuck for 400ms\n", 4, kept, expected, "nothing");
    fails("keeps everything", SENDS_MUCH "A wait 500ms\nA is stuck for 400ms\n", 5, kept, expected, "nothing");
    fails("keeps everything", "A connect\nA send 64 MiB\nA is stuck for 400ms\nA reset\n", 3,
          "everything was taken: there is nothing more to be stuck with", expected, "nothing");
    /* It may well take none for a while. */
    fails("naps", SENDS_MUCH "A is stuck for 400ms\n", 4, kept, expected, "nothing");
    /* Here A itself does, between two pieces. */
    fails("keeps everything",
          "A connect\nA stop reading\nA send 64 MiB in pieces of 32 MiB every 600ms\nA is stuck for 200ms\n", 4, kept,
          NULL, "nothing");
    fails("resets", SENDS_MUCH "A is stuck for 400ms\n", 4, NULL, expected, NULL);
}

static void test_what_a_server_says(void **state)
{
    passes("reports nothing", HELLO);
    fails("reports", "server says \"nothing\" or \"undefined\"\nserver says \"something\" within 200ms\n", 2, NULL,
          NULL, "nothing of the kind");
}

/* ---- What only many clients, much time or a second start show ---- */

static void test_wrong_servers_are_caught_by_the_suite(void **state)
{
    static const struct {
        const char *how, *source, *problem, *came; /* NULL: any */
        enum play_outcome outcome;
        bool is_about_size; /* which is not known everywhere */
    } rows[] = {
        {"remembers everything", "tests/scripts/servers/rest-after-stuck.script",
         "memory is left over: ended threads that nobody joins, what a client needed that has left, or what was "
         "received long ago",
         NULL, PLAY_FAILS, true},
        {"leaks memory", "tests/scripts/servers/churn.script", NULL, NULL, PLAY_FAILS, true},
        {"leaves threads", "tests/scripts/servers/churn.script",
         "threads are left over: they do not end when their clients have left", "1201 threads more", PLAY_FAILS, true},
        {"never joins", "tests/scripts/servers/churn.script", NULL, NULL, PLAY_FAILS, true},
        {"answers a thousand", "tests/scripts/servers/churn.script", NULL, "nothing", PLAY_STALLS, false},
        {"is late", "tests/scripts/servers/ping-pong.script",
         "the server is too slow: after 800 ms the script is not done", NULL, PLAY_STALLS, false},
        {"has Nagle on", "tests/scripts/servers/ping-pong.script",
         "the server is too slow: after 800 ms the script is not done", NULL, PLAY_STALLS, false},
        {"drops a byte at 4,096", "tests/scripts/servers/ping-pong.script", NULL, NULL, PLAY_STALLS, false},
        {"sets no SO_REUSEADDR", "tests/scripts/servers/start-again.script",
         "the server cannot be started again at its port: it exited with 1. Connections that it had closed are still "
         "in TIME_WAIT there; with SO_REUSEADDR it may listen all the same",
         NULL, PLAY_FAILS, false},
        {"ignores SIGINT", "tests/scripts/servers/start-again.script",
         "the server should exit with 0 after SIGINT, but it had to be killed", "it had to be killed", PLAY_FAILS,
         false},
    };
    struct proc_size size;
    const bool is_size_known = proc_family_size(getpid(), &size) && !size.is_instrumented;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is_about_size && !is_size_known)
            continue;
        begin(rows[i].how, rows[i].source, (struct play_options){.limit_ms = STALL_MS});
        if (stage.script->time_ms > 0)
            stage.script->time_ms = 800; /* it would be over by then, too, if the server were right */
        run_loop();
        const struct play_result *result = play_result(stage.play);
        if (result->outcome != rows[i].outcome)
            fail_msg("%s: %s", rows[i].how, result->problem);
        if (rows[i].problem != NULL)
            assert_text(rows[i].how, "the problem", result->problem, rows[i].problem);
        if (rows[i].came != NULL)
            assert_text(rows[i].how, "what came", result->came, rows[i].came);
    }
}

/* Of the server's time in a script, only that in which it rests is limited: it may work, or wait for a core. */
static void test_who_thinks_is_not_late(void **state)
{
    uint64_t busy;

    play("is late", "limit time 150ms\n" HELLO, 0);
    assert_result("is late", PLAY_STALLS, 4, "the server is too slow: after 150 ms the script is not done", "\"HELLO\"",
                  "nothing");
    if (proc_family_busy_time(getpid(), &busy))
        passes("thinks", "limit time 150ms\n" HELLO);
}

static void test_stop_and_start_again(void **state)
{
    passes("right", HELLO "sync\nserver stops on SIGINT\nsync\nA expect closed\nA close\nsync\nserver starts again\n"
                          "sync\n" HELLO "sync\nserver stops within 1s\nsync\nserver starts again\n");
    fails("is deaf", "server stops on SIGINT\nserver starts again\nserver stops within 100ms\n", 3,
          "the server should exit with 0 after SIGTERM, but it had to be killed", NULL, NULL);
}

/* ---- Somebody else's server ---- */

static const struct play_result *play_command(const char *how, const char *format, const char *source)
{
    struct text command = {0};

    text_add(&command, format, program);
    begin(how, source, (struct play_options){.command = command.chars});
    run_loop();
    text_free(&command);
    return play_result(stage.play);
}

/* Its SIGTERM may be the end of it, but not where the script asks for more; also behind a shell. */
static void test_foreign_server(void **state)
{
    static const struct {
        const char *how, *command, *source;
        const char *problem; /* "": it passes */
    } rows[] = {
        {"right", "%s -p {port}", HELLO, ""},
        {"has no handler", "%s -p {port}", HELLO, ""},
        {"has no handler", "true; %s -p {port}", HELLO, ""},
        {"has no handler", "%s -p {port}", "server stops\n",
         "the server should exit with 0 after SIGTERM, but it was killed by signal 15 (SIGTERM)"},
        {"exits wrongly", "X=1 %s -p {port}", HELLO,
         "the server should end on SIGTERM with exit status 0, but it exited with 7"},
        {"", "echo %s has no port {port} >&2; exit 5", HELLO, "the server cannot be started: it exited with 5"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct play_result *result = play_command(rows[i].how, rows[i].command, rows[i].source);
        assert_text(rows[i].command, "the problem", result->problem, rows[i].problem);
        assert_int_equal(result->outcome, rows[i].problem[0] == '\0' ? PLAY_PASSES : PLAY_FAILS);
    }
}

/* ---- What if there are several processes? ---- */

/* What is said of several processes, without their numbers. Overwritten by the next call. */
static const char *without_numbers(const char *problem)
{
    static char text[200];
    size_t length = 0;

    for (; *problem != '\0' && length < sizeof text - 1; problem++)
        if (strchr("0123456789", *problem) == NULL)
            text[length++] = *problem;
    text[length] = '\0';
    return text;
}

static bool are_families_known(void)
{
    struct proc_member *family;
    const size_t count = proc_family(getpid(), &family);

    free(family);
    return count > 0;
}

#define TWO_CLIENTS "A connect\nA send \"a\"\nA expect \"A\"\nB connect\nB send \"b\"\nB expect \"B\"\n"
#define LEAVES "A half-close\nA expect closed\n"
#define RESTS "sync\nserver rests 100ms\n"

/* Is the right process told to end, also behind what people start their servers with? The others must not be counted. */
static void test_right_families_pass(void **state)
{
    static const char *const commands[] = {"%s -p {port}", "timeout 60 %s -p {port}", "sh -c '%s -p {port}; true'",
                                           "%s -p {port}; true", "sleep 60 & %s -p {port}",
                                           /* the first SIGTERM is lost here, as in a shell's child that is just born */
                                           "sh -c 'trap : TERM; sleep 60; exec sleep 60' & %s -p {port}"};
    static const char *const sources[] = {TWO_CLIENTS RESTS "sync\n" LEAVES,
                                          TWO_CLIENTS "sync\nserver stops within 1s\n"};

    if (!are_families_known())
        skip();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        for (size_t k = 0; k < sizeof sources / sizeof sources[0]; k++)
            assert_text(commands[i], "the problem", play_command("forks", commands[i], sources[k])->problem, "");
}

static void test_wrong_families_fail(void **state)
{
    static const char left[] =
        " of the server's processes were still there  s after it had ended:  (test_player),  (test_player)";
    static const struct {
        const char *how, *command, *source;
        const char *problem; /* without numbers */
    } rows[] = {
        {"forks and tells nobody", "timeout 60 %s -p {port}", TWO_CLIENTS, left},
        /* The second child is that of the player's look at the port. */
        {"forks and children keep the listener", "%s -p {port}", HELLO LEAVES, left},
        {"forks and leaves zombies", "sh -c '%s -p {port}; true'", HELLO LEAVES RESTS,
         "the server does not wait for its children:  zombies,  (test_player),  (test_player)"},
        {"forks and children spin", "%s -p {port}; true", HELLO "A half-close\nsync\nserver rests 100ms within 300ms\n",
         "the step's time is up"},
    };

    if (!are_families_known())
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct play_result *result = play_command(rows[i].how, rows[i].command, rows[i].source);
        assert_text(rows[i].how, "the problem", without_numbers(result->problem), rows[i].problem);
    }
}

/* ---- What if few clients fit into the backlog? ---- */

#define ALL_ANSWERED "C1..C40 expect everything\nC1..C40 expect closed\n"

static void test_a_small_backlog_is_no_mistake(void **state)
{
    passes("forks, has a small backlog", "C1..C40 connect\nC1..C40 stop reading\nC1..C40 send 256 KiB\n"
                                         "C1..C40 half-close\nsync\nC1..C40 read on\n" ALL_ANSWERED);
    passes("has a small backlog", "C1..C40 connect\nC1..C40 send \"{n}\"\nC1..C40 half-close\n" ALL_ANSWERED);
    passes("has a small backlog", "C1..C20 connect\nsync\nC1..C20 stop reading\nC1..C20 send 64 MiB\n"
                                  "C1..C20 is stuck for 100ms\nsync\nC1..C20 reset\n");
    passes("has a small backlog", "C1..C40 connect\nsync\nserver stops within 1s\n");
}

static bool is_backlog_known(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int listener = sockets_listen();
    struct backlog backlog;

    address.sin_port = htons((in_port_t)sockets_port(listener));
    const bool is_known = backlog_look((const struct sockaddr *)&address, &backlog);
    close(listener);
    return is_known;
}

static void test_who_finds_no_room_waits_for_it(void **state)
{
    if (!is_backlog_known())
        skip();
    stalls("has a small backlog", "C1..C20 connect\nsync\nC20 send \"x\"\nC20 expect \"X\"\n", 4, "\"X\" within 400 ms",
           "no connection: the server's backlog is full");
}

/* ---- Clients under test ---- */

#define SERVER_ANSWERS "server accept\nserver answer everything\nclient run \"hello\"\n"

static void test_right_client_passes(void **state)
{
    passes("client", SERVER_ANSWERS "client prints \"HELLO\\n\"\nclient exits 0\n");
    passes("client",
           SERVER_ANSWERS "client prints everything\nclient says \"TIMEOUT\" or \"x\"\nclient says \"TIMEOUT\"\n"
                          "client exits 0\n");
    passes("client stays", SERVER_ANSWERS "client prints everything\n");
    passes("client",
           "server accept\nserver expect everything\nserver send \"one\"\nserver expect closed\n"
           "server send \"two\"\nserver close\nclient run \"hello\"\nclient prints \"onetwo\"\nclient exits 0\n");
    passes("client", "server refuses\nclient run \"hello\"\nclient says \"Connection refused\"\nclient exits 1\n");
}

static void test_wrong_client_fails(void **state)
{
    static const char prints[] = SERVER_ANSWERS "client prints everything\nclient exits 0\n";

    fails("client prints wrongly", prints, 4, "byte 5 of the client's standard output should be 0x0a and is '?'",
          "everything on standard output: 6 bytes within 10 s", "5 bytes: \"HELLO\"");
    fails("client prints nothing", prints, 4, "the client ended before it had printed that", NULL, "nothing");
    fails("client prints more", prints, 4, "the client's standard output should end after 6 bytes, but 'a' follows",
          NULL, NULL);
    fails("client sends wrongly", prints, 4, "byte 1 of what the client sends should be 'e' and is 'u'", NULL, NULL);
    fails("client exits wrongly", prints, 5, "the client's exit status is wrong", "exit status 0 within 10 s",
          "it exited with 4");
    fails("client crashes", prints, 5, "the client was killed by signal 9 (SIGKILL) in the middle of the conversation",
          NULL, NULL);
    fails("client", SERVER_ANSWERS "client prints everything\nclient says \"TIMEOUTs\"\nclient says \"TIMEOUTs\"\n", 6,
          "the program ended without saying so", NULL, NULL);
    stalls("client stays", SERVER_ANSWERS "client prints everything\nclient exits 0\n", 5,
           "exit status 0 within 400 ms", "it still runs");
}

static void test_prints_that_no_step_expected_fail(void **state)
{
    fails_with_less("client", SERVER_ANSWERS "client prints \"HELLO\\n\"\nclient exits 0\n", 3, 2,
                    "at the end the client had printed 4 bytes that no step expected");
}

/* ---- Nothing is left behind ---- */

static void on_abort_time(uv_timer_t *timer)
{
    play_abort(stage.play);
    uv_close((uv_handle_t *)timer, NULL);
}

/* The server has time enough to say that it is ready, but that is read only after the abort. */
static void on_abort_time_before_news(uv_timer_t *timer)
{
    (void)poll(NULL, 0, 300);
    on_abort_time(timer);
}

static void abort_at(uint64_t moment, uv_timer_cb on_moment)
{
    uv_timer_t timer;

    begin("is deaf", HELLO "A wait 20s\n", (struct play_options){0});
    uv_timer_init(&stage.loop, &timer);
    uv_timer_start(&timer, on_moment, moment, 0);
    run_loop();
    assert_text("abort", "the problem", play_result(stage.play)->problem, "given up");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_abort_kills(void **state)
{
    static const uint64_t moments[] = {0, 1, 5, 60};

    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        abort_at(moments[i], on_abort_time);
    abort_at(1, on_abort_time_before_news);
}

static void test_what_a_shell_started_goes_too(void **state)
{
    int ends[2];
    char byte;

    assert_int_equal(pipe(ends), 0);
    const struct play_result *result = play_command("right", "sleep 1000 & %s -p {port}", HELLO);
    assert_text("shell", "the problem", result->problem, "");
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* the end of the pipe: nobody who inherited it is left */
    close(ends[0]);
}

/* ---- What if somebody else says when the conversation begins, and what runs the server? ---- */

enum { PAUSE_MS = 100 };

static uv_timer_t pause_timer;
static int running_pid = -1;

static void on_pause_over(uv_timer_t *timer)
{
    size_t count;
    const struct play_event *events = play_events(stage.play, &count);

    for (size_t i = 0; i < count; i++)
        assert_int_equal(events[i].kind, PLAY_STARTED);
    running_pid = play_pid(stage.play);
    play_go(stage.play);
    play_go(stage.play); /* once is enough */
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_ready(struct play *play, void *data)
{
    uv_timer_init(&stage.loop, &pause_timer);
    uv_timer_start(&pause_timer, on_pause_over, PAUSE_MS, 0);
}

static void test_a_start_on_command(void **state)
{
    static const char *const runner[] = {"env", "NOTHING=new", NULL};

    begin("right", HELLO, (struct play_options){.on_ready = on_ready, .runner = runner});
    assert_int_equal(play_pid(stage.play), -1);
    run_loop();
    assert_int_equal(play_result(stage.play)->outcome, PLAY_PASSES);
    assert_true(running_pid > 1);
    assert_int_equal(kill(running_pid, 0), -1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        PLAYING(test_right_server_passes),
        PLAYING(test_phases_and_names_are_in_order),
        PLAYING(test_events_tell_the_whole_story),
        PLAYING(test_wrong_bytes_fail),
        PLAYING(test_bytes_that_no_step_expected_fail),
        PLAYING(test_missing_bytes_stall),
        PLAYING(test_early_end_fails),
        PLAYING(test_others_go_on_without_one),
        PLAYING(test_the_kind_of_end_matters),
        PLAYING(test_death_is_named_first),
        PLAYING(test_death_is_no_lack_of_rest),
        PLAYING(test_bad_start_is_told),
        PLAYING(test_bad_stop_fails),
        PLAYING(test_who_waits_for_others_does_not_stall),
        PLAYING(test_who_is_always_late_stalls),
        PLAYING(test_a_player_that_gets_no_core_accuses_nobody),
        PLAYING(test_stalled_server_must_stop_too),
        PLAYING(test_sanitizer_report_fails),
        PLAYING(test_spinning_is_no_rest),
        PLAYING(test_stuck_is_who_has_more_than_is_taken),
        PLAYING(test_who_is_rid_of_everything_is_not_stuck),
        PLAYING(test_what_a_server_says),
        PLAYING(test_wrong_servers_are_caught_by_the_suite),
        PLAYING(test_who_thinks_is_not_late),
        PLAYING(test_stop_and_start_again),
        PLAYING(test_foreign_server),
        PLAYING(test_right_families_pass),
        PLAYING(test_wrong_families_fail),
        PLAYING(test_a_small_backlog_is_no_mistake),
        PLAYING(test_who_finds_no_room_waits_for_it),
        PLAYING(test_right_client_passes),
        PLAYING(test_wrong_client_fails),
        PLAYING(test_prints_that_no_step_expected_fail),
        PLAYING(test_abort_kills),
        PLAYING(test_what_a_shell_started_goes_too),
        PLAYING(test_a_start_on_command),
    };
    const char *how = getenv("MISBEHAVIOUR");

    if (how != NULL)
        return misbehave(how, argc, argv);
    program = argv[0];
    unit_begin();
    return unit_run("player", tests, sizeof tests / sizeof tests[0]);
}
