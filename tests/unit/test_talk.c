/* test_talk - does a client send its input as it should, say what it waits for, print the answers, and judge rightly? */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "must.h"
#include "net.h"
#include "talk.h"

/*
 * Each test runs a short program (child.h) that talks as a client does, and then looks at its outputs and exit status.
 * The programs share these beginnings.
 */
static struct child child;

static struct talk begin(const struct client_options *options)
{
    struct talk talk;

    talk_begin(&talk, options, 0.5);
    return talk;
}

static void receive(struct talk *talk, const char *answer)
{
    talk_received(talk, success_of(strlen(answer)), answer);
}

/* Ends as all programs do that have nothing against it: everything is sent, and the server closes. */
static int end(struct talk *talk)
{
    talk_input_ended(talk);
    talk_received(talk, only(IO_CONNECTION_CLOSED), NULL);
    return talk_end(talk);
}

static const struct client_options quiet;
static const struct client_options verbose = {.verbose = true};

/* ---- Input ---- */

struct input {
    struct client_options options;
    size_t at_once;
};

/* Copies the input, at most so many bytes at once, to standard output. */
static int copy_input(const void *data)
{
    const struct input *input = data;
    struct talk talk = begin(&input->options);
    struct io_result taken;
    char bytes[64];

    while ((taken = talk_input(&talk, bytes, input->at_once)).status == IO_SUCCESS)
        must(write(STDOUT_FILENO, bytes, taken.bytes) == (ssize_t)taken.bytes, "write");
    return taken.status == IO_CONNECTION_CLOSED ? talk_input_fd(&talk) + 10 : 1;
}

/* Also if they do not fit into the buffer at once, if one is empty, and if all are. */
static void are_messages_sent_as_lines(void **state)
{
    char *messages[] = {"hello", "", "a longer message", ""};
    static const size_t sizes[] = {1, 2, 3, 5, 6, 7, 64};
    struct input input = {.options = {.messages = messages, .message_count = 4}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        input.at_once = sizes[i];
        child_run(&child, copy_input, &input, "not this");
        assert_child("messages, with a descriptor of -1", &child, 9, "hello\n\na longer message\n\n", "");
    }
}

static void is_standard_input_sent_as_it_comes(void **state)
{
    static const struct input input = {.at_once = 4};

    child_run(&child, copy_input, &input, "no line's end");
    assert_child("standard input, descriptor 0", &child, 10, "no line's end", "");
    child_run(&child, copy_input, &input, NULL);
    assert_child("an empty standard input", &child, 10, "", "");
}

static int read_a_closed_input(const void *data)
{
    struct talk talk = begin(&quiet);
    char byte;

    close(STDIN_FILENO);
    const struct io_result taken = talk_input(&talk, &byte, 1);
    return taken.status == IO_ERROR && taken.error == EBADF ? 0 : 1;
}

static void what_if_standard_input_cannot_be_read(void **state)
{
    child_run(&child, read_a_closed_input, NULL, NULL);
    assert_status("a closed standard input", &child, 0);
    assert_non_null(strstr(child.err, "client: cannot read standard input: "));
    assert_non_null(strstr(child.err, "Bad file descriptor"));
}

static int read_an_input_that_is_not_there_yet(const void *data)
{
    struct talk talk = begin(&quiet);
    int ends[2];
    char byte;

    must(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) != -1, "a pipe for standard input");
    return net_set_nonblocking(STDIN_FILENO) && talk_input(&talk, &byte, 1).status == IO_NO_DATA ? 0 : 1;
}

static void what_if_the_input_is_not_there_yet(void **state)
{
    child_run(&child, read_an_input_that_is_not_there_yet, NULL, NULL);
    assert_child("a non-blocking standard input without bytes: NO_DATA", &child, 0, "", "");
}

static int wait_for_an_input_that_is_not_there_yet(const void *data)
{
    struct talk talk = begin(&quiet);
    char bytes[8];
    int ends[2];

    must(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) != -1, "a pipe for standard input");
    must(net_set_nonblocking(STDIN_FILENO), "net_set_nonblocking");
    const pid_t writer = fork();
    if (writer == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* the other should be waiting by now */
        _exit(write(ends[1], "late", 4) == 4 ? 0 : 1);
    }
    must(writer != -1, "fork");
    const struct io_result input = talk_wait_for_input(&talk, bytes, sizeof bytes);
    return input.status == IO_SUCCESS && input.bytes == 4 ? 0 : 1;
}

