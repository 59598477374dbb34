/*
 * test_coroutine - do coroutines take turns, wait for what they ask for and for nothing else, and leave nothing behind?
 *
 * The tests are linked with common/ but with no model: this one brings 10's scheduler, with mappings that are counted. What
 * the coroutines of a test do is written into `trace`, a letter a step.
 */
#define _GNU_SOURCE /* as 10 does */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "unit.h"

#ifdef __GLIBC__ /* who has ucontext and epoll */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "must.h"
#include "net.h"

static int mappings; /* that the scheduler has, */
static bool is_out_of_memory; /* and whether it can get more, */
static bool is_out_of_mappings; /* or divide one */

static void *play_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (is_out_of_memory)
        return MAP_FAILED;
    mappings++;
    return mmap(address, size, protection, flags, fd, offset);
}

static int play_munmap(void *address, size_t size)
{
    mappings--;
    return munmap(address, size);
}

static int play_mprotect(void *address, size_t size, int protection)
{
    return is_out_of_mappings ? -1 : mprotect(address, size, protection);
}

#define mmap play_mmap
#define munmap play_munmap
#define mprotect play_mprotect
#include "../../10-coroutines/coroutine.c" /* NOLINT(bugprone-suspicious-include) */
#undef mmap
#undef munmap
#undef mprotect

#include "peer.h" /* only here: its names are those of parameters there */

enum { LONG = 10 /* seconds that no wait here should take */ };

static char trace[64];
static FILE *file; /* a regular file, which is always ready */
static struct io_result got; /* of the wait that the test asks about */

static int setup(void **state)
{
    stopped = false;
    trace[0] = '\0';
    file = tmpfile();
    must(file != NULL, "tmpfile");
    return peer_setup(state);
}

static int teardown(void **state)
{
    (void)fclose(file);
    (void)peer_teardown(state);
    if (mappings != 0)
        print_error("Every coroutine has ended, and %d of their stacks are still mapped.\n", mappings);
    return mappings;
}

static void note(const char *letter)
{
    must(strlen(trace) + strlen(letter) < sizeof trace, "a step");
    strcat(trace, letter); // NOLINT(clang-analyzer-security.insecureAPI.strcpy): there is room
}

static void start(void (*body)(void *), void *argument)
{
    assert_int_equal(coroutine_start(body, argument), 0);
}

static void run(void)
{
    assert_int_equal(coroutine_run(), 0);
}

/* --- Turns ------------------------------------------------------------------------------------------------------------ */

static void take_three_turns(void *letter)
{
    for (int i = 0; i < 3; i++) {
        note(letter);
        coroutine_wait_readable(fileno(file), 0);
    }
}

static void do_they_take_turns(void **state)
{
    start(take_three_turns, "A");
    start(take_three_turns, "B");
    start(take_three_turns, "C");
    run();
    assert_text("three coroutines that can always go on", "the order of their steps", trace, "ABCABCABC");
}

static void receive_bytes(void *fd)
{
    char byte[2] = "";

    while (coroutine_recv(*(int *)fd, byte, 1).status == IO_SUCCESS && byte[0] != '.')
        note(byte);
}

/* One peer has said everything already, the other a word. Neither may have to wait until the first one has no more to say. */
static void does_one_that_always_has_data_let_others_go_on(void **state)
{
    const struct pair other = sockets_open();
    int talker = pair.ours, neighbour = other.ours;

    must(send(pair.theirs, "tttttt.", 7, 0) == 7 && send(other.theirs, "n.", 2, 0) == 2, "send");
    start(receive_bytes, &talker);
    start(receive_bytes, &neighbour);
    run();
    sockets_close(&other);
    if (strcspn(trace, "n") > 2)
        fail_msg(
            "A neighbour (n) must be served after a byte or two of one that never stops talking (t), but the order "
            "was %s. Does coroutine_recv() let the others go first?",
            trace);
}

static void start_two_more(void *unused)
{
    start(take_three_turns, "B");
    start(take_three_turns, "C");
    note("A");
}

static void can_a_coroutine_start_others(void **state)
{
    start(start_two_more, NULL);
    run();
    assert_text("a coroutine that starts two others and ends", "the order of their steps", trace, "ABCBCBC");
}

/* --- Time ------------------------------------------------------------------------------------------------------------- */

static void sleep_long(void *unused)
{
    coroutine_sleep(0.3);
    note("c");
}

static void sleep_shortly(void *unused)
{
    coroutine_sleep(0.1);
    note("a");
}

static void wait_in_vain(void *unused)
{
    got = coroutine_wait_readable(pair.ours, 0.2);
    note("b");
}

static void do_they_wait_side_by_side(void **state)
{
    const double before = net_now();

    start(sleep_long, NULL);
    start(wait_in_vain, NULL);
    start(sleep_shortly, NULL);
    run();
    if (net_now() - before < 0.3)
        fail_msg("The longest of three waits is 0.3 s, and all were over after %.3f s.", net_now() - before);
    assert_text("waits of 0.3 s, 0.2 s and 0.1 s", "the order in which they ended", trace, "abc");
    assert_io("nothing came within 0.2 s", got, only(IO_TIMEOUT));
}

