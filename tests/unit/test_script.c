/* test_script - does the parser read what was meant, and does it say in words what is wrong otherwise? */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "player/memory.h"
#include "player/script.h"
#include "player/verb.h"

enum { ERROR_SIZE = 512 };

static struct script *parse(enum script_kind kind, const char *source)
{
    char error[ERROR_SIZE] = "";
    struct script *script = script_parse("folder/x.script", kind, source, error, sizeof error);

    if (script == NULL)
        fail_msg("%s", error);
    return script;
}

static struct script *parse_for_servers(const char *source)
{
    return parse(SCRIPT_FOR_SERVERS, source);
}

static struct script *parse_for_clients(const char *source)
{
    return parse(SCRIPT_FOR_CLIENTS, source);
}

static void expect_mistake(enum script_kind kind, const char *source, const char *mistake)
{
    char error[ERROR_SIZE] = "";
    char expected[ERROR_SIZE];
    struct script *script = script_parse("x.script", kind, source, error, sizeof error);

    if (script != NULL)
        fail_msg("no mistake found in: %s", source);
    snprintf(expected, sizeof expected, "x.script:%s", mistake);
    assert_string_equal(error, expected);
}

static void servers_mistake(const char *source, const char *mistake)
{
    expect_mistake(SCRIPT_FOR_SERVERS, source, mistake);
}

static void clients_mistake(const char *source, const char *mistake)
{
    expect_mistake(SCRIPT_FOR_CLIENTS, source, mistake);
}

static const char *actor(const struct script *script, int step)
{
    return script->actors[script->steps[step].actor];
}

