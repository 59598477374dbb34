/* test_syscalls - does a lane show what strace wrote? */
#include "story.h"

#include <errno.h>
#include <stdio.h>

#include "record/call_name.h"

static const char two[] = "A connect\nB connect\nA wait 2s\n";

static const struct call_span *span(size_t thread, size_t index)
{
    if (thread >= story.model->thread_count || index >= story.model->threads[thread].span_count)
        fail_msg("there is no span %zu of thread %zu", index, thread);
    return &story.model->threads[thread].spans[index];
}

static void assert_call(const struct call_span *got, const char *call, int fd, double from, double to)
{
    assert_string_equal(got->call, call);
    assert_int_equal(got->fd, fd);
    assert_int_equal(got->from, story_time(STORY_BEGAN_MS + from));
    assert_int_equal(got->to, story_time(STORY_BEGAN_MS + to));
}

static void test_calls_that_wait(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("010000", "accept4(3, NULL, NULL, SOCK_CLOEXEC) = 5 <0.100000>"));
    story_trace(STORY_CALL("200000", "recvfrom(5, \"he = llo\"..., 900, 0, NULL, NULL) = 8 <0.300000>"));
    story_trace(STORY_CALL("600000", "pselect6(6, [3 5], [], NULL, NULL, {[], 8}) = 1 (in [5]) <0.050000>"));
    story_trace(STORY_CALL("700000", "poll([{fd=5, events=POLLIN}], 1, 100) = 0 (Timeout) <0.100100>"));
    story_trace(STORY_CALL("800000", "poll([{fd=5, events=POLLIN}, {fd=6, events=POLLIN}], 2, 9) = 0 (Timeout) "
                                     "<0.100000>"));
    story_trace(STORY_CALL("900000", "recvfrom(5, 0x7ff, 900, 0, NULL, NULL) = -1 ECONNRESET (Connection reset by "
                                     "peer) <0.050000>"));
    assert_int_equal(story.model->thread_count, 1);
    assert_int_equal(story.model->threads[0].thread, 7);
    assert_call(span(0, 0), "accept", 3, 10, 110);
    assert_call(span(0, 1), "recv", 5, 200, 500);
    assert_call(span(0, 2), "select", -1, 600, 650);
    assert_call(span(0, 3), "poll", 5, 700, 800.1);
    assert_call(span(0, 4), "poll", -1, 800, 900);
    assert_int_equal(span(0, 5)->error, ECONNRESET);
    assert_int_equal(story.syscalls.count, 6);
}

/* Whose connection is a descriptor? The server accepts in the order in which clients connect. */
static void test_descriptors_have_clients(void **state)
{
    story_begin(two);
    story_connect(0, 2); /* B */
    story_connect(1, 1); /* A */
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.002000>"));
    story_trace(STORY_CALL("020000", "accept(3, NULL, NULL) = 5 <0.002000>"));
    story_trace(STORY_CALL("100000", "recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.100000>"));
    story_trace(STORY_CALL("200000", "recvfrom(5, \"\", 900, 0, NULL, NULL) = 0 <0.100000>"));
    story_trace(STORY_CALL("300000", "close(4) = 0 <0.002000>"));
    story_trace(
        STORY_CALL("400000", "recvfrom(4, 0x1, 900, 0, NULL, NULL) = -1 EBADF (Bad file descriptor) <0.002000>"));
    assert_int_equal(span(0, 0)->client, -1);
    assert_int_equal(span(0, 2)->client, 1);
    assert_int_equal(span(0, 3)->client, 0);
    assert_int_equal(span(0, 5)->client, -1);
}

/* The server forks for each client: 8 for B, whose connection is its 4, and 9 for A, whose is 4 again. */
#define FORKS "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"

