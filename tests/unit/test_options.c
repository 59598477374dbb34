/* test_options - is every command line of check and play either understood, or refused with a line that says why? */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_WORDS = 150 };

struct command_line {
    const char *program;
    const char *words[MAX_WORDS];
};

static struct child child;

static int run(const void *data)
{
    struct command_line line = *(const struct command_line *)data;
    const char *build = getenv("BUILD");
    char path[256];
    char *arguments[1 + MAX_WORDS] = {path};

    snprintf(path, sizeof path, "%s/tests/player/%s", build == NULL ? "build" : build, line.program);
    memcpy(arguments + 1, line.words, sizeof line.words);
    execv(path, arguments);
    return 127;
}

/* Was it refused in one line that begins with `line` (after the program's name), and the usage after that? */
static void assert_refused(const char *program, const char *line)
{
    char expected[256], usage[32];
    const char *end = strchr(child.err, '\n');

    snprintf(expected, sizeof expected, "%s: %s", program, line);
    snprintf(usage, sizeof usage, "\nusage: %s ", program);
    if (strncmp(child.err, expected, strlen(expected)) != 0 || end == NULL || strncmp(end, usage, strlen(usage)) != 0)
        fail_msg("It should say\n\"%s\"\nand the usage, but it said\n\"%s\"", expected, child.err);
    assert_status(expected, &child, 2);
    assert_text(expected, "standard output", child.output, "");
}

/* The lines that are "" here are getopt_long()'s, and differ between systems. */
static void are_wrong_ones_refused(void **state)
{
    static const struct {
        struct command_line command;
        const char *line;
    } rows[] = {
        {{"check", {"--nonsense"}}, ""},
        {{"check", {"-x"}}, ""},
        {{"check", {"--s", "hello"}}, ""}, /* --server or --script? */
        {{"check", {"--model"}}, ""},
        {{"check", {"--jobs=6", "--model"}}, ""},
        {{"check", {"--help=yes"}}, ""},
        {{"play", {"--verbose=yes"}}, ""},
        {{"check", {"hello"}}, "it takes no arguments, but was given \"hello\"\n"},
        {{"check", {"--jobs", "6", "hello"}}, "it takes no arguments, but was given \"hello\"\n"},
        {{"check", {"--", "--jobs"}}, "it takes no arguments, but was given \"--jobs\"\n"},
        {{"check", {"-"}}, "it takes no arguments, but was given \"-\"\n"},
        {{"check", {""}}, "it takes no arguments, but was given \"\"\n"},
        {{"check", {"--model", ""}}, "--model takes a value that is not empty\n"},
        {{"check", {"--script="}}, "--script takes a value that is not empty\n"},
        {{"check", {"--build", ""}}, "--build takes a value that is not empty\n"},
        {{"play", {"--server", ""}}, "--server takes a value that is not empty\n"},
        {{"check", {"--jobs", "6x"}}, "--jobs takes a whole number from 1 to 64, not \"6x\"\n"},
        {{"check", {"--jobs=6x"}}, "--jobs takes a whole number from 1 to 64, not \"6x\"\n"},
        {{"check", {"--jobs", ""}}, "--jobs takes a whole number from 1 to 64, not \"\"\n"},
        {{"check", {"--jobs", " 6"}}, "--jobs takes a whole number from 1 to 64, not \" 6\"\n"},
        {{"check", {"--jobs", "6 "}}, "--jobs takes a whole number from 1 to 64, not \"6 \"\n"},
        {{"check", {"--jobs", "+6"}}, "--jobs takes a whole number from 1 to 64, not \"+6\"\n"},
        {{"check", {"--jobs", "-6"}}, "--jobs takes a whole number from 1 to 64, not \"-6\"\n"},
        {{"check", {"--jobs", "0x6"}}, "--jobs takes a whole number from 1 to 64, not \"0x6\"\n"},
        {{"check", {"--jobs", "6.0"}}, "--jobs takes a whole number from 1 to 64, not \"6.0\"\n"},
        {{"check", {"--jobs", "0"}}, "--jobs takes a whole number from 1 to 64, not \"0\"\n"},
        {{"check", {"--jobs", "65"}}, "--jobs takes a whole number from 1 to 64, not \"65\"\n"},
        {{"check", {"--jobs", "4294967298"}}, "--jobs takes a whole number from 1 to 64, not \"4294967298\"\n"},
        {{"check", {"--jobs", "99999999999999999999"}}, "--jobs takes a whole number from 1 to 64, not \"9999"},
        {{"check", {"--patience", "abc"}}, "--patience takes a whole number from 1 to 3600000, not \"abc\"\n"},
        {{"check", {"--patience", "0"}}, "--patience takes a whole number from 1 to 3600000, not \"0\"\n"},
        {{"check", {"--server", "mine"}}, "--server needs {port}, where the number of the port goes: mine\n"},
        {{"check", {"--server", "{port}", "--model", "05-select"}}, "--model and --server exclude each other\n"},
        {{"check", {"--expected", "x"}}, "--expected goes with --server; a model has a file of its own\n"},
        {{"check", {"--server", "{port}", "--args", "-v"}}, "--args goes with --model; a server has its own in its "},
        {{"play", {"--server", "{port}", "--args", "-v", "--script", "hello"}}, "--args goes with --model; a server "},
        {{"play", {"--model", "05-select", "--args=-v", "--script", "late"}}, "--args are for servers, but this "},
        {{"check", {"--model", "99-nowhere"}}, "there is no model 99-nowhere\n"},
        {{"check", {"--script", "nowhere"}}, "there is no script nowhere\n"},
        {{"play", {"--model", "05-select"}}, "which script?\n"},
        {{"play", {"--script", "hello"}}, "which program? Either a model or a server\n"},
        {{"play", {"--server", "mine", "--script", "hello"}}, "--server needs {port}, where the number of the port "},
        {{"play", {"--model", "99-nowhere", "--script", "hello"}}, "no such program, or it is not built: "},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        child_run(&child, run, &rows[i].command, NULL);
        assert_refused(rows[i].command.program, rows[i].line);
    }
}