static void assert_verbs(const struct script *script, const char *const *phrases, size_t count)
{
    assert_int_equal(script->step_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(script->steps[i].verb->phrase, phrases[i]);
}

/* ---- What is read ---- */

static void is_every_verb_of_a_client_read(void **state)
{
    static const char *const phrases[] = {"wait",         "connect",       "send",
                                          "expect",       "send",          "expect nothing",
                                          "stop reading", "read on",       "expect everything",
                                          "half-close",   "expect closed", "close",
                                          "connect",      "reset",         "connect",
                                          "expect reset", "rests",         "says",
                                          "connect",      "send",          "is stuck",
                                          "is stuck",     "stops"};
    struct script *script = parse_for_servers("A wait 1s\n"
                                              "A connect\n"
                                              "A send \"hi\"\n"
                                              "A expect \"HI\" within 500ms\n"
                                              "A send 2 KiB in pieces of 3 bytes every 10ms\n"
                                              "A expect nothing for 1.5s\n"
                                              "A stop reading\n"
                                              "A read on\n"
                                              "A expect everything\n"
                                              "A half-close\n"
                                              "A expect closed\n"
                                              "A close\n"
                                              "A connect\n"
                                              "A reset\n"
                                              "A connect\n"
                                              "A expect reset within 2s\n"
                                              "server rests 300ms within 3s\n"
                                              "server says \"full\" or \"EMFILE\" within 4s\n"
                                              "A connect\n"
                                              "A send 64 MiB\n"
                                              "A is stuck for 300ms\n"
                                              "A is stuck for 400ms within 5s\n"
                                              "server stops within 1s\n");

    assert_verbs(script, phrases, sizeof phrases / sizeof phrases[0]);
    assert_int_equal(script->steps[0].duration_ms, 1000);
    assert_string_equal(script->steps[2].bytes[0], "hi");
    assert_int_equal(script->steps[3].within_ms, 500);
    assert_int_equal(script->steps[4].texts, 0);
    assert_int_equal(script->steps[4].sizes[0], 2048);
    assert_int_equal(script->steps[4].piece, 3);
    assert_int_equal(script->steps[4].every_ms, 10);
    assert_int_equal(script->steps[5].duration_ms, 1500);
    assert_int_equal(script->steps[8].within_ms, 0);
    assert_int_equal(script->steps[15].within_ms, 2000);
    assert_int_equal(script->steps[16].duration_ms, 300);
    assert_int_equal(script->steps[16].within_ms, 3000);
    assert_int_equal(script->steps[17].texts, 2);
    assert_string_equal(script->steps[17].bytes[1], "EMFILE");
    assert_int_equal(script->steps[20].duration_ms, 300);
    assert_int_equal(script->steps[20].within_ms, 0);
    assert_int_equal(script->steps[21].duration_ms, 400);
    assert_int_equal(script->steps[21].within_ms, 5000);
    assert_int_equal(script->steps[22].within_ms, 1000);
    script_free(script);
}

static void is_every_verb_in_a_script_for_clients_read(void **state)
{
    static const char *const phrases[] = {"accept", "expect",     "send",   "answer everything", "run",  "input",
                                          "input",  "input ends", "prints", "prints everything", "says", "exits"};
    struct script *script = parse_for_clients("server accept within 2s\n"
                                              "server expect \"on\"\n"
                                              "server send \"ON\"\n"
                                              "server answer everything\n"
                                              "client run\n"
                                              "client input \"one\\n\"\n"
                                              "client input 3 MiB\n"
                                              "client input ends\n"
                                              "client prints \"ONE\\n\" within 1s\n"
                                              "client prints everything\n"
                                              "client says \"SUCCESS\"\n"
                                              "client exits 2 within 3s\n");

    assert_verbs(script, phrases, sizeof phrases / sizeof phrases[0]);
    assert_int_equal(script->steps[0].within_ms, 2000);
    assert_int_equal(script->steps[4].texts, 0);
    assert_int_equal(script->steps[6].sizes[0], 3 * 1024 * 1024);
    assert_int_equal(script->steps[8].within_ms, 1000);
    assert_int_equal(script->steps[11].exit_status, 2);
    assert_int_equal(script->steps[11].within_ms, 3000);
    assert_false(script->refuses);
    script_free(script);
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
    struct script *script = parse_for_clients("server refuses\nclient run \"one\" \"\" \"three\"\n");

    assert_true(script->refuses);
    assert_int_equal(script->step_count, 1);
    assert_int_equal(script->steps[0].texts, 3);
    assert_string_equal(script->steps[0].bytes[0], "one");
    assert_int_equal(script->steps[0].sizes[1], 0);
    assert_string_equal(script->steps[0].bytes[2], "three");
    script_free(script);
}

static void does_a_text_take_the_escapes_of_c(void **state)
{
    static const char expected[] = "\a\b\f\n\r\t\v\\\"'?|\0|\0019|\377|\xff"
                                   "A|\x0a|#|\xc3\xbc";
    struct script *script = parse_for_servers("A connect\n"
                                              "A send \"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'\\?|\\0|\\0019|\\377|\\xffA|"
                                              "\\x0A|#|\xc3\xbc\"# a comment\n"
                                              "A reset\n");

    assert_int_equal(script->steps[1].sizes[0], sizeof expected - 1);
    assert_memory_equal(script->steps[1].bytes[0], expected, sizeof expected);
    script_free(script);
}

static void are_units_read_with_and_without_a_blank(void **state)
{
    struct script *script = parse_for_servers("A connect\n"
                                              "A wait 500 ms\nA wait 0.25 s\nA wait 3600s\n"
                                              "A send 1 byte\nA send 300bytes\nA send 1.5 KiB\nA send 1024 MiB\n"
                                              "A reset");

    assert_int_equal(script->steps[1].duration_ms, 500);
    assert_int_equal(script->steps[2].duration_ms, 250);
    assert_int_equal(script->steps[3].duration_ms, 3600000);
    assert_int_equal(script->steps[4].sizes[0], 1);
    assert_int_equal(script->steps[5].sizes[0], 300);
    assert_int_equal(script->steps[6].sizes[0], 1536);
    assert_int_equal(script->steps[7].sizes[0], 1073741824);
    script_free(script);
}

static void does_a_range_become_a_step_for_each_client(void **state)
{
    struct script *script = parse_for_servers("# crowd\n"
                                              "C8..C11 connect\n"
                                              "C8..C11 send \"Thread-{n} ping\"\n"
                                              "C8..C11 expect \"THREAD-{n} PING\"\n"
                                              "C9 close");

    assert_int_equal(script->step_count, 13);
    assert_int_equal(script->actor_count, 4);
    assert_string_equal(actor(script, 0), "C8");
    assert_string_equal(actor(script, 3), "C11");
    assert_string_equal(actor(script, 12), "C9");
    assert_string_equal(script->steps[7].bytes[0], "Thread-11 ping");
    assert_string_equal(script->steps[8].bytes[0], "THREAD-8 PING");
    assert_int_equal(script->steps[7].line, 3);
    assert_string_equal(script->steps[7].text, "C8..C11 send \"Thread-{n} ping\"");
    script_free(script);
}

static void does_a_client_know_its_number_outside_a_range_too(void **state)
{
    struct script *script = parse_for_servers("C123456 connect\nC123456 send \"{n}{n}{n} \\x7bn}\"\nC123456 reset");

    assert_string_equal(script->steps[1].bytes[0], "123456123456123456 {n}");
    script_free(script);
}

static void does_repeat_write_out_what_stands_in_it(void **state)
{
    static const int lines[] = {1, 3, 5, 3, 5, 3, 5, 8};
    static const int phases[] = {0, 0, 1, 1, 2, 2, 3, 4};
    struct script *script = parse_for_servers("A connect\n"
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
    script_free(script);
}

static void can_repeats_follow_each_other(void **state)
{
    struct script *script = parse_for_servers("repeat 2\nA wait 1s\nend\nrepeat 1\nA wait 1s\nend\n");

    assert_int_equal(script->step_count, 3);
    script_free(script);
}

static void are_blanks_comments_and_windows_lines_nothing_special(void **state)
{
    struct script *script = parse_for_servers("\r\n# a title \r\n\r\n \tA\t connect   # and a comment\r\n"
                                              "#A nonsense\r\nA send\"#\"#\r\nA expect \t\"#\"");

    assert_int_equal(script->step_count, 3);
    assert_int_equal(script->line_count, 7);
    assert_string_equal(script->title, "a title");
    assert_int_equal(script->steps[0].line, 4);
    assert_string_equal(script->steps[0].text, "A\t connect   # and a comment");
    script_free(script);
}

static void is_a_sync_at_the_end_harmless(void **state)
{
    struct script *script = parse_for_servers("A connect\nsync\n");

    assert_int_equal(script->step_count, 1);
    assert_int_equal(script->phase_count, 2);
    script_free(script);
}

static void is_the_limit_on_descriptors_read(void **state)
{
    struct script *script = parse_for_servers("limit descriptors 40\nA connect\n");

    assert_int_equal(script->descriptors, 40);
    script_free(script);
}

static void are_name_title_and_source_kept(void **state)
{
    static const char source[] = "\n# x: what if?\n# more\nA connect\n";
    struct script *script = parse_for_servers(source);

    assert_string_equal(script->path, "folder/x.script");
    assert_string_equal(script->name, "x");
    assert_string_equal(script->title, "what if?");
    assert_string_equal(script->source, source);
    assert_int_equal(script->line_count, 5);
    script_free(script);

    script = parse_for_servers("# xylophone: what if?\nA connect");
    assert_string_equal(script->title, "xylophone: what if?");
    script_free(script);
    script = parse_for_servers("A connect");
    assert_string_equal(script->title, "");
    script_free(script);
}

static void is_what_comes_followed_over_several_sends_and_expects(void **state)
{
    struct script *script = parse_for_servers("A connect\n"
                                              "A send \"hel\"\nA send \"lo\"\nA expect \"HELL\"\nA expect \"O\"\n"
                                              "A send \"a\"\nA send 1 KiB\nA expect \"A\"\nA expect everything\n"
                                              "A send \"b\"\nA expect \"B\"\nA close\n"
                                              "A connect\nA send \"c\"\nA expect \"C\"\n");

    script_free(script);
}

static void does_everything_reach_to_the_next_sync_only(void **state)
{
    struct script *script = parse_for_clients("client run\nclient input \"one\"\n"
                                              "server accept\nserver expect everything\n"
                                              "sync\n"
                                              "client input \"two\"\nserver expect \"two\"");

    script_free(script);
    clients_mistake("client run\nclient input \"one\"\nserver accept\nserver expect everything\n"
                    "sync\nclient input \"two\"\n",
                    "3: server never expects all of what comes to it; add: server expect everything");
}

static void may_bytes_be_left_where_nobody_can_expect_them(void **state)
{
    static const char *const sources[] = {
        "A connect\nA send \"x\"\nA close", /* it does not want to know */
        "A connect\nA send \"x\"\nA reset\nA connect", /* nor here, and the new connection is empty */
        "A connect\nA stop reading\nA send 1 MiB", /* it takes nothing */
        "A connect\nA send \"x\"\nserver stops", /* the server may be gone before it answers */
        "A connect\nA send 1 MiB\nserver stops\nA expect closed", /* likewise */
        "A connect\nA send \"x\"\nserver stops\nA expect closed"};

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        script_free(parse_for_servers(sources[i]));
    script_free(parse_for_clients("client run\nserver accept\nserver send \"x\"\nserver reset"));
}

/* ---- What is wrong ---- */

static void what_if_there_is_no_step(void **state)
{
    servers_mistake("", " there are no steps in it");
    servers_mistake("# only a comment\nsync\n", " there are no steps in it");
    clients_mistake("server accept\n", " the client never runs; add: client run \"TEXT\"");
}

static void what_if_the_verb_is_unknown(void **state)
{
    servers_mistake("\nA conect\n",
                    "2: there is no verb \"conect\" here; there are: connect, send, expect everything, "
                    "expect closed, expect reset, expect nothing, expect, is stuck, wait, half-close, close, "
                    "reset, stop reading, read on");
    servers_mistake("A\n",
                    "1: a verb is missing after the name; there are: connect, send, expect everything, "
                    "expect closed, expect reset, expect nothing, expect, is stuck, wait, half-close, close, reset, "
                    "stop reading, read on");
    servers_mistake("server accept\n", "1: there is no verb \"accept\" here; there are: says, rests, stops");
    clients_mistake("client connect", "1: there is no verb \"connect\" here; there are: run, input ends, input, "
                                      "prints everything, prints, says, exits");
    clients_mistake("server stops",
                    "1: there is no verb \"stops\" here; there are: accept, send, expect everything, "
                    "expect closed, expect reset, expect nothing, expect, answer everything, is stuck, wait, "
                    "half-close, close, reset, stop reading, read on, refuses");
}

static void what_if_the_name_is_none(void **state)
{
    servers_mistake("7 connect", "1: \"7\" is not a name: a name is letters, then perhaps a number, such as A or B7");
    servers_mistake("A7b connect",
                    "1: \"A7b\" is not a name: a name is letters, then perhaps a number, such as A or B7");
    servers_mistake("\"A\" connect", "1: a step begins with a name, such as A, not with \"\\\"A\\\" connect\"");
    servers_mistake("A01 connect", "1: \"A01\" is too long, or its number begins with 0");
    servers_mistake("A1234567 connect", "1: \"A1234567\" is too long, or its number begins with 0");
    servers_mistake("Abcdefghijklmnopqrstuvwxyzabcdefgh connect",
                    "1: \"Abcdefghijklmnopqrstuvwxyzabcdefgh\" is too long, or its number begins with 0");
    servers_mistake("client run", "1: \"client\" is for scripts in the folder clients; here clients have names such as "
                                  "A or B7");
    servers_mistake("server1 stops", "1: the names \"server\" and \"client\" have no number");
    clients_mistake("A connect", "1: in a script for clients there are only the names \"server\" and \"client\"");
}

static void what_if_a_range_is_none(void **state)
{
    servers_mistake("C5..C1 connect", "1: a range counts upwards: C1..C50");
    servers_mistake("A..C connect", "1: a range goes from one name to another that begins alike: C1..C50");
    servers_mistake("A..A connect", "1: a range counts upwards: C1..C50");
    servers_mistake("C1..D5 connect", "1: a range goes from one name to another that begins alike: C1..C50");
    servers_mistake("C1..5 connect",
                    "1: \"5\" is not a name: a name is letters, then perhaps a number, such as A or B7");
    servers_mistake("C1.. connect", "1: \"\" is not a name: a name is letters, then perhaps a number, such as A or B7");
    servers_mistake("C1..C2..C3 connect",
                    "1: \"C2..C3\" is not a name: a name is letters, then perhaps a number, such as A or B7");
    servers_mistake("C1..C5001 connect", "1: more than 5000 clients in one range");
    servers_mistake("C1..C5000 connect\nD1..D5000 connect\n", "2: more than 5000 clients");
}

static void what_if_something_is_missing(void **state)
{
    servers_mistake("A connect\nA send",
                    "2: a text in double quotes or a size such as 300 bytes is missing, there is nothing; write: NAME "
                    "send \"TEXT\" or SIZE [in pieces of SIZE [every TIME]]");
    servers_mistake("A connect\nA expect # \"HELLO\"",
                    "2: a text in double quotes is missing, there is nothing; write: NAME expect \"TEXT\" (or "
                    "everything, closed, reset) [within TIME]");
    servers_mistake("A connect\nA expect HELLO",
                    "2: a text in double quotes is missing, there is \"HELLO\"; write: NAME expect \"TEXT\" (or "
                    "everything, closed, reset) [within TIME]");
    servers_mistake("A expect nothing", "1: for how long? There is nothing; write: NAME expect nothing for TIME");
    servers_mistake("A wait", "1: a time such as 500ms is missing, there is nothing; write: NAME wait TIME");
    servers_mistake("A wait a bit", "1: a time such as 500ms is missing, there is \"a\"; write: NAME wait TIME");
    servers_mistake("server stops within",
                    "1: a time such as 500ms is missing, there is nothing; write: server stops [within TIME]");
    clients_mistake("client exits", "1: an exit status is a whole number, not nothing");
    clients_mistake("client says \"a\" or",
                    "1: a text in double quotes is missing, there is nothing; write: NAME says \"TEXT\" [or \"TEXT\" "
                    "...] [within TIME]");
}

static void what_if_there_is_something_too_much(void **state)
{
    servers_mistake("A connect now", "1: there is \"now\" too much; write: NAME connect");
    servers_mistake("A connect \"now\"", "1: there is \"\\\"now\\\"\" too much; write: NAME connect");
    servers_mistake("A send \"a\" \"b\"",
                    "1: there is \"\\\"b\\\"\" too much; write: NAME send \"TEXT\" or SIZE [in pieces of SIZE [every "
                    "TIME]]");
    servers_mistake("A wait 1s please do", "1: there is \"please\" too much; write: NAME wait TIME");
    servers_mistake("sync all", "1: there is \"all\" too much; write: sync");
    servers_mistake("repeat 3 times", "1: there is \"times\" too much; write: repeat NUMBER");
    servers_mistake("repeat 3\nend it", "2: there is \"it\" too much; write: end");
    servers_mistake("limit descriptors 40 or so", "1: there is \"or\" too much; write: limit descriptors NUMBER");
    clients_mistake("server refuses all", "1: there is \"all\" too much; write: server refuses");
}

static void what_if_a_text_is_not_right(void **state)
{
    servers_mistake("A send \"hello", "1: the text is not closed: a \" is missing at its end");
    servers_mistake("A send \"hello\\\"\nA wait 1s\n", "1: the text is not closed: a \" is missing at its end");
    servers_mistake("A send \"\"", "1: an empty text means nothing here");
    servers_mistake("A send \"\\q\"",
                    "1: unknown escape \"\\\\q\"; there are \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\0 "
                    "(octal) and \\xHH");
    servers_mistake("A send \"\\",
                    "1: unknown escape \"\\\\\"; there are \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\0 (octal) "
                    "and \\xHH");
    servers_mistake("A send \"\\x4\"", "1: \\x needs two hexadecimal digits after it: \\x0a");
    servers_mistake("A send \"\\400\"", "1: \\400 is more than a byte can hold: \\377 is the last");
    servers_mistake("A send \"{n}\"",
                    "1: {n} stands for the client's number, and this one has none; \\x7bn} is the text itself");
    clients_mistake("client run \"a\\0b\"",
                    "1: a message on the command line cannot hold \\0; use: client input \"TEXT\"");
    clients_mistake("client run \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\"", "1: more than 8 texts in one step");
}

static void what_if_a_size_or_time_is_not_right(void **state)
{
    servers_mistake("A send 300", "1: a size needs a unit: bytes, KiB or MiB");
    servers_mistake("A send 3 KB", "1: \"KB\" is no unit of a size; there are bytes, KiB or MiB");
    servers_mistake("A send 0 bytes", "1: a size must be more than 0");
    servers_mistake("A send 1.5 bytes", "1: a size must be a whole number of bytes");
    servers_mistake("A send 1.0001 KiB", "1: \"1.0001\" has too many digits");
    servers_mistake("A send 1234567890 bytes", "1: \"1234567890\" has too many digits");
    servers_mistake("A send 1025 MiB", "1: too much: the most is 1024 MiB");
    servers_mistake("A send 1 MiB in pieces of 0 bytes", "1: a size must be more than 0");
    servers_mistake("A send 1 MiB in pieces of 10", "1: a size needs a unit: bytes, KiB or MiB");
    servers_mistake("A wait 500", "1: a time needs a unit: ms or s");
    servers_mistake("A wait 5 minutes", "1: \"minutes\" is no unit of a time; there are ms or s");
    servers_mistake("A wait 0s", "1: a time must be more than 0");
    servers_mistake("A wait 0.5ms", "1: a time must be a whole number of ms");
    servers_mistake("A wait 1.s", "1: a time such as 500ms is missing, there is \"1.s\"; write: NAME wait TIME");
    servers_mistake("A wait 3601s", "1: too much: the most is 3600s");
    servers_mistake("A wait -1s", "1: a time such as 500ms is missing, there is \"-1s\"; write: NAME wait TIME");
}

static void what_if_a_number_is_not_right(void **state)
{
    servers_mistake("repeat", "1: how often to repeat is a whole number, not nothing");
    servers_mistake("repeat twice", "1: how often to repeat is a whole number, not \"twice\"");
    servers_mistake("repeat 0", "1: how often to repeat is a number from 1 to 1000, not \"0\"");
    servers_mistake("repeat 99999999999999999999",
                    "1: how often to repeat is a number from 1 to 1000, not \"99999999999999999999\"");
    servers_mistake("limit descriptors 0", "1: how many descriptors is a number from 1 to 1000000, not \"0\"");
    clients_mistake("client exits 256", "1: an exit status is a number from 0 to 255, not \"256\"");
    clients_mistake("client exits -1", "1: an exit status is a whole number, not \"-1\"");
}

static void what_if_repeat_and_end_do_not_match(void **state)
{
    servers_mistake("A connect\nend\n", "2: an end without a repeat above it");
    servers_mistake("A connect\nrepeat 2\nA wait 1s\n", "2: a repeat without an end below it");
    servers_mistake("repeat 2\nrepeat 3\nend\nend\n", "2: a repeat inside the repeat of line 1");
}

static void what_if_a_limit_stands_where_it_means_nothing(void **state)
{
    servers_mistake("limit clients 40", "1: limit what? Write: limit descriptors NUMBER");
    servers_mistake("A connect\nlimit descriptors 40",
                    "2: limit descriptors stands before the first step: the server starts with it");
    clients_mistake("limit descriptors 40", "1: limit descriptors is for scripts for servers");
    servers_mistake("server refuses", "1: server refuses is for scripts for clients");
    clients_mistake("client run \"a\"\nserver refuses\nserver accept",
                    "3: server does nothing else in a script in which it refuses");
}

static void what_if_there_is_no_connection(void **state)
{
    servers_mistake("B connect\nA send \"hi\"", "2: A is not connected yet: \"A connect\" comes first");
    clients_mistake("client run\nserver close", "2: server is not connected yet: \"server accept\" comes first");
    servers_mistake("A connect\nA connect", "2: A is connected already; close or reset it first");
    servers_mistake("repeat 2\nA connect\nend", "2: A is connected already; close or reset it first");
    servers_mistake("A connect\nA close\nA send \"hi\"", "3: after \"A close\" only \"A connect\" can follow");
    servers_mistake("A connect\nA reset\nA close", "3: after \"A reset\" only \"A connect\" can follow");
    servers_mistake("A connect\nA expect reset\nA half-close",
                    "3: after \"A expect reset\" only \"A connect\" can follow");
    clients_mistake("client run\nserver accept\nserver close\nserver send \"a\"",
                    "4: nothing can follow \"server close\"");
    clients_mistake("client run\nserver accept\nserver answer everything\nserver close",
                    "4: nothing can follow \"server answer everything\"");
    clients_mistake("client run\nserver accept\nserver close\nserver accept",
                    "4: server accepts one connection in a script, and it has done so above");
}

static void what_if_an_end_can_do_no_more(void **state)
{
    servers_mistake("A connect\nA half-close\nA send \"hi\"", "3: A cannot send any more after its half-close");
    servers_mistake("A connect\nA expect closed\nA send \"hi\"",
                    "3: A cannot send: the server has closed the connection above");
    servers_mistake("A connect\nA half-close\nA half-close", "3: A has done its half-close already");
    clients_mistake("client run\nserver accept\nserver half-close\nserver answer everything",
                    "4: server cannot send any more after its half-close");
    servers_mistake("A connect\nA expect closed\nA expect nothing for 1s",
                    "3: nothing comes after the end that A expected above");
    servers_mistake("A connect\nA stop reading\nA expect closed",
                    "3: A has stopped reading; \"A read on\" comes first");
    servers_mistake("A connect\nA stop reading\nA stop reading", "3: A has stopped reading already");
    servers_mistake("A connect\nA read on", "2: A has not stopped reading");
    servers_mistake("server stops\nserver rests 1s", "2: the server was stopped above");
}

static void what_if_nothing_can_get_stuck(void **state)
{
    static const char nothing_to_send[] = "4: A has nothing to send with which it could be stuck";

    servers_mistake("A is stuck for 1s", "1: A is not connected yet: \"A connect\" comes first");
    servers_mistake("A connect\n\n\nA is stuck for 1s", nothing_to_send);
    servers_mistake("A connect\nA send 16 MiB\nA expect everything\nA is stuck for 1s", nothing_to_send);
    servers_mistake("A connect\nA send 16 MiB\nA reset\nA connect\nA is stuck for 1s",
                    "5: A has nothing to send with which it could be stuck");
    servers_mistake("A connect\nA send 8 MiB\nA send 55 MiB\nA is stuck for 1s",
                    "4: so little may fit into the system's buffers: to be stuck, A must have 64 MiB to send");
    servers_mistake("A connect\nA is stuck",
                    "2: for how long? There is nothing; write: NAME is stuck for TIME [within TIME]");
    script_free(parse_for_servers("A connect\nA stop reading\nA send 8 MiB\nA send 56 MiB\nA is stuck for 1s"));
    script_free(parse_for_clients("client run\nserver accept\nserver send 64 MiB\nserver is stuck for 1s\n"
                                  "server reset"));
}

static void what_if_something_is_expected_that_cannot_come(void **state)
{
    servers_mistake("A connect\nA send \"hello\"\nA expect \"HELO\"",
                    "3: A expects \"HELO\", but what comes is \"HELLO\"");
    servers_mistake("A connect\nA send \"hello\"\nA expect \"hello\"",
                    "3: A expects \"hello\", but what comes is \"HELLO\"");
    servers_mistake("A connect\nA send \"hello\"\nA expect \"HEL\"\nA expect \"LOW\"",
                    "4: A expects \"LOW\", but what comes is \"LO\"");
    servers_mistake("A connect\nA expect \"HELLO\"", "2: A expects \"HELLO\", but nothing more is to come");
    servers_mistake("A connect\nA send \"x\"\nA close\nA connect\nA expect \"X\"",
                    "5: A expects \"X\", but nothing more is to come");
    servers_mistake("A connect\nA send \"a\"\nA send 1 KiB\nA expect \"AB\"",
                    "4: bytes of a SIZE are to come, which only \"A expect everything\" knows");
    servers_mistake("A connect\nA expect everything", "2: A expects everything, but nothing more is to come");
    servers_mistake("C1..C3 connect\nC1..C3 send \"{n}\"\nC1..C3 expect \"1\"",
                    "3: C2 expects \"1\", but what comes is \"2\"");
    clients_mistake("client run \"one\" \"two\"\nserver accept\nserver expect \"onetwo\"",
                    "3: server expects \"onetwo\", but what comes is \"one\\ntwo\\n\"");
}

static void what_if_something_comes_that_is_not_expected(void **state)
{
    servers_mistake("A connect\nA send \"hi\"\nA half-close\nA expect closed",
                    "4: A expects the end, but more bytes come before it; add: A expect everything");
    servers_mistake("A connect\nA send \"hi\"\nA expect \"H\"",
                    "2: A never expects all of what comes to it; add: A expect everything");
    servers_mistake("A connect\nA send 1 KiB", "2: A never expects all of what comes to it; add: A expect everything");
    clients_mistake("server accept\nserver expect \"hello\"\nclient run \"hello\"",
                    "1: server never expects all of what comes to it; add: server expect everything");
    servers_mistake("A connect\nA send \"hi\"\nA stop reading",
                    "2: A never expects all of what comes to it; add: A expect everything");
    clients_mistake("client run \"hi\"\nserver accept\nserver expect \"hi\\n\"\nserver send \"HI\"",
                    "4: the client prints what the server sends; add: client prints everything");
    clients_mistake("client run \"hi\"\nserver accept\nserver answer everything",
                    "3: the client prints what the server sends; add: client prints everything");
    clients_mistake("client run\nclient input 1 KiB\nserver accept",
                    "3: server never expects all of what comes to it; add: server expect everything");
}

static void what_if_the_client_under_test_is_used_in_the_wrong_order(void **state)
{
    clients_mistake("client input \"a\"\nclient run", "1: client does not run yet: \"client run\" comes first");
    clients_mistake("client says \"a\"\nclient run", "1: client does not run yet: \"client run\" comes first");
    clients_mistake("client exits 0\nclient run", "1: client does not run yet: \"client run\" comes first");
    clients_mistake("client run\nclient run", "2: client runs once in a script, and it has been run above");
    clients_mistake("client run \"a\"\nclient input \"b\"",
                    "2: client takes no more input: it was run with messages, or its input ended above");
    clients_mistake("client run\nclient input ends\nclient input ends",
                    "3: client takes no more input: it was run with messages, or its input ended above");
    clients_mistake("client run\nclient exits 0\nclient input ends", "3: client has ended above and takes no input");
    clients_mistake("client run\nclient exits 0\nclient exits 0", "3: client has ended above");
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

    servers_mistake("C1..C1000 wait 1s\nrepeat 1000\nC1..C1000 wait 1s\nend",
                    "3: more than 100000 steps once ranges and repeats are written out");
    snprintf(source, sizeof source, "C1..C5000 connect\nC1..C5000 send \"%s\"", text);
    servers_mistake(source, "2: too large once its ranges and repeats are written out");
    free(text);
}

/* ---- Files ---- */

/* Writes a script to a temporary file, reads it, and removes it. */
static struct script *read_back(const char *bytes, size_t size, char *error)
{
    char path[] = "/tmp/test_script.XXXXXX";
    const int fd = mkstemp(path);

    assert_true(fd != -1);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    struct script *script = script_read(path, error, ERROR_SIZE);
    unlink(path);
    return script;
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

    assert_null(read_back(bytes, sizeof bytes - 1, error));
    assert_non_null(strstr(error, ":2: a NUL byte: this is no text file"));
}

static void what_if_the_file_is_too_large(void **state)
{
    char *large = repeated("# so much to say\n", 4000);
    char error[ERROR_SIZE];

    assert_null(read_back(large, strlen(large), error));
    assert_non_null(strstr(error, ": too large: a script has at most 64 KiB"));
    free(large);
}

static void what_if_the_room_for_the_message_is_small(void **state)
{
    char error[12];

    assert_null(script_parse("x.script", SCRIPT_FOR_SERVERS, "A conect", error, sizeof error));
    assert_string_equal(error, "x.script:1:");
}

/* Reads every script in the folder. Returns how many there are. */
static int read_all(const char *folder, enum script_kind kind)
{
    char path[512];
    char error[ERROR_SIZE];
    DIR *entries = opendir(folder);
    int count = 0;

    if (entries == NULL) {
        fail_msg("%s is not here: the tests run in the folder above tests/", folder);
        return 0;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".script") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct script *script = script_read(path, error, sizeof error);
        if (script == NULL) {
            fail_msg("%s", error);
            break;
        }
        assert_int_equal(script->kind, kind);
        if (strchr(script->title, '?') == NULL || strstr(script->source, script->name) != script->source + 2)
            fail_msg("%s does not begin with \"# %s: \" and a question", path, script->name);
        script_free(script);
        count++;
    }
    closedir(entries);
    return count;
}

static void can_every_script_of_the_suite_be_read(void **state)
{
    assert_true(read_all("tests/scripts/servers", SCRIPT_FOR_SERVERS) > 0);
    assert_true(read_all("tests/scripts/clients", SCRIPT_FOR_CLIENTS) > 0);
}

static void can_nothing_be_freed(void **state)
{
    script_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_every_verb_of_a_client_read),
        cmocka_unit_test(is_every_verb_in_a_script_for_clients_read),
        cmocka_unit_test(is_the_row_of_every_verb_complete),
        cmocka_unit_test(is_a_client_run_with_its_messages),
        cmocka_unit_test(does_a_text_take_the_escapes_of_c),
        cmocka_unit_test(are_units_read_with_and_without_a_blank),
        cmocka_unit_test(does_a_range_become_a_step_for_each_client),
        cmocka_unit_test(does_a_client_know_its_number_outside_a_range_too),
        cmocka_unit_test(does_repeat_write_out_what_stands_in_it),
        cmocka_unit_test(can_repeats_follow_each_other),
        cmocka_unit_test(are_blanks_comments_and_windows_lines_nothing_special),
        cmocka_unit_test(is_a_sync_at_the_end_harmless),
        cmocka_unit_test(is_the_limit_on_descriptors_read),
        cmocka_unit_test(are_name_title_and_source_kept),
        cmocka_unit_test(is_what_comes_followed_over_several_sends_and_expects),
        cmocka_unit_test(does_everything_reach_to_the_next_sync_only),
        cmocka_unit_test(may_bytes_be_left_where_nobody_can_expect_them),
        cmocka_unit_test(what_if_there_is_no_step),
        cmocka_unit_test(what_if_the_verb_is_unknown),
        cmocka_unit_test(what_if_the_name_is_none),
        cmocka_unit_test(what_if_a_range_is_none),
        cmocka_unit_test(what_if_something_is_missing),
        cmocka_unit_test(what_if_there_is_something_too_much),
        cmocka_unit_test(what_if_a_text_is_not_right),
        cmocka_unit_test(what_if_a_size_or_time_is_not_right),
        cmocka_unit_test(what_if_a_number_is_not_right),
        cmocka_unit_test(what_if_repeat_and_end_do_not_match),
        cmocka_unit_test(what_if_a_limit_stands_where_it_means_nothing),
        cmocka_unit_test(what_if_there_is_no_connection),
        cmocka_unit_test(what_if_an_end_can_do_no_more),
        cmocka_unit_test(what_if_nothing_can_get_stuck),
        cmocka_unit_test(what_if_something_is_expected_that_cannot_come),
        cmocka_unit_test(what_if_something_comes_that_is_not_expected),
        cmocka_unit_test(what_if_the_client_under_test_is_used_in_the_wrong_order),
        cmocka_unit_test(what_if_a_script_is_far_too_large),
        cmocka_unit_test(what_if_the_file_cannot_be_read),
        cmocka_unit_test(what_if_the_file_is_no_text),
        cmocka_unit_test(what_if_the_file_is_too_large),
        cmocka_unit_test(what_if_the_room_for_the_message_is_small),
        cmocka_unit_test(can_every_script_of_the_suite_be_read),
        cmocka_unit_test(can_nothing_be_freed),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
