/* test_verdict - is the sentence about a model true, whatever the record shows? */
#include "story.h"

#include <stdlib.h>

#include "player/text.h"
#include "record/verdict.h"

static const char two[] = "A connect\n" /* 1 */
                          "A wait 2s\n" /* 2 */
                          "A close\n" /* 3 */
                          "B connect\n" /* 4 */
                          "B send \"x\"\n" /* 5 */
                          "B expect \"X\"\n"; /* 6 */

static void says(const char *expected)
{
    char *sentence = verdict_of(&story.recorder.record, 0);

    assert_text("the record", "the sentence", sentence, expected);
    free(sentence);
}

static void begin_two(void)
{
    story_begin(two);
    story_connect(0, 1);
    story_connect(1, 4);
}

static struct costs some_costs(long threads, double share)
{
    return (struct costs){
        .cpu_seconds = 0.1, .cpu_share = share, .system_calls = 10, .processes = 1, .threads = threads};
}

#define AT_ONCE "Everybody was served at once (2.0 ms at most)"

static void test_served_at_once(void **state)
{
    static const struct {
        long threads;
        double share; /* of a core */
        const char *sentence;
    } rows[] = {
        {1, 0.01, AT_ONCE ", by one thread."},
        {3, 0.01, AT_ONCE ", with up to 3 threads at a time."},
        {1, 0.97, AT_ONCE ", at the price of a whole core."},
        {1, 0.6, AT_ONCE ", at the price of 60 % of a core."},
    };

    begin_two();
    story_expect(6, 2, 4, 1);
    story_end(2000, PLAY_PASSES, "");
    says(AT_ONCE ".");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        story.model->costs = some_costs(rows[i].threads, rows[i].share);
        says(rows[i].sentence);
    }
    story.model->costs = some_costs(4, 0.01);
    story.model->costs.processes = 4;
    says(AT_ONCE ", with up to 4 processes at a time.");
}

static void test_where_it_rests(void **state)
{
    begin_two();
    story_expect(6, 2, 4, 1);
    story_trace(STORY_CALL("005000", "epoll_wait(3, [], 9, -1) = 1 <0.900000>"));
    story_trace(STORY_CALL("910000", "epoll_wait(3, [], 9, -1) = 1 <0.900000>"));
    story_end(2000, PLAY_PASSES, "");
    story.model->costs = some_costs(1, 0);
    says(AT_ONCE ", by one thread that rested in epoll_wait().");
}

/* What if it never rests, on a machine that has much else to do? It gets little of a core, and takes all that it gets. */
static void test_what_it_got_of_a_core(void **state)
{
    begin_two();
    story_expect(6, 2, 4, 1);
    for (int ms = 50; ms <= 1500; ms += 50)
        story_see(7, CALL_SPINS, -1, 0, ms);
    story_end(2000, PLAY_PASSES, "");
    story.model->costs = some_costs(1, 0.24);
    says(AT_ONCE ", at the price of all that it got of a core (24 %).");
    story.model->costs = some_costs(1, -1);
    says(AT_ONCE ", at the price of all that it got of a core.");
    story.model->costs = some_costs(1, 0.97);
    says(AT_ONCE ", at the price of a whole core.");
}

static void accept_both(void)
{
    story_trace(STORY_CALL("000200", "accept(3, NULL, NULL) = 4 <0.000100>"));
    story_trace(STORY_CALL("001200", "accept(3, NULL, NULL) = 5 <0.000100>"));
}

static void test_why_a_client_waits(void **state)
{
    static const struct {
        const char *calls; /* of the server, which has accepted A as 4 and B as 5 */
        double until; /* B has its answer; it asked after 2 ms */
        const char *sentence;
    } rows[] = {
        /* It sits with another client: that one is named. */
        {STORY_CALL("002000", "recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>"), 1502,
         "Everybody was served, but B waited 1.5 s: the server sat in recv() for A."},
        /* It visits others, each for a limited time. */
        {STORY_CALL("002000", "poll([{fd=4, events=POLLIN}], 1, 100) = 0 (Timeout) <0.100000>")
             STORY_CALL("103000", "poll([{fd=4, events=POLLIN}], 1, 100) = 0 (Timeout) <0.100000>"),
         204, "Everybody was served, but B waited 0.20 s: the server sat in poll() for A, up to 0.10 s at a time."},
        /* It waits for that very client, or for everybody: then it is not the reason. */
        {STORY_CALL("002000", "recvfrom(5, \"\", 9, 0, NULL, NULL) = 1 <0.150000>")
             STORY_CALL("160000", "select(6, [3 4 5], [], NULL, NULL) = 1 (in [5]) <0.150000>"),
         302, "Everybody was served, but B waited 0.30 s."},
        {STORY_CALL("002000", "clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0}, NULL) = 0 <0.300000>"), 302,
         "Everybody was served, but B waited 0.30 s: the server sat in nanosleep()."},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_two();
        accept_both();
        story_trace(rows[i].calls);
        story_expect(6, 2, rows[i].until, 1);
        story_end(2000, PLAY_PASSES, "");
        says(rows[i].sentence);
    }
}