/* What if every process has another connection under the same number? A child's descriptors are copies: fork(2). */
static void test_processes_have_their_own_descriptors(void **state)
{
    story_begin(two);
    story_connect(0, 2); /* B */
    story_connect(1, 1); /* A */
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.000010>"));
    story_trace(STORY_CALL("010100", FORKS ", child_tidptr=0x7f) = 8 <0.000010>"));
    story_trace(STORY_CALL("010200", "close(4) = 0 <0.000010>"));
    story_trace(STORY_CALL("010300", "accept(3, NULL, NULL) = 4 <0.000010>"));
    story_trace(STORY_CALL("010400", FORKS " <unfinished ...>"));
    story_trace("9 " STORY_SECONDS ".010500 close(3) = 0 <0.000010>\n"); /* quicker than its parent's fork() */
    story_trace(STORY_CALL("010600", "<... clone resumed>, child_tidptr=0x7f) = 9 <0.000200>"));
    story_trace(STORY_CALL("010700", "close(4) = 0 <0.000010>"));
    story_trace("8 " STORY_SECONDS ".020000 recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.100000>\n"
                "9 " STORY_SECONDS ".020000 recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.100000>\n"
                "7 " STORY_SECONDS ".020000 recvfrom(4, 0x1, 900, 0, NULL, NULL) = -1 EBADF (Bad) <0.100000>\n");
    assert_int_equal(story.model->thread_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(story.model->threads[i].process, story.model->threads[i].thread);
    assert_int_equal(span(0, 1)->client, -1); /* 7 has given up both */
    assert_int_equal(span(1, 1)->client, 0); /* 9, the first that was heard of */
    assert_int_equal(span(2, 0)->client, 1);
}

/* What if one thread closes a descriptor? It is closed for all threads of its process. */
static void test_threads_share_descriptors(void **state)
{
    story_begin(two);
    story_connect(0, 1);
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.000010>"));
    story_trace(
        STORY_CALL("010100", "clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, stack_size=1} <unfinished ...>"));
    story_trace("8 " STORY_SECONDS ".010200 recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.100000>\n"
                "8 " STORY_SECONDS ".110300 close(4) = 0 <0.002000>\n");
    story_trace(STORY_CALL("010300", "<... clone3 resumed> => {parent_tid=[0]}, 88) = 8 <0.000200>"));
    story_trace(STORY_CALL("200000", "recvfrom(4, 0x1, 900, 0, NULL, NULL) = -1 EBADF (Bad) <0.002000>"));
    assert_int_equal(story.model->thread_count, 2);
    assert_int_equal(story.model->threads[1].process, 7);
    assert_int_equal(span(1, 0)->client, 0);
    assert_int_equal(span(0, 1)->client, -1);
}

/* What if a process comes and goes between two looks at the costs? strace has seen it. */
static void test_most_processes_at_a_time(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.000010>"));
    story_trace(STORY_CALL("010100", FORKS ") = 8 <0.000010>"));
    story_trace(STORY_CALL("010200", FORKS ") = 9 <0.000010>"));
    story_trace("8 " STORY_SECONDS ".010300 exit_group(0) = ?\n8 " STORY_SECONDS ".010300 +++ exited with 0 +++\n");
    story_trace("9 " STORY_SECONDS ".010400 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 10 <0.000010>\n");
    story_trace("9 " STORY_SECONDS ".010500 +++ killed by SIGKILL +++\n10 " STORY_SECONDS
                ".010500 +++ killed by SIGKILL +++\n");
    story_trace(STORY_CALL("010600", FORKS ") = 11 <0.000010>"));
    story_see(12, "poll", -1, 0, 900); /* of one that is only seen, the end would not be told */
    assert_int_equal(story.syscalls.most_processes, 3);
    assert_int_equal(story.syscalls.most_threads, 3);
}

/* What if threads interrupt each other? */
static void test_calls_in_two_parts(void **state)
{
    story_begin(two);
    story_trace("7 " STORY_SECONDS ".010000 recvfrom(4,  <unfinished ...>\n"
                "8 " STORY_SECONDS ".020000 accept(3, NULL, NULL) = 5 <0.010000>\n"
                "7 " STORY_SECONDS ".310000 <... recvfrom resumed>\"hi\", 900, 0, NULL, NULL) = 2 <0.300000>\n");
    assert_int_equal(story.model->thread_count, 2);
    assert_int_equal(story.model->threads[0].thread, 8);
    assert_call(span(1, 0), "recv", 4, 10, 310);
}

/* What if the server is killed while its threads wait? They waited up to then. */
static void test_threads_that_are_killed(void **state)
{
    story_begin(two);
    story_trace("7 " STORY_SECONDS ".010000 accept(3, NULL, NULL <unfinished ...>\n"
                "8 " STORY_SECONDS ".020000 recvfrom(4,  <unfinished ...>) = ?\n"
                "7 " STORY_SECONDS ".810000 <... accept resumed>) = ?\n");
    story_end(900, PLAY_FAILS, "the server was killed by signal 9 (SIGKILL)");
    assert_int_equal(story.model->thread_count, 2);
    assert_call(span(0, 0), "accept", 3, 10, 810);
    assert_call(span(1, 0), "recv", 4, 20, 900);
}

/* What if strace writes half a line, then the rest? */
static void test_lines_in_pieces(void **state)
{
    const char line[] = STORY_CALL("010000", "recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.100000>");

    story_begin(two);
    for (size_t i = 0; i < sizeof line - 1; i++)
        syscalls_read(&story.syscalls, line + i, 1);
    assert_call(span(0, 0), "recv", 4, 10, 110);
    assert_int_equal(story.syscalls.count, 1);
}

static void test_short_calls_are_folded(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("010000", "setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0 <0.000010>"));
    story_trace(STORY_CALL("010020", "recvfrom(4, \"hi\", 900, 0, NULL, NULL) = 2 <0.000010>"));
    story_trace(STORY_CALL("010040", "sendto(4, \"HI\", 2, 0, NULL, 0) = 2 <0.000010>"));
    story_trace(STORY_CALL("010060", "getpid() = 7 <0.000010>"));
    story_trace(STORY_CALL("010080", "recvfrom(4, 0x1, 900, 0, NULL, NULL) = -1 EAGAIN (Resource) <0.000010>"));
    story_trace(STORY_CALL("010100", "recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.500000>"));
    assert_call(span(0, 0), "recv, send", -1, 10, 10.09);
    assert_int_equal(span(0, 0)->times, 5);
    assert_int_equal(span(0, 0)->error, EAGAIN);
    assert_call(span(0, 1), "recv", 4, 10.1, 510.1);
    assert_int_equal(story.syscalls.count, 6);
}

