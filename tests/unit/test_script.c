/* test_script - does the parser read what was meant, and does it say in words what is wrong otherwise? */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "player/memory.h"
#include "player/models.h"
#include "player/script.h"
#include "player/text.h"
#include "player/verb.h"

enum { ERROR_SIZE = 512 };

/* In the tables. */
#define SERVERS SCRIPT_FOR_SERVERS
#define CLIENTS SCRIPT_FOR_CLIENTS

static struct script *script; /* the present test's: read by the test, freed after it */

static int free_script(void **state)
{
    script_free(script);
    script = NULL;
    return 0;
}

#define READING(test) cmocka_unit_test_teardown(test, free_script)

/* Instead of the one before. */
static void read_script(enum script_kind kind, const char *source)
{
    char error[ERROR_SIZE] = "";

    free_script(NULL);
    script = script_parse("folder/x.script", kind, source, error, sizeof error);
    if (script == NULL)
        fail_msg("%s\nin the script\n%s", error, source);
}

static void read_for_servers(const char *source)
{
    read_script(SERVERS, source);
}

/* ---- What is read ---- */

/* A line, and the step that it becomes: its verb, and what that needs. */
struct reading {
    const char *line, *phrase;
    struct step step;
};

static void assert_step(const struct step *step, const struct reading *reading)
{
    const struct step *expected = &reading->step;
    const struct {
        const char *what;
        uint64_t is, should_be;
    } numbers[] = {
        {"number of texts", (uint64_t)step->texts, (uint64_t)expected->texts},
        {"size", step->texts == 0 ? step->sizes[0] : 0, expected->sizes[0]},
        {"piece", step->piece, expected->piece},
        {"pause (ms)", step->every_ms, expected->every_ms},
        {"duration (ms)", step->duration_ms, expected->duration_ms},
        {"limit (ms)", step->within_ms, expected->within_ms},
        {"exit status", (uint64_t)step->exit_status, (uint64_t)expected->exit_status},
        {"number of threads", (uint64_t)step->threads, (uint64_t)expected->threads},
    };

    assert_text(reading->line, "its verb", step->verb->phrase, reading->phrase);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].is != numbers[i].should_be)
            fail_msg("%s: its %s must be %ju, but it is %ju", reading->line, numbers[i].what,
                     (uintmax_t)numbers[i].should_be, (uintmax_t)numbers[i].is);
    for (int i = 0; i < step->texts; i++)
        assert_text(reading->line, "its text", step->bytes[i], expected->bytes[i]);
}

static void assert_readings(enum script_kind kind, const struct reading *readings, size_t count)
{
    struct text source = {0};

    for (size_t i = 0; i < count; i++)
        text_add(&source, "%s\n", readings[i].line);
    read_script(kind, source.chars);
    text_free(&source);
    assert_int_equal(script->step_count, count);
    for (size_t i = 0; i < count; i++)
        assert_step(&script->steps[i], &readings[i]);
}

static const char *actor(int step)
{
    return script->actors[script->steps[step].actor];
}

static void is_every_verb_of_a_client_read(void **state)
{
    static const struct reading readings[] = {
        {"A wait 1s", "wait", {.duration_ms = 1000}},
        {"A connect", "connect", {0}},
        {"A send \"hi\"", "send", {.texts = 1, .bytes = {"hi"}}},
        {"A expect \"HI\" within 500ms", "expect", {.texts = 1, .bytes = {"HI"}, .within_ms = 500}},
        {"A send 2 KiB in pieces of 3 bytes every 10ms", "send", {.sizes = {2048}, .piece = 3, .every_ms = 10}},
        {"A expect nothing for 1.5s", "expect nothing", {.duration_ms = 1500}},
        {"A stop reading", "stop reading", {0}},
        {"A read on", "read on", {0}},
        {"A expect everything", "expect everything", {.sizes = {2048}}},
        {"A half-close", "half-close", {0}},
        {"A expect closed", "expect closed", {0}},
        {"A close", "close", {0}},
        {"A connect", "connect", {0}},
        {"A reset", "reset", {0}},
        {"A connect", "connect", {0}},
        {"A expect reset within 2s", "expect reset", {.within_ms = 2000}},
        {"server rests 300ms within 3s", "rests", {.duration_ms = 300, .within_ms = 3000}},
        {"server says \"full\" or \"EMFILE\" within 4s",
         "says",
         {.texts = 2, .bytes = {"full", "EMFILE"}, .within_ms = 4000}},
        {"A connect", "connect", {0}},
        {"A send 64 MiB", "send", {.sizes = {64UL * 1024 * 1024}}},
        {"A is stuck for 300ms", "is stuck", {.duration_ms = 300}},
        {"A is stuck for 400ms within 5s", "is stuck", {.duration_ms = 400, .within_ms = 5000}},
        {"server grows by at most 1.5 MiB", "grows by at most", {.sizes = {1536UL * 1024}}},
        {"server grows by at most 20 threads within 2s", "grows by at most", {.threads = 20, .within_ms = 2000}},
        {"B floods", "floods", {0}},
        {"server stops on SIGINT", "stops on SIGINT", {0}},
        {"server starts again within 5s", "starts again", {.within_ms = 5000}},
        {"server stops within 1s", "stops", {.within_ms = 1000}},
    };

    assert_readings(SERVERS, readings, sizeof readings / sizeof readings[0]);
}