static void what_if_one_can_wait_for_it(void **state)
{
    child_run(&child, wait_for_an_input_that_is_not_there_yet, NULL, NULL);
    assert_child("a non-blocking standard input whose bytes come later", &child, 0, "", "");
}

/* ---- Folding ---- */

static int wait_long(const void *data)
{
    struct talk talk = begin(&quiet);

    talk_sent(&talk, success_of(6));
    for (int i = 0; i < 214; i++)
        talk_received(&talk, only(IO_NO_DATA), NULL);
    receive(&talk, "HELLO\n");
    return end(&talk);
}

/* The first is said at once, so that a reader sees what is waited for; the sum when something else comes. */
static void are_repeats_folded(void **state)
{
    child_run(&child, wait_long, NULL, NULL);
    assert_child("NO_DATA, 214 times", &child, 0, "HELLO\n",
                 "NO_DATA\n"
                 "NO_DATA x 214\n"
                 "SUCCESS 6 bytes\n"
                 "CONNECTION_CLOSED\n");
}

/* _exit() writes nothing out: what is not said yet stays unsaid. */
static int wait_and_vanish(const void *data)
{
    struct talk talk = begin(&quiet);

    talk_received(&talk, only(IO_NO_DATA), NULL);
    _exit(0);
}

static void is_the_first_said_at_once(void **state)
{
    child_run(&child, wait_and_vanish, NULL, NULL);
    assert_child("the first NO_DATA", &child, 0, "", "NO_DATA\n");
}

static int time_out_then_receive_in_parts(const void *data)
{
    struct talk talk = begin(&quiet);

    talk_sent(&talk, success_of(6));
    talk_received(&talk, only(IO_TIMEOUT), NULL);
    talk_received(&talk, only(IO_TIMEOUT), NULL);
    receive(&talk, "HE");
    receive(&talk, "LLO");
    receive(&talk, "\n");
    talk_received(&talk, only(IO_TIMEOUT), NULL);
    return end(&talk);
}

static void are_times_and_bytes_said(void **state)
{
    child_run(&child, time_out_then_receive_in_parts, NULL, NULL);
    assert_child("timeouts, and an answer in three parts", &child, 0, "HELLO\n",
                 "TIMEOUT after 0.5 s\n"
                 "TIMEOUT after 0.5 s x 2\n"
                 "SUCCESS 2 bytes\n"
                 "SUCCESS 6 bytes x 3\n"
                 "TIMEOUT after 0.5 s\n"
                 "CONNECTION_CLOSED\n");
}

static int meet_what_looks_alike(const void *data)
{
    struct talk talk = begin(&verbose);

    talk_received(&talk, only(IO_NO_DATA), NULL);
    talk_sent(&talk, only(IO_NO_DATA));
    talk_received(&talk, error_of(ENOBUFS), NULL);
    talk_received(&talk, error_of(ECONNRESET), NULL);
    return 0;
}

static void is_only_the_same_folded(void **state)
{
    child_run(&child, meet_what_looks_alike, NULL, NULL);
    assert_child("a recv() and a send(), and two errors", &child, 0, "",
                 "NO_DATA\n"
                 "send NO_DATA\n"
                 "ERROR No buffer space available (ENOBUFS)\n"
                 "ERROR Connection reset by peer (ECONNRESET)\n");
}

static int send_in_all_ways(const void *data)
{
    struct talk talk = begin(data);

    talk_sent(&talk, success_of(6));
    talk_sent(&talk, only(IO_NO_DATA));
    talk_sent(&talk, only(IO_CONNECTION_CLOSED));
    talk_sent(&talk, error_of(ECONNRESET));
    return 0;
}

static void are_sends_said_when_they_fail_or_with_v(void **state)
{
    child_run(&child, send_in_all_ways, &verbose, NULL);
    assert_child("sends with -v", &child, 0, "",
                 "send SUCCESS 6 bytes\n"
                 "send NO_DATA\n"
                 "send CONNECTION_CLOSED\n"
                 "send ERROR Connection reset by peer (ECONNRESET)\n");
    child_run(&child, send_in_all_ways, &quiet, NULL);
    assert_child("sends without -v", &child, 0, "",
                 "send CONNECTION_CLOSED\n"
                 "send ERROR Connection reset by peer (ECONNRESET)\n");
}