/* Thread 7 makes three more: 8 and 9 serve A and C, whose connections are 4 and 6; B's is 5. */
#define MAKES "clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = "
#define POOL                                                                                                           \
    STORY_CALL("000010", MAKES "8 <0.000010>")                                                                         \
    STORY_CALL("000020", MAKES "9 <0.000010>")                                                                         \
    STORY_CALL("000200", "accept(3, NULL, NULL) = 4 <0.000010>")                                                       \
    STORY_CALL("001200", "accept(3, NULL, NULL) = 5 <0.000010>")                                                       \
    STORY_CALL("001600", "accept(3, NULL, NULL) = 6 <0.000010>")                                                       \
    STORY_CALL("001700", "accept(3, NULL, NULL) = 7 <9.000000>")                                                       \
    "8 " STORY_SECONDS ".000030 futex(0x5, FUTEX_WAIT) = 0 <0.000100>\n"                                               \
    "9 " STORY_SECONDS ".000030 futex(0x5, FUTEX_WAIT) = 0 <0.000100>\n"

/* B waits for 1.5 s. What did the server's threads do meanwhile? */
static void test_why_a_client_waits_for_one_of_many(void **state)
{
    static const struct {
        const char *calls, *why;
    } rows[] = {
        /* All who serve are with others. */
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 recvfrom(6, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n",
         ": the 2 threads that serve clients sat in recv() for others."},
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 sendto(6, \"\", 9, 0, NULL, 0) = 9 <1.500000>\n",
         ": the 2 threads that serve clients were busy with others."},
        /* One has nothing to do: that the other one is with somebody is no reason. */
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 futex(0x5, FUTEX_WAIT) = 0 <1.500000>\n",
         "."},
        /* One is with B itself. */
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 recvfrom(5, \"\", 9, 0, NULL, NULL) = 1 <1.500000>\n",
         "."},
        /* There is a thread for everybody, but it comes late. */
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 recvfrom(6, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "10 " STORY_SECONDS ".900000 set_robust_list(0x1, 24) = 0 <0.000010>\n"
         "10 " STORY_SECONDS ".900020 recvfrom(5, \"\", 9, 0, NULL, NULL) = 1 <0.000010>\n",
         "."},
        /* Only one serves. */
        {"8 " STORY_SECONDS ".001500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.500000>\n"
         "9 " STORY_SECONDS ".001500 rt_sigtimedwait([INT TERM], NULL, NULL, 8) = 15 (SIGTERM) <1.500000>\n",
         ": the thread that serves clients sat in recv() for A."},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text expected = {0};
        story_begin("A connect\nC connect\nB connect\nB send \"x\"\nB expect \"X\"\n");
        story_connect(0, 1);
        story_connect(1, 3);
        story_connect(1.5, 2);
        story_trace(POOL);
        story_trace(rows[i].calls);
        story_expect(5, 2, 1502, 1);
        story_end(2000, PLAY_PASSES, "");
        text_add(&expected, "Everybody was served, but B waited 1.5 s%s", rows[i].why);
        says(expected.chars);
        text_free(&expected);
    }
}

/* What if each client has a process, and there is none to be had for B? */
static void test_no_process_for_a_client(void **state)
{
    begin_two();
    story_trace(STORY_CALL("000200", "accept(3, NULL, NULL) = 4 <0.000010>"));
    story_trace(STORY_CALL("000300", "clone(child_stack=NULL, flags=SIGCHLD) = 8 <0.000010>"));
    story_trace(STORY_CALL("000400", "poll([{fd=3, events=POLLIN}, {fd=9, events=POLLIN}], 2, -1) = 1 <2.000000>"));
    story_trace("8 " STORY_SECONDS ".000500 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <1.900000>\n");
    story_tell(2, 6, PLAY_WAITING, only(IO_NO_DATA));
    story_tell_wait(502, 6, PLAY_STALLED, only(IO_TIMEOUT), 500);
    story_end(502, PLAY_STALLS, "the step's time is up");
    says("Not everybody was served: B waited 0.50 s in vain: the process that serves clients sat in recv() for A.");
}

static void test_waits_in_vain(void **state)
{
    begin_two();
    accept_both();
    story_trace(STORY_CALL("002000", "sendto(4, \"\", 9, 0, NULL, 0) = 9 <1.500000>"));
    story_tell(2, 6, PLAY_WAITING, only(IO_NO_DATA));
    story_tell_wait(502, 6, PLAY_STALLED, only(IO_TIMEOUT), 500);
    story_end(502, PLAY_STALLS, "the step's time is up");
    says("Not everybody was served: B waited 0.50 s in vain: the server sat in send() for A.");
}