static void is_every_verb_in_a_script_for_clients_read(void **state)
{
    static const struct reading readings[] = {
        {"server accept within 2s", "accept", {.within_ms = 2000}},
        {"server expect \"on\"", "expect", {.texts = 1, .bytes = {"on"}}},
        {"server send \"ON\"", "send", {.texts = 1, .bytes = {"ON"}}},
        {"server answer everything", "answer everything", {0}},
        {"client run", "run", {0}},
        {"client input \"one\\n\"", "input", {.texts = 1, .bytes = {"one\n"}}},
        {"client input 3 MiB", "input", {.sizes = {3UL * 1024 * 1024}}},
        {"client input ends", "input ends", {0}},
        {"client prints \"ONE\\n\" within 1s", "prints", {.texts = 1, .bytes = {"ONE\n"}, .within_ms = 1000}},
        {"client prints everything", "prints everything", {.sizes = {3UL * 1024 * 1024}}},
        {"client says \"SUCCESS\"", "says", {.texts = 1, .bytes = {"SUCCESS"}}},
        {"client exits 2 within 3s", "exits", {.exit_status = 2, .within_ms = 3000}},
    };

    assert_readings(CLIENTS, readings, sizeof readings / sizeof readings[0]);
    assert_false(script->refuses);
}

static void are_units_read_with_and_without_a_blank(void **state)
{
    static const struct reading readings[] = {
        {"A connect", "connect", {0}},
        {"A wait 500 ms", "wait", {.duration_ms = 500}},
        {"A wait 0.25 s", "wait", {.duration_ms = 250}},
        {"A wait 3600s", "wait", {.duration_ms = 3600000}},
        {"A send 1 byte", "send", {.sizes = {1}}},
        {"A send 300bytes", "send", {.sizes = {300}}},
        {"A send 1.5 KiB", "send", {.sizes = {1536}}},
        {"A send 1024 MiB", "send", {.sizes = {1073741824}}},
        {"A reset", "reset", {0}},
    };

    assert_readings(SERVERS, readings, sizeof readings / sizeof readings[0]);
}

static void check_rows(const struct verb *verbs)
{
    for (const struct verb *verb = verbs; verb->phrase != NULL; verb++) {
        const size_t length = strlen(verb->phrase);
        if (strstr(verb->usage, verb->phrase) == NULL || verb->roles == 0)
            fail_msg("%s: its usage is of another verb, or nobody can do it", verb->phrase);
        if (verb->begin == NULL && verb->check == NULL)
            fail_msg("%s: a step that neither begins nor is checked", verb->phrase);
        for (const struct verb *later = verb + 1; later->phrase != NULL; later++)
            if (strncmp(later->phrase, verb->phrase, length) == 0 && later->phrase[length] == ' ')
                fail_msg("%s is never read: %s stands above it", later->phrase, verb->phrase);
    }
}

static void is_the_row_of_every_verb_complete(void **state)
{
    check_rows(played_verbs);
    check_rows(tested_verbs);
}

static void is_a_client_run_with_its_messages(void **state)
{
    read_script(CLIENTS, "server refuses\nclient run \"one\" \"\" \"three\"\n");
    assert_true(script->refuses);
    assert_int_equal(script->step_count, 1);
    assert_int_equal(script->steps[0].texts, 3);
    assert_string_equal(script->steps[0].bytes[0], "one");
    assert_int_equal(script->steps[0].sizes[1], 0);
    assert_string_equal(script->steps[0].bytes[2], "three");
}

static void does_a_text_take_the_escapes_of_c(void **state)
{
    static const char expected[] = "\a\b\f\n\r\t\v\\\"'?|\0|\0019|\377|\xff"
                                   "A|\x0a|#|\xc3\xbc";

    read_for_servers("A connect\n"
                     "A send \"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'\\?|\\0|\\0019|\\377|\\xffA|"
                     "\\x0A|#|\xc3\xbc\"# a comment\n"
                     "A reset\n");
    assert_int_equal(script->steps[1].sizes[0], sizeof expected - 1);
    assert_memory_equal(script->steps[1].bytes[0], expected, sizeof expected);
}

static void does_a_range_become_a_step_for_each_client(void **state)
{
    read_for_servers("# crowd\n"
                     "C8..C11 connect\n"
                     "C8..C11 send \"Thread-{n} ping\"\n"
                     "C8..C11 expect \"THREAD-{n} PING\"\n"
                     "C9 close");
    assert_int_equal(script->step_count, 13);
    assert_int_equal(script->actor_count, 4);
    assert_string_equal(actor(0), "C8");
    assert_string_equal(actor(3), "C11");
    assert_string_equal(actor(12), "C9");
    assert_string_equal(script->steps[7].bytes[0], "Thread-11 ping");
    assert_string_equal(script->steps[8].bytes[0], "THREAD-8 PING");
    assert_int_equal(script->steps[7].line, 3);
    assert_string_equal(script->steps[7].text, "C8..C11 send \"Thread-{n} ping\"");
}