/* Is only the conversation recorded, and not how the server starts and stops? */
static void test_only_the_conversation(void **state)
{
    story_begin(two);
    story_trace("7 1699999999.990000 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3 <0.000010>\n"
                "7 1699999999.995000 accept(3, NULL, NULL) = 4 <0.105000>\n");
    assert_call(span(0, 0), "accept", 3, 0, 100);
    story_end(1000, PLAY_PASSES, "");
    story_trace(STORY_CALL("900000", "recvfrom(4, 0x1, 900, 0, NULL, NULL) = ? ERESTARTSYS (To be) <0.110000>"));
    story_trace("7 1700000001.020000 close(4) = 0 <0.000010>\n7 1700000001.030000 exit_group(0) = ?\n");
    assert_call(span(0, 1), "recv", 4, 900, 1000);
    assert_int_equal(story.model->threads[0].span_count, 2);
    assert_int_equal(story.syscalls.count, 2);
}

/* What if a call has not ended when all is over? */
static void test_a_call_without_an_end(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("100000", "recvfrom(4,  <unfinished ...>"));
    story_end(1000, PLAY_PASSES, "");
    assert_call(span(0, 0), "recv", 4, 100, 1000);
}

/* What was seen in /proc gives way to what strace says. */
static void test_guesses_give_way(void **state)
{
    story_begin(two);
    const char *recv = call_name(&story.recorder.record, "recvfrom", 8);
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.002000>"));
    assert_false(syscalls_is_stale(&story.syscalls, 7, story_time(STORY_BEGAN_MS + 20), story_time(60)));
    assert_true(syscalls_is_stale(&story.syscalls, 7, story_time(STORY_BEGAN_MS + 100), story_time(60)));
    story_see(7, recv, 4, 0, 100);
    story_see(7, recv, 4, 0, 150);
    assert_call(span(0, 1), "recv", 4, 12, 150);
    story_trace(STORY_CALL("013000", "recvfrom(4, \"\", 900, 0, NULL, NULL) = 0 <0.200000>"));
    assert_call(span(0, 1), "recv", 4, 13, 213);
    assert_int_equal(story.model->threads[0].span_count, 2);
}

/* What if a thread is in the same call whenever one looks? If it has slept more often, it was one call after another. */
static void test_one_call_or_many(void **state)
{
    story_begin(two);
    for (unsigned i = 1; i <= 5; i++)
        story_see(7, "poll", -1, 40 + i / 2, i * 100);
    assert_call(span(0, 0), "poll", -1, 0, 500);
    assert_int_equal(span(0, 0)->times, 3);
    story_see(7, "poll", -1, 0, 600); /* it has just ended */
    assert_int_equal(span(0, 0)->times, 3);
}