static void wait_with_a_limit(void *unused)
{
    got = coroutine_wait_readable(pair.ours, LONG);
}

static void say_something(void *unused)
{
    coroutine_sleep(0.05);
    say_hello(pair.theirs);
}

static void what_if_it_comes_within_the_time(void **state)
{
    start(wait_with_a_limit, NULL);
    start(say_something, NULL);
    run();
    assert_io("something came within the time limit", got, only(IO_SUCCESS));
}

static void leave_it_and_sleep(void *seconds)
{
    got = coroutine_wait_readable(pair.ours, LONG);
    const double before = net_now();
    coroutine_sleep(0.1);
    *(double *)seconds = net_now() - before;
}

/* So does a server that cannot accept, while the listener stays ready. */
static void does_a_ready_descriptor_let_it_sleep(void **state)
{
    double seconds = 0;

    say_hello(pair.theirs);
    start(leave_it_and_sleep, &seconds);
    run();
    if (seconds < 0.1)
        fail_msg("It should sleep for 0.1 s, and was woken after %.4f s by a descriptor that it had waited for before.",
                 seconds);
}

/* --- Descriptors ------------------------------------------------------------------------------------------------------ */

static void wait_for_file(void *unused)
{
    got = coroutine_wait_readable(fileno(file), LONG);
}

static void is_a_regular_file_always_ready(void **state)
{
    start(wait_for_file, NULL);
    run();
    assert_io("a wait for a regular file, which epoll refuses", got, only(IO_SUCCESS));
}

static void wait_for_none(void *unused)
{
    got = coroutine_wait_readable(-1, LONG);
}

static void what_if_there_is_no_such_descriptor(void **state)
{
    start(wait_for_none, NULL);
    run();
    assert_io("a wait for descriptor -1", got, error_of(EBADF));
}

static void wait_for_ours(void *unused)
{
    coroutine_wait_readable(pair.ours, LONG);
}

static void want_the_same(void *unused)
{
    got = coroutine_wait_readable(pair.ours, LONG);
    say_hello(pair.theirs);
}

static void what_if_two_wait_for_one_descriptor(void **state)
{
    start(wait_for_ours, NULL);
    start(want_the_same, NULL);
    run();
    assert_io("the second one to wait for the same descriptor", got, error_of(EEXIST));
}

static void want_another_of_the_same(void *fd)
{
    got = coroutine_wait_readable(*(int *)fd, LONG);
}

static void what_if_the_second_has_a_dup(void **state)
{
    int fd = dup(pair.ours);

    start(wait_for_ours, NULL);
    start(want_another_of_the_same, &fd);
    start(say_something, NULL);
    run();
    close(fd);
    assert_io("the second one to wait for the same socket, with a descriptor of its own", got, only(IO_SUCCESS));
}

/* Another socket gets the number of one that it has waited for and closed. */
static void wait_for_a_number_again(void *unused)
{
    const struct pair other = sockets_open();

    coroutine_wait_readable(pair.ours, LONG);
    coroutine_close(pair.ours);
    must(dup2(other.ours, pair.ours) == pair.ours, "dup2");
    say_hello(other.theirs);
    got = coroutine_wait_readable(pair.ours, LONG);
    sockets_close(&other);
}

static void what_if_a_number_stands_for_something_else(void **state)
{
    say_hello(pair.theirs);
    start(wait_for_a_number_again, NULL);
    run();
    assert_io("a wait for a new socket that has the number of one that was closed", got, only(IO_SUCCESS));
}

static void receive_and_send(void *unused)
{
    char byte;

    got = coroutine_recv(pair.ours, &byte, 1);
    if (got.status == IO_SUCCESS)
        got = coroutine_send(pair.ours, "!", 1);
}

static void say_something_and_make_room(void *unused)
{
    say_something(NULL);
    coroutine_sleep(0.05);
    make_room(pair.theirs);
}

static void what_if_one_waits_for_data_and_then_for_room(void **state)
{
    sockets_set_nonblocking(pair.ours);
    filled = sockets_fill(pair.ours);
    start(receive_and_send, NULL);
    start(say_something_and_make_room, NULL);
    run();
    assert_io("one that has received, and waits for room to send", got, success_of(1));
}

static void leave_it_unread(void *unused)
{
    coroutine_wait_readable(pair.ours, LONG);
}

static void sleep_a_little(void *unused)
{
    coroutine_sleep(0.1);
}

static int end_while_a_descriptor_is_ready(const void *unused)
{
    say_hello(pair.theirs);
    if (coroutine_start(leave_it_unread, NULL) != 0 || coroutine_start(sleep_a_little, NULL) != 0)
        return 1;
    return coroutine_run();
}