static void does_a_client_know_its_number_outside_a_range_too(void **state)
{
    read_for_servers("C123456 connect\nC123456 send \"{n}{n}{n} \\x7bn}\"\nC123456 reset");
    assert_string_equal(script->steps[1].bytes[0], "123456123456123456 {n}");
}

static void does_repeat_write_out_what_stands_in_it(void **state)
{
    static const int lines[] = {1, 3, 5, 3, 5, 3, 5, 8};
    static const int phases[] = {0, 0, 1, 1, 2, 2, 3, 4};

    read_for_servers("A connect\n"
                     "repeat 3\n"
                     "    A wait 1s\n"
                     "    sync\n"
                     "    A wait 2s\n"
                     "end\n"
                     "sync\n"
                     "A close\n");
    assert_int_equal(script->step_count, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(script->steps[i].line, lines[i]);
        assert_int_equal(script->steps[i].phase, phases[i]);
    }
    assert_int_equal(script->phase_count, 5);
    assert_string_equal(script->steps[3].text, "A wait 1s");
}

static void can_repeats_follow_each_other(void **state)
{
    read_for_servers("repeat 2\nA wait 1s\nend\nrepeat 1\nA wait 1s\nend\n");
    assert_int_equal(script->step_count, 3);
}

static void are_blanks_comments_and_windows_lines_nothing_special(void **state)
{
    read_for_servers("\r\n# a title \r\n\r\n \tA\t connect   # and a comment\r\n"
                     "#A nonsense\r\nA send\"#\"#\r\nA expect \t\"#\"");
    assert_int_equal(script->step_count, 3);
    assert_int_equal(script->line_count, 7);
    assert_string_equal(script->title, "a title");
    assert_int_equal(script->steps[0].line, 4);
    assert_string_equal(script->steps[0].text, "A\t connect   # and a comment");
}

static void is_a_sync_at_the_end_harmless(void **state)
{
    read_for_servers("A connect\nsync\n");
    assert_int_equal(script->step_count, 1);
    assert_int_equal(script->phase_count, 2);
}

static void are_the_limits_read(void **state)
{
    read_for_servers("limit descriptors 40\nlimit time 1.5s\nA connect\n");
    assert_int_equal(script->descriptors, 40);
    assert_int_equal(script->time_ms, 1500);
}

static void are_name_title_and_source_kept(void **state)
{
    static const char source[] = "\n# x: what if?\n# more\nA connect\n";

    read_for_servers(source);
    assert_string_equal(script->path, "folder/x.script");
    assert_string_equal(script->name, "x");
    assert_string_equal(script->title, "what if?");
    assert_string_equal(script->source, source);
    assert_int_equal(script->line_count, 5);

    read_for_servers("# xylophone: what if?\nA connect");
    assert_string_equal(script->title, "xylophone: what if?");
    read_for_servers("A connect");
    assert_string_equal(script->title, "");
}

/* ---- What is wrong ---- */

#define NO_NAME(text) "1: \"" text "\" is not a name: a name is letters, then perhaps a number, such as A or B7"

#define VERBS_OF_A_CLIENT                                                                                              \
    "connect, send, expect everything, expect closed, expect reset, expect nothing, expect, floods, is stuck, wait, "  \
    "half-close, close, reset, stop reading, read on"