/* What if a process is seen that was not there at the look before? It cannot have been where it is for longer. */
static void test_who_came_between_two_looks(void **state)
{
    struct sighting sighting = {.process = 9, .thread = 9, .fd = 4, .at = story_time(STORY_BEGAN_MS + 300)};

    story_begin(two);
    sighting.call = call_name(&story.recorder.record, "recvfrom", 8);
    syscalls_see(&story.syscalls, &sighting);
    assert_call(span(0, 0), "recv", 4, 0, 300);
    sighting.thread = sighting.process = 8;
    sighting.looked_before = story_time(STORY_BEGAN_MS + 250);
    syscalls_see(&story.syscalls, &sighting);
    assert_call(span(1, 0), "recv", 4, 250, 300);
    assert_int_equal(story.model->threads[1].process, 8);
}

/* What if strace is gone when a descriptor is closed, and somebody else gets its number? */
static void test_who_has_left_is_not_served(void **state)
{
    story_begin(two);
    const char *recv = call_name(&story.recorder.record, "recvfrom", 8);
    story_connect(0, 1);
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.002000>"));
    story_see(8, recv, 4, 0, 100);
    story_tell(200, 3, PLAY_LEFT, success_of(0));
    story_see(9, recv, 4, 0, 300);
    assert_int_equal(span(1, 0)->client, 0);
    assert_int_equal(span(2, 0)->client, -1);
}

/* What if strace is detached in the middle of a call? It never says how that one ends: what is seen in /proc counts. */
static void test_a_call_that_strace_left(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("010000", "accept(3, NULL, NULL) = 4 <0.002000>"));
    story_trace(STORY_CALL("020000", "recvfrom(4,  <detached ...>"));
    story_see(7, CALL_SPINS, -1, 0, 100);
    story_see(7, CALL_SPINS, -1, 0, 200);
    story_end(1000, PLAY_PASSES, "");
    assert_call(span(0, 1), CALL_SPINS, -1, 12, 200);
    assert_int_equal(story.model->threads[0].span_count, 2);
}

/* `times` calls that find nothing, `microseconds` apart. */
static void find_nothing(int times, int microseconds)
{
    for (int i = 0; i < times; i++) {
        char line[200];
        snprintf(line, sizeof line,
                 "7 1700000000.%06d recvfrom(4, 0x1, 900, 0, NULL, NULL) = -1 EAGAIN (R) <0.000010>\n",
                 i * microseconds);
        story_trace(line);
    }
}

/* What if it left several threads, each in a call? It reports the end of none; what is seen afterwards counts. */
static void test_threads_that_strace_left(void **state)
{
    story_begin(two);
    story_trace("7 " STORY_SECONDS ".010000 recvfrom(4,  <unfinished ...>\n"
                "8 " STORY_SECONDS ".020000 recvfrom(5,  <unfinished ...>\n"
                "9 " STORY_SECONDS ".030000 accept(3, NULL, <detached ...>\n");
    for (int thread = 7; thread <= 8; thread++) {
        story_see(thread, "recv", thread - 3, 0, 100);
        story_see(thread, thread == 7 ? CALL_WORKS : "recv", thread == 7 ? -1 : 5, 0, 150);
        story_see(thread, "recv", thread - 3, 0, 200);
    }
    story_end(1000, PLAY_PASSES, "");
    assert_int_equal(story.model->threads[0].span_count, 3);
    assert_string_equal(span(0, 1)->call, CALL_WORKS);
    assert_int_equal(span(0, 2)->from, story_time(STORY_BEGAN_MS + 150));
    assert_int_equal(story.model->threads[1].span_count, 1); /* nothing else was seen: it is still in that call */
    assert_call(span(1, 0), "recv", 5, 20, 1000);
}

static void test_spinning_is_noticed(void **state)
{
    story_begin(two);
    syscalls_start_counting(&story.syscalls);
    find_nothing(299, 50);
    assert_false(syscalls_are_too_many(&story.syscalls));
    find_nothing(1, 50);
    assert_true(syscalls_spin(&story.syscalls));
    assert_true(syscalls_are_too_many(&story.syscalls));
    assert_true(syscalls_rate(&story.syscalls) > 2500 && syscalls_rate(&story.syscalls) < 21000);
    assert_int_equal(story.model->threads[0].span_count, 1); /* all folded into one */
    story_trace(STORY_CALL("500000", "nanosleep({tv_sec=0, tv_nsec=1}, NULL) = 0 <0.010000>"));
    assert_false(syscalls_spin(&story.syscalls));
}