static void is_nobody_woken_who_has_ended(void **state)
{
    struct child child;

    child_run(&child, end_while_a_descriptor_is_ready, NULL, NULL);
    assert_status("one has ended, and the descriptor that it waited for is open and ready", &child, 0);
}

/* --- Stopping --------------------------------------------------------------------------------------------------------- */

static void note_end(struct io_result end)
{
    note(end.status == IO_CONNECTION_CLOSED ? "x" : "?");
}

static void be_in_accept(void *unused)
{
    int fd;

    note_end(coroutine_accept(listener, &fd));
    assert_int_equal(fd, -1);
}

static void be_in_recv(void *unused)
{
    char byte;

    note_end(coroutine_recv(pair.ours, &byte, 1));
    note_end(coroutine_recv(pair.ours, &byte, 1)); /* a wait that is not begun yet */
}

static void be_in_send(void *unused)
{
    note_end(coroutine_send(pair.theirs, "!", 1));
}

static void be_asleep(void *unused)
{
    coroutine_sleep(LONG);
    coroutine_sleep(LONG);
    note("x");
}

static void stop_all(void *unused)
{
    coroutine_stop();
    note("s");
}

static void does_everybody_stop(void **state)
{
    const double before = net_now();

    sockets_set_nonblocking(listener);
    sockets_set_nonblocking(pair.theirs);
    sockets_fill(pair.theirs);
    start(be_in_accept, NULL);
    start(be_asleep, NULL);
    start(be_in_send, NULL);
    start(stop_all, NULL);
    run();
    assert_text("stopped in accept, in sleep and in send", "what happened", trace, "sxxx");
    if (net_now() - before > LONG / 2.0)
        fail_msg("Told to stop, they took %.1f s. Was one of them left asleep?", net_now() - before);
}

static void does_recv_stop(void **state)
{
    start(be_in_recv, NULL);
    start(stop_all, NULL);
    run();
    assert_text("stopped in recv, and waiting once more", "what happened", trace, "sxx");
}

/* --- Stacks ----------------------------------------------------------------------------------------------------------- */

/* `above` is in the frame of the caller, which so must stay: otherwise the compiler could make a loop of this. */
static void use_stack(int kib, volatile char *above)
{
    volatile char room[1024];

    room[0] = above[0];
    if (kib > 1)
        use_stack(kib - 1, room);
    above[0] = room[0];
}

static void use_much_stack(void *kib)
{
    char above = 0;

    use_stack(*(int *)kib, &above);
    _exit(above);
}

/* The stacks of those that are started later lie below the first one's, where mmap() begins at the top, as on Linux. */
static int need_stack(const void *kib)
{
    int needed = *(const int *)kib;

    (void)signal(SIGSEGV, SIG_DFL); /* AddressSanitizer has a handler of its own */
    must(coroutine_start(use_much_stack, &needed) == 0, "coroutine_start");
    for (int i = 0; i < 3; i++)
        must(coroutine_start(sleep_a_little, NULL) == 0, "coroutine_start");
    return coroutine_run();
}

static void what_if_a_stack_is_too_small(void **state)
{
    const int enough = 24, too_much = 128; /* KiB; AddressSanitizer needs more for each call */
    struct child child;

    child_run(&child, need_stack, &enough, NULL);
    assert_status("a coroutine that needs 24 KiB of stack", &child, 0);
    child_run(&child, need_stack, &too_much, NULL);
    assert_status("a coroutine that needs 128 KiB of stack, and must not get them from its neighbours", &child,
                  -SIGSEGV);
}

static void what_if_there_is_no_memory(void **state)
{
    is_out_of_memory = true;
    assert_int_equal(coroutine_start(take_three_turns, "x"), ENOMEM);
    is_out_of_memory = false;
    is_out_of_mappings = true;
    assert_int_equal(coroutine_start(take_three_turns, "x"), ENOMEM);
    is_out_of_mappings = false;
    start(take_three_turns, "A");
    run();
    assert_text("two that could not be started, and one that could", "what happened", trace, "AAA");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(do_they_take_turns),
        TEST(does_one_that_always_has_data_let_others_go_on),
        TEST(can_a_coroutine_start_others),
        TEST(do_they_wait_side_by_side),
        TEST(what_if_it_comes_within_the_time),
        TEST(does_a_ready_descriptor_let_it_sleep),
        TEST(is_a_regular_file_always_ready),
        TEST(what_if_there_is_no_such_descriptor),
        TEST(what_if_two_wait_for_one_descriptor),
        TEST(what_if_the_second_has_a_dup),
        TEST(what_if_a_number_stands_for_something_else),
        TEST(what_if_one_waits_for_data_and_then_for_room),
        TEST(is_nobody_woken_who_has_ended),
        TEST(does_everybody_stop),
        TEST(does_recv_stop),
        TEST(what_if_a_stack_is_too_small),
        TEST(what_if_there_is_no_memory),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    return 0;
}
#endif