/* Scripts, and where which mistake is found in them; "": none. */
static const struct {
    enum script_kind kind;
    const char *source, *mistake;
} mistakes[] = {
    /* What if there is no step? */
    {SERVERS, "", " there are no steps in it"},
    {SERVERS, "# only a comment\nsync\n", " there are no steps in it"},
    {CLIENTS, "server accept\n", " the client never runs; add: client run \"TEXT\""},
    /* What if the verb is unknown? */
    {SERVERS, "\nA conect\n", "2: there is no verb \"conect\" here; there are: " VERBS_OF_A_CLIENT},
    {SERVERS, "A\n", "1: a verb is missing after the name; there are: " VERBS_OF_A_CLIENT},
    {SERVERS, "server accept\n",
     "1: there is no verb \"accept\" here; there are: says, rests, grows by at most, "
     "stops on SIGINT, starts again, stops"},
    {CLIENTS, "client connect",
     "1: there is no verb \"connect\" here; there are: run, input ends, input, prints everything, prints, says, exits"},
    {CLIENTS, "server stops",
     "1: there is no verb \"stops\" here; there are: accept, send, expect everything, expect closed, expect reset, "
     "expect nothing, expect, answer everything, is stuck, wait, half-close, close, reset, stop reading, read on, "
     "refuses"},
    /* What if the name is none? */
    {SERVERS, "7 connect", NO_NAME("7")},
    {SERVERS, "A7b connect", NO_NAME("A7b")},
    {SERVERS, "\"A\" connect", "1: a step begins with a name, such as A, not with \"\\\"A\\\" connect\""},
    {SERVERS, "A01 connect", "1: \"A01\" is too long, or its number begins with 0"},
    {SERVERS, "A1234567 connect", "1: \"A1234567\" is too long, or its number begins with 0"},
    {SERVERS, "Abcdefghijklmnopqrstuvwxyzabcdefgh connect",
     "1: \"Abcdefghijklmnopqrstuvwxyzabcdefgh\" is too long, or its number begins with 0"},
    {SERVERS, "client run",
     "1: \"client\" is for scripts in the folder clients; here clients have names such as A or B7"},
    {SERVERS, "server1 stops", "1: the names \"server\" and \"client\" have no number"},
    {CLIENTS, "A connect", "1: in a script for clients there are only the names \"server\" and \"client\""},
    /* What if a range is none? */
    {SERVERS, "C5..C1 connect", "1: a range counts upwards: C1..C50"},
    {SERVERS, "A..C connect", "1: a range goes from one name to another that begins alike: C1..C50"},
    {SERVERS, "A..A connect", "1: a range counts upwards: C1..C50"},
    {SERVERS, "C1..D5 connect", "1: a range goes from one name to another that begins alike: C1..C50"},
    {SERVERS, "C1..5 connect", NO_NAME("5")},
    {SERVERS, "C1.. connect", NO_NAME("")},
    {SERVERS, "C1..C2..C3 connect", NO_NAME("C2..C3")},
    {SERVERS, "C1..C5001 connect", "1: more than 5000 clients in one range"},
    {SERVERS, "C1..C5000 connect\nD1..D5000 connect\n", "2: more than 5000 clients"},
    /* What if something is missing? */
    {SERVERS, "A connect\nA send",
     "2: a text in double quotes or a size such as 300 bytes is missing, there is nothing; write: NAME send \"TEXT\" "
     "or SIZE [in pieces of SIZE [every TIME]]"},
    {SERVERS, "A connect\nA expect # \"HELLO\"",
     "2: a text in double quotes is missing, there is nothing; write: NAME expect \"TEXT\" (or everything, closed, "
     "reset) [within TIME]"},
    {SERVERS, "A connect\nA expect HELLO",
     "2: a text in double quotes is missing, there is \"HELLO\"; write: NAME expect \"TEXT\" (or everything, closed, "
     "reset) [within TIME]"},
    {SERVERS, "A expect nothing", "1: for how long? There is nothing; write: NAME expect nothing for TIME"},
    {SERVERS, "A wait", "1: a time such as 500ms is missing, there is nothing; write: NAME wait TIME"},
    {SERVERS, "A wait a bit", "1: a time such as 500ms is missing, there is \"a\"; write: NAME wait TIME"},
    {SERVERS, "server stops within",
     "1: a time such as 500ms is missing, there is nothing; write: server stops [within TIME]"},
    {CLIENTS, "client exits", "1: an exit status is a whole number, not nothing"},
    {CLIENTS, "client says \"a\" or",
     "1: a text in double quotes is missing, there is nothing; write: NAME says \"TEXT\" [or \"TEXT\" ...] [within "
     "TIME]"},
    /* What if there is something too much? */
    {SERVERS, "A connect now", "1: there is \"now\" too much; write: NAME connect"},
    {SERVERS, "A connect \"now\"", "1: there is \"\\\"now\\\"\" too much; write: NAME connect"},
    {SERVERS, "A send \"a\" \"b\"",
     "1: there is \"\\\"b\\\"\" too much; write: NAME send \"TEXT\" or SIZE [in pieces of SIZE [every TIME]]"},
    {SERVERS, "A wait 1s please do", "1: there is \"please\" too much; write: NAME wait TIME"},
    {SERVERS, "sync all", "1: there is \"all\" too much; write: sync"},
    {SERVERS, "repeat 3 times", "1: there is \"times\" too much; write: repeat NUMBER"},
    {SERVERS, "repeat 3\nend it", "2: there is \"it\" too much; write: end"},
    {SERVERS, "limit descriptors 40 or so", "1: there is \"or\" too much; write: limit descriptors NUMBER"},
    {CLIENTS, "server refuses all", "1: there is \"all\" too much; write: server refuses"},
    /* What if a text is not right? */
    {SERVERS, "A send \"hello", "1: the text is not closed: a \" is missing at its end"},
    {SERVERS, "A send \"hello\\\"\nA wait 1s\n", "1: the text is not closed: a \" is missing at its end"},
    {SERVERS, "A send \"\"", "1: an empty text means nothing here"},
    {SERVERS, "A send \"\\q\"",
     "1: unknown escape \"\\\\q\"; there are \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\0 (octal) and \\xHH"},
    {SERVERS, "A send \"\\",
     "1: unknown escape \"\\\\\"; there are \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\0 (octal) and \\xHH"},
    {SERVERS, "A send \"\\x4\"", "1: \\x needs two hexadecimal digits after it: \\x0a"},
    {SERVERS, "A send \"\\400\"", "1: \\400 is more than a byte can hold: \\377 is the last"},
    {SERVERS, "A send \"{n}\"",
     "1: {n} stands for the client's number, and this one has none; \\x7bn} is the text itself"},
    {CLIENTS, "client run \"a\\0b\"", "1: a message on the command line cannot hold \\0; use: client input \"TEXT\""},
    {CLIENTS, "client run \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\"", "1: more than 8 texts in one step"},
    /* What if a size or time is not right? */
    {SERVERS, "A send 300", "1: a size needs a unit: bytes, KiB or MiB"},
    {SERVERS, "A send 3 KB", "1: \"KB\" is no unit of a size; there are bytes, KiB or MiB"},
    {SERVERS, "A send 0 bytes", "1: a size must be more than 0"},
    {SERVERS, "A send 1.5 bytes", "1: a size must be a whole number of bytes"},
    {SERVERS, "A send 1.0001 KiB", "1: \"1.0001\" has too many digits"},
    {SERVERS, "A send 1234567890 bytes", "1: \"1234567890\" has too many digits"},
    {SERVERS, "A send 1025 MiB", "1: too much: the most is 1024 MiB"},
    {SERVERS, "A send 1 MiB in pieces of 0 bytes", "1: a size must be more than 0"},
    {SERVERS, "A send 1 MiB in pieces of 10", "1: a size needs a unit: bytes, KiB or MiB"},
    {SERVERS, "A wait 500", "1: a time needs a unit: ms or s"},
    {SERVERS, "A wait 5 minutes", "1: \"minutes\" is no unit of a time; there are ms or s"},
    {SERVERS, "A wait 0s", "1: a time must be more than 0"},
    {SERVERS, "A wait 0.5ms", "1: a time must be a whole number of ms"},
    {SERVERS, "A wait 1.s", "1: a time such as 500ms is missing, there is \"1.s\"; write: NAME wait TIME"},
    {SERVERS, "A wait 3601s", "1: too much: the most is 3600s"},
    {SERVERS, "A wait -1s", "1: a time such as 500ms is missing, there is \"-1s\"; write: NAME wait TIME"},
    /* What if a number is not right? */
    {SERVERS, "repeat", "1: how often to repeat is a whole number, not nothing"},
    {SERVERS, "repeat twice", "1: how often to repeat is a whole number, not \"twice\""},
    {SERVERS, "repeat 0", "1: how often to repeat is a number from 1 to 1000, not \"0\""},
    {SERVERS, "repeat 99999999999999999999",
     "1: how often to repeat is a number from 1 to 1000, not \"99999999999999999999\""},
    {SERVERS, "limit descriptors 0", "1: how many descriptors is a number from 1 to 1000000, not \"0\""},
    {CLIENTS, "client exits 256", "1: an exit status is a number from 0 to 255, not \"256\""},
    {CLIENTS, "client exits -1", "1: an exit status is a whole number, not \"-1\""},
    /* What if repeat and end do not match? */
    {SERVERS, "A connect\nend\n", "2: an end without a repeat above it"},
    {SERVERS, "A connect\nrepeat 2\nA wait 1s\n", "2: a repeat without an end below it"},
    {SERVERS, "repeat 2\nrepeat 3\nend\nend\n", "2: a repeat inside the repeat of line 1"},
    /* What if a limit stands where it means nothing? */
    {SERVERS, "limit clients 40", "1: limit what? Write: limit descriptors NUMBER, or limit time TIME"},
    {SERVERS, "A connect\nlimit descriptors 40",
     "2: a limit stands before the first step: limit descriptors NUMBER, limit time TIME"},
    {SERVERS, "limit time soon", "1: a time such as 500ms is missing, there is \"soon\"; write: limit time TIME"},
    {SERVERS, "limit time 3s or so", "1: there is \"or\" too much; write: limit time TIME"},
    {CLIENTS, "limit descriptors 40", "1: limit descriptors is for scripts for servers"},
    {SERVERS, "server refuses", "1: server refuses is for scripts for clients"},
    {CLIENTS, "client run \"a\"\nserver refuses\nserver accept",
     "3: server does nothing else in a script in which it refuses"},
    /* What if there is no connection? */
    {SERVERS, "B connect\nA send \"hi\"", "2: A is not connected yet: \"A connect\" comes first"},
    {CLIENTS, "client run\nserver close", "2: server is not connected yet: \"server accept\" comes first"},
    {SERVERS, "A connect\nA connect", "2: A is connected already; close or reset it first"},
    {SERVERS, "repeat 2\nA connect\nend", "2: A is connected already; close or reset it first"},
    {SERVERS, "A connect\nA close\nA send \"hi\"", "3: after \"A close\" only \"A connect\" can follow"},
    {SERVERS, "A connect\nA reset\nA close", "3: after \"A reset\" only \"A connect\" can follow"},
    {SERVERS, "A connect\nA expect reset\nA half-close", "3: after \"A expect reset\" only \"A connect\" can follow"},
    {CLIENTS, "client run\nserver accept\nserver close\nserver send \"a\"", "4: nothing can follow \"server close\""},
    {CLIENTS, "client run\nserver accept\nserver answer everything\nserver close",
     "4: nothing can follow \"server answer everything\""},
    {CLIENTS, "client run\nserver accept\nserver close\nserver accept",
     "4: server accepts one connection in a script, and it has done so above"},
    /* What if an end can do no more? */
    {SERVERS, "A connect\nA half-close\nA send \"hi\"", "3: A cannot send any more after its half-close"},
    {SERVERS, "A connect\nA expect closed\nA send \"hi\"",
     "3: A cannot send: the server has closed the connection above"},
    {SERVERS, "A connect\nA half-close\nA half-close", "3: A has done its half-close already"},
    {CLIENTS, "client run\nserver accept\nserver half-close\nserver answer everything",
     "4: server cannot send any more after its half-close"},
    {SERVERS, "A connect\nA expect closed\nA expect nothing for 1s",
     "3: nothing comes after the end that A expected above"},
    {SERVERS, "A connect\nA stop reading\nA expect closed", "3: A has stopped reading; \"A read on\" comes first"},
    {SERVERS, "A connect\nA stop reading\nA stop reading", "3: A has stopped reading already"},
    {SERVERS, "A connect\nA read on", "2: A has not stopped reading"},
    {SERVERS, "server stops\nserver rests 1s", "2: the server was stopped above"},
    {SERVERS, "server stops\nserver grows by at most 1 MiB", "2: the server was stopped above"},
    {SERVERS, "server stops\nserver stops on SIGINT", "2: the server was stopped above"},
    {SERVERS, "server starts again", "1: the server runs: \"server stops\" comes first"},
    {SERVERS, "A connect\nA close\nA floods", "3: A has been connected above: another client must flood"},
    {SERVERS, "A floods\nA send \"x\"", "2: after \"A floods\" only \"A connect\" can follow"},
    {SERVERS, "server grows by at most 20 clients", "1: \"clients\" is no unit of a size; there are bytes, KiB or MiB"},
    {SERVERS, "server grows by at most 0 threads", "1: how many threads is a number from 1 to 1000000, not \"0\""},
    /* What if nothing can get stuck? */
    {SERVERS, "A is stuck for 1s", "1: A is not connected yet: \"A connect\" comes first"},
    {SERVERS, "A connect\n\n\nA is stuck for 1s", "4: A has nothing to send with which it could be stuck"},
    {SERVERS, "A connect\nA send 16 MiB\nA expect everything\nA is stuck for 1s",
     "4: A has nothing to send with which it could be stuck"},
    {SERVERS, "A connect\nA send 16 MiB\nA reset\nA connect\nA is stuck for 1s",
     "5: A has nothing to send with which it could be stuck"},
    {SERVERS, "A connect\nA send 8 MiB\nA send 55 MiB\nA is stuck for 1s",
     "4: so little may fit into the system's buffers: to be stuck, A must have 64 MiB to send"},
    {SERVERS, "A connect\nA is stuck",
     "2: for how long? There is nothing; write: NAME is stuck for TIME [within TIME]"},
    {SERVERS, "A connect\nA stop reading\nA send 8 MiB\nA send 56 MiB\nA is stuck for 1s", ""},
    {CLIENTS, "client run\nserver accept\nserver send 64 MiB\nserver is stuck for 1s\nserver reset", ""},
    /* What if something is expected that cannot come? */
    {SERVERS, "A connect\nA send \"hello\"\nA expect \"HELO\"", "3: A expects \"HELO\", but what comes is \"HELLO\""},
    {SERVERS, "A connect\nA send \"hello\"\nA expect \"hello\"", "3: A expects \"hello\", but what comes is \"HELLO\""},
    {SERVERS, "A connect\nA send \"hello\"\nA expect \"HEL\"\nA expect \"LOW\"",
     "4: A expects \"LOW\", but what comes is \"LO\""},
    {SERVERS, "A connect\nA expect \"HELLO\"", "2: A expects \"HELLO\", but nothing more is to come"},
    {SERVERS, "A connect\nA send \"x\"\nA close\nA connect\nA expect \"X\"",
     "5: A expects \"X\", but nothing more is to come"},
    {SERVERS, "A connect\nA send \"a\"\nA send 1 KiB\nA expect \"AB\"",
     "4: bytes of a SIZE are to come, which only \"A expect everything\" knows"},
    {SERVERS, "A connect\nA expect everything", "2: A expects everything, but nothing more is to come"},
    {SERVERS, "C1..C3 connect\nC1..C3 send \"{n}\"\nC1..C3 expect \"1\"",
     "3: C2 expects \"1\", but what comes is \"2\""},
    {CLIENTS, "client run \"one\" \"two\"\nserver accept\nserver expect \"onetwo\"",
     "3: server expects \"onetwo\", but what comes is \"one\\ntwo\\n\""},
    /* What if something comes that is not expected? */
    {SERVERS, "A connect\nA send \"hi\"\nA half-close\nA expect closed",
     "4: A expects the end, but more bytes come before it; add: A expect everything"},
    {SERVERS, "A connect\nA send \"hi\"\nA expect \"H\"",
     "2: A never expects all of what comes to it; add: A expect everything"},
    {SERVERS, "A connect\nA send 1 KiB", "2: A never expects all of what comes to it; add: A expect everything"},
    {CLIENTS, "server accept\nserver expect \"hello\"\nclient run \"hello\"",
     "1: server never expects all of what comes to it; add: server expect everything"},
    {SERVERS, "A connect\nA send \"hi\"\nA stop reading",
     "2: A never expects all of what comes to it; add: A expect everything"},
    {CLIENTS, "client run \"hi\"\nserver accept\nserver expect \"hi\\n\"\nserver send \"HI\"",
     "4: the client prints what the server sends; add: client prints everything"},
    {CLIENTS, "client run \"hi\"\nserver accept\nserver answer everything",
     "3: the client prints what the server sends; add: client prints everything"},
    {CLIENTS, "client run\nclient input 1 KiB\nserver accept",
     "3: server never expects all of what comes to it; add: server expect everything"},
    {SERVERS,
     "A connect\nA send \"hel\"\nA send \"lo\"\nA expect \"HELL\"\nA expect \"O\"\n"
     "A send \"a\"\nA send 1 KiB\nA expect \"A\"\nA expect everything\n"
     "A send \"b\"\nA expect \"B\"\nA close\n"
     "A connect\nA send \"c\"\nA expect \"C\"\n",
     ""},
    /* Does `everything` reach to the next sync only? */
    {CLIENTS,
     "client run\nclient input \"one\"\nserver accept\nserver expect everything\n"
     "sync\nclient input \"two\"\nserver expect \"two\"",
     ""},
    {CLIENTS,
     "client run\nclient input \"one\"\nserver accept\nserver expect everything\n"
     "sync\nclient input \"two\"\n",
     "3: server never expects all of what comes to it; add: server expect everything"},
    /* May bytes be left where nobody can expect them? */
    {SERVERS, "A connect\nA send \"x\"\nA close", ""}, /* it does not want to know */
    {SERVERS, "A connect\nA send \"x\"\nA reset\nA connect", ""}, /* nor here, and the new connection is empty */
    {SERVERS, "A connect\nA stop reading\nA send 1 MiB", ""}, /* it takes nothing */
    {SERVERS, "A connect\nA send \"x\"\nserver stops", ""}, /* the server may be gone before it answers */
    {SERVERS, "A connect\nA send 1 MiB\nserver stops\nA expect closed", ""}, /* likewise */
    {SERVERS, "A connect\nA send \"x\"\nserver stops\nA expect closed", ""},
    {CLIENTS, "client run\nserver accept\nserver send \"x\"\nserver reset", ""},
    /* What if the client under test is used in the wrong order? */
    {CLIENTS, "client input \"a\"\nclient run", "1: client does not run yet: \"client run\" comes first"},
    {CLIENTS, "client says \"a\"\nclient run", "1: client does not run yet: \"client run\" comes first"},
    {CLIENTS, "client exits 0\nclient run", "1: client does not run yet: \"client run\" comes first"},
    {CLIENTS, "client run\nclient run", "2: client runs once in a script, and it has been run above"},
    {CLIENTS, "client run \"a\"\nclient input \"b\"",
     "2: client takes no more input: it was run with messages, or its input ended above"},
    {CLIENTS, "client run\nclient input ends\nclient input ends",
     "3: client takes no more input: it was run with messages, or its input ended above"},
    {CLIENTS, "client run\nclient exits 0\nclient input ends", "3: client has ended above and takes no input"},
    {CLIENTS, "client run\nclient exits 0\nclient exits 0", "3: client has ended above"},
};