/* That they are understood shows in what is refused after them: a script that is not there. */
static void are_right_ones_understood(void **state)
{
    static const struct command_line rows[] = {
        {"check", {"--jobs=64", "--script", "nowhere"}},
        {"check", {"--jobs", "007", "--script=nowhere"}},
        {"check", {"--patience=3600000", "--script=nowhere"}},
        {"check", {"--jobs=7", "--jobs=6", "--scr", "nowhere"}},
        {"check", {"--server", "mine {port}", "--script", "hello", "--script", "nowhere"}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        child_run(&child, run, &rows[i], NULL);
        assert_refused(rows[i].program, "there is no script nowhere\n");
    }
}

/* What if an option is given more often than anybody has thought of? None of them is dropped. */
static void are_all_names_taken(void **state)
{
    struct command_line line = {"check", {NULL}};

    for (int i = 0; i < MAX_WORDS - 2; i += 2) {
        line.words[i] = "--script";
        line.words[i + 1] = i < MAX_WORDS - 4 ? "hello" : "nowhere";
    }
    child_run(&child, run, &line, NULL);
    assert_refused("check", "there is no script nowhere\n");
}

static void is_help_no_mistake(void **state)
{
    static const struct command_line rows[] = {{"check", {"--help"}},
                                               {"check", {"-h"}},
                                               {"play", {"--help"}},
                                               {"check", {"--jobs=6", "--help", "--nonsense"}}};
    char usage[32];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        child_run(&child, run, &rows[i], NULL);
        assert_status("--help", &child, 0);
        assert_text("--help", "standard error", child.err, "");
        snprintf(usage, sizeof usage, "usage: %s ", rows[i].program);
        assert_int_equal(strncmp(child.output, usage, strlen(usage)), 0);
    }
}

static void assert_printed(const char *part)
{
    if (strstr(child.output, part) == NULL)
        fail_msg("It should print\n\"%s\"\nbut it printed\n\"%s\"\n\"%s\"", part, child.output, child.err);
}

/* What if a server is given options of its own, here one that it must refuse? Both programs say so, and check how to see it. */
static void do_args_reach_the_server(void **state)
{
    const char *build = getenv("BUILD") != NULL ? getenv("BUILD") : "build";
    const struct command_line play = {
        "play", {"--build", build, "--model", "05-select", "--args", "-v  -k x", "--script", "hello"}};
    const struct command_line check = {
        "check", {"--build", build, "--model", "05-select", "--args", "-k x", "--script", "hello", "--script", "late"}};

    child_run(&child, run, &play, NULL);
    assert_printed("hello: 05-select -v  -k x\n");
    assert_printed("| server: -k takes a whole number from 2 to 32767, not \"x\"\n");
    child_run(&child, run, &check, NULL);
    assert_printed("\n1 plays: 0 passed, 0 stalled as expected, 1 FAILED\n"); /* late is for clients */
    assert_non_null(strstr(child.err, "'-k x'"));
}

/* Copies the command that check says will show the play again, and returns it. */
static const char *replay_line(void)
{
    static char line[512];
    const char *start = strstr(child.err, "replay    ");

    if (start == NULL || sscanf(start, "replay    %511[^\n]", line) != 1)
        fail_msg("It should say how to see it again, but it said\n\"%s\"", child.err);
    return line;
}

static int run_line(const void *line)
{
    execl("/bin/sh", "sh", "-c", (const char *)line, (char *)NULL);
    return 127;
}

/* What if a server's command needs quotes? The line that says how to see a play again is understood by a shell. */
static void can_a_play_be_seen_again(void **state)
{
    static const char *const servers[] = {
        "false {port}",
        "false  'two  words' {port}",
        "false \"two  words\" {port}",
        "false it\\'s {port}",
        "false '\"' \"'\" {port}",
        "false $0 $$ `true` $(true) {port}",
        "false \\\\ \\\" {port} # \\",
        "false * ? ~ ! {port};",
    };
    char heading[128];

    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const struct command_line check = {"check", {"--server", servers[i], "--script", "hello"}};
        child_run(&child, run, &check, NULL);
        child_run(&child, run_line, replay_line(), NULL);
        snprintf(heading, sizeof heading, "hello: %s\n", servers[i]);
        assert_printed(heading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_wrong_ones_refused),   cmocka_unit_test(are_right_ones_understood),
        cmocka_unit_test(are_all_names_taken),      cmocka_unit_test(is_help_no_mistake),
        cmocka_unit_test(do_args_reach_the_server), cmocka_unit_test(can_a_play_be_seen_again),
    };

    unit_begin();
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