/* What if it does something else between two polls? swapcontext(3) of a coroutine sets the signal mask, twice a switch. */
static void test_spinning_with_housekeeping(void **state)
{
    story_begin(two);
    syscalls_start_counting(&story.syscalls);
    for (int i = 0; i < 300; i++) {
        assert_false(syscalls_spin(&story.syscalls));
        story_trace(STORY_CALL("010000", "rt_sigprocmask(SIG_SETMASK, [], [], 8) = 0 <0.000010>"));
        story_trace(STORY_CALL("010000", "rt_sigprocmask(SIG_SETMASK, [], [], 8) = 0 <0.000010>"));
        find_nothing(1, 0);
    }
    assert_true(syscalls_spin(&story.syscalls));
    assert_call(span(0, 0), "recv", -1, 10, 10.01);
}

/* What if one call hands in many operations? Then the number of calls no longer says how much was done. */
static void test_calls_that_hand_in_many(void **state)
{
    story_begin(two);
    story_trace(STORY_CALL("010000", "epoll_wait(3, [], 9, -1) = 1 <0.000010>"));
    assert_false(story.syscalls.has_batches);
    story_trace(STORY_CALL("020000", "io_uring_enter(4, 2, 1, IORING_ENTER_GETEVENTS, NULL, 8) = 2 <0.200000>"));
    assert_true(story.syscalls.has_batches);
    assert_call(span(0, 1), "io_uring_enter", -1, 20, 220);
}

/* What if a server is busy, but not in vain? */
static void test_work_is_no_spinning(void **state)
{
    story_begin(two);
    syscalls_start_counting(&story.syscalls);
    for (int i = 0; i < 2100; i++)
        story_trace(STORY_CALL("010000", "sendto(4, \"X\"..., 900, 0, NULL, 0) = 900 <0.000010>"));
    assert_false(syscalls_spin(&story.syscalls));
    assert_true(syscalls_are_too_many(&story.syscalls));
}

/* What if a line is no call, or no line of strace's at all? */
static void test_other_lines(void **state)
{
    static const char *const lines[] = {
        "\n",
        "7\n",
        "7 \n",
        "7 x\n",
        "strace: Process 7 attached\n",
        "7 1700000000.5\n",
        "7 1700000000.5 \n",
        "7 1700000000.5 +++ exited with 0 +++\n",
        "7 1700000000.5 --- SIGTERM {si_signo=SIGTERM} ---\n",
        "7 1700000000.5 !!!( <unfinished ...>\n",
        "7 1700000000.5 <... \n",
        "7 1700000000.5 recvfrom\n",
    };

    story_begin(two);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        story_trace(lines[i]);
    story_end(1000, PLAY_PASSES, "");
    assert_int_equal(story.syscalls.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_calls_that_wait),
        STORY_TEST(test_descriptors_have_clients),
        STORY_TEST(test_processes_have_their_own_descriptors),
        STORY_TEST(test_threads_share_descriptors),
        STORY_TEST(test_most_processes_at_a_time),
        STORY_TEST(test_calls_in_two_parts),
        STORY_TEST(test_threads_that_are_killed),
        STORY_TEST(test_lines_in_pieces),
        STORY_TEST(test_short_calls_are_folded),
        STORY_TEST(test_only_the_conversation),
        STORY_TEST(test_a_call_without_an_end),
        STORY_TEST(test_guesses_give_way),
        STORY_TEST(test_one_call_or_many),
        STORY_TEST(test_who_came_between_two_looks),
        STORY_TEST(test_who_has_left_is_not_served),
        STORY_TEST(test_a_call_that_strace_left),
        STORY_TEST(test_threads_that_strace_left),
        STORY_TEST(test_spinning_is_noticed),
        STORY_TEST(test_spinning_with_housekeeping),
        STORY_TEST(test_calls_that_hand_in_many),
        STORY_TEST(test_work_is_no_spinning),
        STORY_TEST(test_other_lines),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