static void assert_mistake(enum script_kind kind, const char *source, const char *mistake)
{
    char error[ERROR_SIZE] = "", expected[ERROR_SIZE];

    free_script(NULL);
    script = script_parse("x.script", kind, source, error, sizeof error);
    snprintf(expected, sizeof expected, "%s%s", mistake[0] != '\0' ? "x.script:" : "", mistake);
    assert_text(source, "what is said of this script", error, expected);
}

static void is_every_mistake_told(void **state)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        assert_mistake(mistakes[i].kind, mistakes[i].source, mistakes[i].mistake);
}

static char *repeated(const char *text, size_t times)
{
    const size_t length = strlen(text);
    char *all = memory_zeroed(1, length * times + 1);

    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, text, length);
    return all;
}

static void what_if_a_script_is_far_too_large(void **state)
{
    char *text = repeated("a", 60000);
    char source[60100];

    assert_mistake(SERVERS, "C1..C1000 wait 1s\nrepeat 1000\nC1..C1000 wait 1s\nend",
                   "3: more than 100000 steps once ranges and repeats are written out");
    snprintf(source, sizeof source, "C1..C5000 connect\nC1..C5000 send \"%s\"", text);
    assert_mistake(SERVERS, source, "2: too large once its ranges are written out");
    free(text);
}