/* What if nothing is known of the server? Then only what the lanes show. */
static void test_without_a_trace(void **state)
{
    begin_two();
    story_tell(2, 6, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(1500, 3, PLAY_LEFT, success_of(0));
    story_tell_wait(1501, 6, PLAY_STEP_ENDS, success_of(1), 1499);
    story_end(2000, PLAY_PASSES, "");
    says("Everybody was served, but B waited 1.5 s, until A had left.");
}

/* What if the client with whom the server sits had to wait a little before? It was not in the same situation. */
static void test_who_waited_much_less(void **state)
{
    story_begin("A connect\nA send \"a\"\nA expect \"A\"\nB connect\nB send \"b\"\nB expect \"B\"\n");
    story_connect(0, 1);
    story_connect(1, 4);
    story_expect(3, 2, 62, 1);
    story_expect(6, 2, 702, 1);
    story_end(800, PLAY_PASSES, "");
    says("Everybody was served, but B waited 0.70 s.");
}

/* What if the wait is strace's doing? One call after the other, and each takes longer than it would without. */
static void test_strace_slows_many_calls(void **state)
{
    begin_two();
    accept_both();
    for (int i = 0; i < 345; i++) {
        struct text line = {0};
        text_add(&line, "7 " STORY_SECONDS ".%06d sendto(5, \"\", 1024, 0, NULL, 0) = 1024 <0.000200>\n",
                 2000 + 250 * i);
        story_trace(line.chars);
        text_free(&line);
    }
    story_expect(6, 2, 92, 1);
    story_end(2000, PLAY_PASSES, "");
    says("Everybody was served, but B waited 90 ms, in which strace slowed some 340 calls.");
}

/* What if a client waits because it wants a lot? No neighbour is to blame, and no server. */
static void test_a_lot_takes_its_time(void **state)
{
    story_begin("A connect\nA send 16 MiB\nA expect everything\n");
    story_connect(0, 1);
    story_expect(3, 2, 462, 16UL * 1024 * 1024);
    story_end(500, PLAY_PASSES, "");
    says("Everybody was served, but A waited 0.46 s for its 16.0 MiB.");
}

/* What if several clients had to wait? Two are named, more are counted. */
static void test_others_had_to_wait(void **state)
{
    static const char source[] = "A connect\nB connect\nC connect\nD connect\n"
                                 "A expect nothing for 1s\n" /* 5 */
                                 "A send \"a\"\nA expect \"A\"\n"
                                 "B send \"b\"\nB expect \"B\"\n"
                                 "C send \"c\"\nC expect \"C\"\n"
                                 "D send \"d\"\nD expect \"D\"\n";

    for (int others = 1; others <= 3; others++) {
        static const char *const ends[] = {" B had to wait, too.", " B and C had to wait, too.",
                                           " 3 others had to wait, too."};
        struct text expected = {0};
        story_begin(source);
        for (int i = 0; i < 4; i++)
            story_connect(i, 1 + i);
        for (int i = 0; i < others; i++)
            story_expect(9 + 2 * i, 10, 300 + i, 1);
        story_expect(7, 10, 510, 1);
        story_end(600, PLAY_PASSES, "");
        text_add(&expected, "Everybody was served, but A waited 0.50 s.%s", ends[others - 1]);
        says(expected.chars);
        text_free(&expected);
    }
}

static void test_nobody_asked(void **state)
{
    story_begin("server rests 300ms\n");
    story_end(300, PLAY_PASSES, "");
    says("Nobody asked for an answer.");
    story.model->costs = some_costs(1, 1);
    says("Nobody asked for an answer, and all the same the server was busy with a whole core.");
}

/* What if it was no client whose step took too long? */
static void test_a_stall_of_nobody(void **state)
{
    story_begin("server rests 300ms\n");
    story_tell_wait(10300, 1, PLAY_STALLED, only(IO_TIMEOUT), 10300);
    const struct play_result result = {
        .outcome = PLAY_STALLS, .step = 0, .problem = "the step's time is up", .said = "a word\n"};
    recorder_done(&story.recorder, 0, &result, story_time(STORY_BEGAN_MS + 10301));
    says("It stalled: \"server rests 300ms\": the step's time is up.");
    story.model->costs = some_costs(1, 0.99);
    says("It stalled: \"server rests 300ms\": the step's time is up. The server was busy with a whole core.");
}

static void test_failures(void **state)
{
    begin_two();
    story_tell(1234, 6, PLAY_FAILED, error_of(0));
    story_end(1234, PLAY_FAILS, "the server was killed by signal 11 (SIGSEGV)");
    says("After 1.2 s: the server was killed by signal 11 (SIGSEGV).");
    story.model->began = 0;
    says("The server was killed by signal 11 (SIGSEGV).");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_served_at_once),
        STORY_TEST(test_where_it_rests),
        STORY_TEST(test_what_it_got_of_a_core),
        STORY_TEST(test_why_a_client_waits),
        STORY_TEST(test_why_a_client_waits_for_one_of_many),
        STORY_TEST(test_no_process_for_a_client),
        STORY_TEST(test_waits_in_vain),
        STORY_TEST(test_who_waited_much_less),
        STORY_TEST(test_strace_slows_many_calls),
        STORY_TEST(test_a_lot_takes_its_time),
        STORY_TEST(test_without_a_trace),
        STORY_TEST(test_others_had_to_wait),
        STORY_TEST(test_nobody_asked),
        STORY_TEST(test_a_stall_of_nobody),
        STORY_TEST(test_failures),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