/* ---- On a terminal ---- */

/* Leaves of every line what the terminal shows in the end: what stands behind the last carriage return. */
static void show_as_terminal(char *text)
{
    char *shown = text, *line = text;

    for (char *end_of_line; (end_of_line = strstr(line, "\r\n")) != NULL; line = end_of_line + 2) {
        *end_of_line = '\0';
        const char *last = strrchr(line, '\r');
        const char *visible = last == NULL ? line : last + 1;
        const size_t size = strlen(visible);
        memmove(shown, visible, size);
        shown[size] = '\n';
        shown += size + 1;
    }
    memmove(shown, line, strlen(line) + 1);
}

static void run_on_terminal(int (*program)(const void *data))
{
    if (child_run_on_terminal(&child, program, NULL, NULL))
        return;
    print_message("skipped: there is no terminal to be had\n");
    skip();
}

static int count_returns(const char *text)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\r';
    return n;
}

/* Does the line grow in place there, ten times a second at most, and stand right in the end? */
static void does_a_line_grow_on_a_terminal(void **state)
{
    run_on_terminal(wait_long);
    assert_status("NO_DATA, 214 times, on a terminal", &child, 0);
    if (strncmp(child.err, "\rNO_DATA\rNO_DATA x ", 19) != 0)
        fail_msg("the line must be written over itself, behind a \\r each time, but it was \"%s\"", child.err);
    if (count_returns(child.err) > 60)
        fail_msg("a terminal must be told ten times a second, not every time: \"%s\"", child.err);
    show_as_terminal(child.err);
    assert_text("NO_DATA, 214 times, on a terminal", "what it shows", child.err,
                "NO_DATA x 214\n"
                "SUCCESS 6 bytes\n"
                "CONNECTION_CLOSED\n");
}

static int answer(const void *data)
{
    struct talk talk = begin(&quiet);

    talk_sent(&talk, success_of(12));
    receive(&talk, "HELLO\n");
    receive(&talk, "WORLD\n");
    return end(&talk);
}

static int answer_on_the_terminal(const void *data)
{
    must(dup2(STDERR_FILENO, STDOUT_FILENO) != -1, "dup2");
    return answer(data);
}

/* What if the answers go to the same terminal? They stand in lines of their own. */
static void do_answers_stand_between_the_lines(void **state)
{
    run_on_terminal(answer_on_the_terminal);
    assert_status("answers on the terminal", &child, 0);
    show_as_terminal(child.err);
    assert_text("answers on the terminal", "what it shows", child.err,
                "SUCCESS 6 bytes\n"
                "HELLO\n"
                "SUCCESS 6 bytes\n"
                "WORLD\n"
                "CONNECTION_CLOSED\n");
}

/* What if the answers go into a file? Then nothing stands between the statuses, and a long answer is still one line. */
static void are_statuses_folded_when_answers_go_elsewhere(void **state)
{
    run_on_terminal(answer);
    assert_child("answers into a file", &child, 0, "HELLO\nWORLD\n", child.err);
    show_as_terminal(child.err);
    assert_text("answers into a file", "what the terminal shows", child.err,
                "SUCCESS 12 bytes x 2\n"
                "CONNECTION_CLOSED\n");
}

/* ---- Answers ---- */

static int receive_all_bytes(const void *data)
{
    struct talk talk = begin(&quiet);

    talk_sent(&talk, success_of(4));
    talk_received(&talk, success_of(4), "A\0\xc3\xa4");
    return end(&talk);
}

static void are_answers_printed_byte_for_byte(void **state)
{
    child_run(&child, receive_all_bytes, NULL, NULL);
    assert_status("an answer with a NUL", &child, 0);
    assert_memory_equal(child.output, "A\0\xc3\xa4", 5);
}

static int answer_without_output(const void *data)
{
    struct talk talk = begin(&quiet);

    child_lose_output();
    talk_sent(&talk, success_of(6));
    receive(&talk, "HELLO\n");
    return end(&talk);
}