/* Then reading takes no more memory, and hardly more time, than the file is long. */
static void do_repeated_steps_share_their_texts(void **state)
{
    char *text = repeated("a", 60000);
    char source[60100];

    snprintf(source, sizeof source, "A connect\nrepeat 1000\nA send \"%s\"\nend\nA reset", text);
    read_for_servers(source);
    assert_int_equal(script->step_count, 1002);
    for (int i = 2; i <= 1000; i++)
        assert_ptr_equal(script->steps[i].bytes[0], script->steps[1].bytes[0]);
    free(text);
}

/* ---- Files ---- */

/* Writes a script to a temporary file, reads it, and removes it. */
static void read_back(const char *bytes, size_t size, char *error)
{
    char path[] = "/tmp/test_script.XXXXXX";
    const int fd = mkstemp(path);

    assert_true(fd != -1);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    script = script_read(path, error, ERROR_SIZE);
    unlink(path);
}

static void what_if_the_file_cannot_be_read(void **state)
{
    char error[ERROR_SIZE];

    assert_null(script_read("no/such.script", error, sizeof error));
    assert_string_equal(error, "no/such.script: No such file or directory");
    assert_null(script_read("/tmp", error, sizeof error));
    assert_string_equal(error, "/tmp: Is a directory");
}

static void what_if_the_file_is_no_text(void **state)
{
    static const char bytes[] = "A connect\nA \0 close\n";
    char error[ERROR_SIZE];

    read_back(bytes, sizeof bytes - 1, error);
    assert_null(script);
    assert_non_null(strstr(error, ":2: a NUL byte: this is no text file"));
}

static void what_if_the_file_is_too_large(void **state)
{
    char *large = repeated("# so much to say\n", 4000);
    char error[ERROR_SIZE];

    read_back(large, strlen(large), error);
    assert_null(script);
    assert_non_null(strstr(error, ": too large: a script has at most 64 KiB"));
    free(large);
}

static void what_if_the_room_for_the_message_is_small(void **state)
{
    char error[12];

    assert_null(script_parse("x.script", SCRIPT_FOR_SERVERS, "A conect", error, sizeof error));
    assert_string_equal(error, "x.script:1:");
}

static void can_every_script_of_the_suite_be_read(void **state)
{
    char error[ERROR_SIZE] = "";
    struct scripts scripts;
    int count[] = {[SERVERS] = 0, [CLIENTS] = 0};

    if (!scripts_read(&scripts, error, sizeof error))
        fail_msg("%s", error);
    for (size_t i = 0; i < scripts.count; i++) {
        const struct script *one = scripts.items[i];
        const bool is_for_clients = strncmp(one->path, "tests/scripts/clients/", 22) == 0;
        assert_int_equal(one->kind, is_for_clients ? CLIENTS : SERVERS);
        if (strchr(one->title, '?') == NULL || strstr(one->source, one->name) != one->source + 2)
            fail_msg("%s does not begin with \"# %s: \" and a question", one->path, one->name);
        count[one->kind]++;
    }
    if (count[SERVERS] == 0 || count[CLIENTS] == 0)
        fail_msg("The scripts are not here: the tests run in the folder above tests/.");
    scripts_free(&scripts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(is_every_verb_of_a_client_read),
        READING(is_every_verb_in_a_script_for_clients_read),
        cmocka_unit_test(is_the_row_of_every_verb_complete),
        READING(is_a_client_run_with_its_messages),
        READING(does_a_text_take_the_escapes_of_c),
        READING(are_units_read_with_and_without_a_blank),
        READING(does_a_range_become_a_step_for_each_client),
        READING(does_a_client_know_its_number_outside_a_range_too),
        READING(does_repeat_write_out_what_stands_in_it),
        READING(can_repeats_follow_each_other),
        READING(are_blanks_comments_and_windows_lines_nothing_special),
        READING(is_a_sync_at_the_end_harmless),
        READING(are_the_limits_read),
        READING(are_name_title_and_source_kept),
        READING(is_every_mistake_told),
        READING(what_if_a_script_is_far_too_large),
        READING(do_repeated_steps_share_their_texts),
        cmocka_unit_test(what_if_the_file_cannot_be_read),
        READING(what_if_the_file_is_no_text),
        READING(what_if_the_file_is_too_large),
        cmocka_unit_test(what_if_the_room_for_the_message_is_small),
        cmocka_unit_test(can_every_script_of_the_suite_be_read),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