/* What if nobody reads our standard output, as in `client hello | true`? A line, and no death by SIGPIPE. */
static void what_if_the_answers_cannot_be_printed(void **state)
{
    child_run(&child, answer_without_output, NULL, NULL);
    assert_status("standard output that nobody reads", &child, 1);
    assert_non_null(strstr(child.err, "client: cannot write to standard output: "));
}

/* ---- The verdict ---- */

/* One end of a conversation. */
struct ending {
    const char *what;
    size_t sent, received;
    struct io_result last;
    bool input_ended;
    int status;
    const char *words;
};

static int end_so(const void *data)
{
    static const char answers[] = "ANSWERED\n";
    const struct ending *ending = data;
    struct talk talk = begin(&quiet);

    talk_sent(&talk, success_of(ending->sent));
    if (ending->received > 0)
        talk_received(&talk, success_of(ending->received), answers);
    if (ending->input_ended)
        talk_input_ended(&talk);
    talk_received(&talk, ending->last, NULL);
    printf("\n%s", talk_is_answered(&talk) ? "answered" : "waiting");
    return talk_end(&talk);
}

#define CLOSED                                                                                                         \
    {                                                                                                                  \
        IO_CONNECTION_CLOSED, 0, 0                                                                                     \
    }
#define RESET                                                                                                          \
    {                                                                                                                  \
        IO_ERROR, 0, ECONNRESET                                                                                        \
    }
#define BROKE_OFF "client: the connection broke off: "

static void is_the_verdict_right(void **state)
{
    static const struct ending endings[] = {
        {"all is answered", 6, 6, CLOSED, true, 0, ""},
        {"there is no input at all", 0, 0, CLOSED, true, 0, ""},
        {"answers are missing", 6, 2, CLOSED, true, 1, BROKE_OFF "2 of the 6 bytes sent were answered\n"},
        {"a reset, and answers are missing", 6, 0, RESET, true, 1, BROKE_OFF "0 of the 6 bytes sent were answered\n"},
        /* Every byte came back, but then no orderly end: something may be lost that we cannot know of. */
        {"a reset after the answers", 6, 6, RESET, true, 1, BROKE_OFF "6 of the 6 bytes sent were answered\n"},
        {"the server closes before all is sent", 6, 6, CLOSED, false, 1,
         BROKE_OFF "6 of the 6 bytes sent were answered, and the input was not at its end\n"},
        /* That is said; every reply came nevertheless. */
        {"the server floods", 6, 9, CLOSED, true, 0, "client: the server sent 3 bytes more than it was asked for\n"},
    };

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct ending *ending = &endings[i];
        child_run(&child, end_so, ending, NULL);
        assert_status(ending->what, &child, ending->status);
        const char *last = strstr(child.err, "client: ");
        assert_text(ending->what, "the verdict", last == NULL ? "" : last, ending->words);
        assert_text(ending->what, "talk_is_answered()", strrchr(child.output, '\n') + 1,
                    ending->received >= ending->sent ? "answered" : "waiting");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_messages_sent_as_lines),
        cmocka_unit_test(is_standard_input_sent_as_it_comes),
        cmocka_unit_test(what_if_standard_input_cannot_be_read),
        cmocka_unit_test(what_if_the_input_is_not_there_yet),
        cmocka_unit_test(what_if_one_can_wait_for_it),
        cmocka_unit_test(are_repeats_folded),
        cmocka_unit_test(is_the_first_said_at_once),
        cmocka_unit_test(are_times_and_bytes_said),
        cmocka_unit_test(is_only_the_same_folded),
        cmocka_unit_test(are_sends_said_when_they_fail_or_with_v),
        cmocka_unit_test(does_a_line_grow_on_a_terminal),
        cmocka_unit_test(are_statuses_folded_when_answers_go_elsewhere),
        cmocka_unit_test(do_answers_stand_between_the_lines),
        cmocka_unit_test(are_answers_printed_byte_for_byte),
        cmocka_unit_test(what_if_the_answers_cannot_be_printed),
        cmocka_unit_test(is_the_verdict_right),
    };

    unit_begin();
    return cmocka_run_group_tests_name("talk", tests, NULL, NULL);
}
