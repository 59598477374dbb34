/* test_cli - is every command line either understood as it was meant, or refused with a line that says why? */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

#include "cli.h"

enum { MAX_ARGUMENTS = 6 };

/* One command line, with the program's name in front of it and NULL behind. */
struct command_line {
    bool is_server;
    bool has_own; /* has the model options of its own? Clients always have one. */
    char *arguments[MAX_ARGUMENTS];
};

static struct child child;

static int count(char *const *arguments)
{
    int n = 0;

    while (arguments[n] != NULL)
        n++;
    return n;
}

/* ---- Two programs that print what they understood ---- */

static int be_a_server(struct command_line line)
{
    double seconds = 0.5;
    int threads = 4;
    const struct cli_number own[] = {
        {'t', "SECONDS", "how long to wait (default 0.5)", 0.001, 3600, .value = &seconds},
        {'n', "THREADS", "how many there are (default 4)", 1, 1000, .whole = &threads},
        {0},
    };
    const struct server_options options =
        cli_server(count(line.arguments), line.arguments, "99-model: waits", line.has_own ? own : NULL);

    printf("%s %s -k %d%s -t %g -n %d\n", options.address, options.port, options.dead_peer_seconds,
           options.verbose ? " -v" : "", seconds, threads);
    return 0;
}

static int be_a_client(struct command_line line)
{
    double seconds = 0.5;
    const struct cli_number own[] = {
        {'t', "SECONDS", "how long to wait (default 0.5)", 0.001, 3600, .value = &seconds},
        {0},
    };
    const struct client_options options = cli_client(count(line.arguments), line.arguments, "99-model: waits", own);

    printf("%s %s%s -t %g\n", options.address, options.port, options.verbose ? " -v" : "", seconds);
    for (int i = 0; i < options.message_count; i++)
        printf("[%s]\n", options.messages[i]);
    return 0;
}

static int be_a_program(const void *data)
{
    const struct command_line *line = data;

    return line->is_server ? be_a_server(*line) : be_a_client(*line);
}

static void run(const struct command_line *line)
{
    child_run(&child, be_a_program, line, NULL);
}

/* ---- What is understood ---- */

static void is_a_line_understood(void **state)
{
    static const struct {
        struct command_line line;
        const char *meaning;
    } rows[] = {
        {{true, true, {"server"}}, "127.0.0.1 9000 -k 60 -t 0.5 -n 4\n"},
        {{true, true, {"server", "-b", "::1", "-p", "0"}}, "::1 0 -k 60 -t 0.5 -n 4\n"},
        {{true, true, {"server", "-p65535", "-k2", "-v"}}, "127.0.0.1 65535 -k 2 -v -t 0.5 -n 4\n"},
        {{true, true, {"server", "-k", "32767", "-t", "0.25"}}, "127.0.0.1 9000 -k 32767 -t 0.25 -n 4\n"},
        {{true, true, {"server", "-t", "0.001", "-t", "3600"}}, "127.0.0.1 9000 -k 60 -t 3600 -n 4\n"},
        {{true, false, {"server", "-v"}}, "127.0.0.1 9000 -k 60 -v -t 0.5 -n 4\n"},
        {{true, true, {"server", "-n", "1000", "-t2"}}, "127.0.0.1 9000 -k 60 -t 2 -n 1000\n"},
        {{true, true, {"server", "-n1", "-v"}}, "127.0.0.1 9000 -k 60 -v -t 0.5 -n 1\n"},
        {{false, true, {"client"}}, "127.0.0.1 9000 -t 0.5\n"},
        {{false, true, {"client", "-b", "localhost", "-p", "1"}}, "localhost 1 -t 0.5\n"},
        {{false, true, {"client", "-v", "-t", "2.5", "hello"}}, "127.0.0.1 9000 -v -t 2.5\n[hello]\n"},
        {{false, true, {"client", "hello", "", "a b"}}, "127.0.0.1 9000 -t 0.5\n[hello]\n[]\n[a b]\n"},
        {{false, true, {"client", "--", "-v"}}, "127.0.0.1 9000 -t 0.5\n[-v]\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run(&rows[i].line);
        assert_child(rows[i].line.arguments[0], &child, 0, rows[i].meaning, "");
    }
}

/* ---- -h ---- */

/* Is there a line for the option, such as "  -p PORT     and on this port"? */
static void assert_explained(const char *option, const char *explanation)
{
    const char *line = strstr(child.output, option);
    const char *words = line == NULL ? NULL : strstr(line, explanation);

    if (words == NULL || memchr(line + 1, '\n', (size_t)(words - line - 1)) != NULL)
        fail_msg("-h must have a line%s with \"%s\" but says\n%s", option, explanation, child.output);
}

static void assert_helps(const struct command_line *line, const char *first_line)
{
    run(line);
    assert_status("-h", &child, 0);
    assert_text("-h", "standard error", child.err, "");
    if (strncmp(child.output, first_line, strlen(first_line)) != 0)
        fail_msg("-h must begin with\n%sbut says\n%s", first_line, child.output);
    assert_non_null(strstr(child.output, "99-model: waits\n"));
    assert_explained("\n  -b ADDRESS ", "default 127.0.0.1");
    assert_explained("\n  -p PORT ", "default 9000");
    assert_explained("\n  -v ", "say what every");
    assert_explained("\n  -h ", "print this\n");
}

static void does_h_explain_all_options_of_a_server(void **state)
{
    static const struct command_line line = {true, true, {"server", "-h"}};

    assert_helps(&line, "usage: server [-b ADDRESS] [-p PORT] [-k SECONDS] [-t SECONDS] [-n THREADS] [-v] [-h]\n");
    assert_explained("\n  -k SECONDS ", "default 60");
    assert_explained("\n  -t SECONDS ", "how long to wait (default 0.5)");
    assert_explained("\n  -n THREADS ", "how many there are (default 4)");
}

static void does_h_leave_out_what_a_server_does_not_have(void **state)
{
    static const struct command_line line = {true, false, {"server", "-h"}};

    assert_helps(&line, "usage: server [-b ADDRESS] [-p PORT] [-k SECONDS] [-v] [-h]\n");
    assert_null(strstr(child.output, "-t"));
    assert_null(strstr(child.output, "-n"));
}

static void does_h_explain_all_options_of_a_client(void **state)
{
    static const struct command_line line = {false, true, {"client", "-h"}};

    assert_helps(&line, "usage: client [-b ADDRESS] [-p PORT] [-t SECONDS] [-v] [-h] [MESSAGE...]\n");
    assert_explained("\n  -t SECONDS ", "how long to wait (default 0.5)");
    assert_null(strstr(child.output, "-k"));
}

/* ---- What is refused ---- */

/* One line that says what is wrong, then the usage as -h prints it; nothing on standard output; exit status 2. */
static void assert_refused(const struct command_line *line, const char *complaint)
{
    const struct command_line help = {line->is_server, line->has_own, {line->arguments[0], "-h"}};
    char expected[CHILD_TEXT_SIZE + 256];

    run(&help);
    snprintf(expected, sizeof expected, "%s\n%s", complaint, child.output);
    run(line);
    assert_child(complaint, &child, 2, "", expected);
}

enum { MAX_VALUES = 13 };

/* Of the model's own numbers here, -t is decimal and finite, -n whole. */
static void is_a_bad_number_refused(void **state)
{
    static const struct {
        char *program, *option, *wanted;
        char *values[MAX_VALUES];
    } rows[] = {
        {"server",
         "-p",
         "a whole number from 0 to 65535",
         {"", "65536", "-1", "1x", "0x10", "1e3", "80.5", " 80", "nan", "inf", "http", "99999999999999999999"}},
        {"server", "-k", "a whole number from 2 to 32767", {"0", "1", "32768", "0.5", "1e9", "nan"}},
        {"server",
         "-t",
         "a number from 0.001 to 3600",
         {"", "nan", "inf", "0", "-1", "1e1", "1e9", "1x", "1.2.3", "0,5", "0x10"}},
        {"server", "-n", "a whole number from 1 to 1000", {"", "0", "1001", "2.5", "2.", "1e1", "-1", "4x"}},
        {"client", "-p", "a whole number from 1 to 65535", {"0", "65536"}},
        {"client", "-t", "a number from 0.001 to 3600", {"nan"}},
    };
    char complaint[128];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (char *const *value = rows[i].values; *value != NULL; value++) {
            const bool is_server = strcmp(rows[i].program, "server") == 0;
            const struct command_line line = {is_server, true, {rows[i].program, rows[i].option, *value}};
            snprintf(complaint, sizeof complaint, "%s: %s takes %s, not \"%s\"", rows[i].program, rows[i].option,
                     rows[i].wanted, *value);
            assert_refused(&line, complaint);
        }
}

static void is_a_wrong_option_or_argument_refused(void **state)
{
    static const struct {
        struct command_line line;
        const char *complaint;
    } rows[] = {
        {{true, true, {"server", "-x"}}, "server: there is no option -x"},
        {{true, false, {"server", "-t", "1"}}, "server: there is no option -t"},
        {{true, true, {"server", "-b"}}, "server: -b needs a value"},
        {{true, true, {"server", "-v", "-t"}}, "server: -t needs a value"},
        {{true, true, {"server", "-t", "1", "-n"}}, "server: -n needs a value"},
        {{true, true, {"server", "9000"}}, "server: it takes no arguments, but was given \"9000\""},
        {{true, true, {"server", "-v", "x", "y"}}, "server: it takes no arguments, but was given \"x\""},
        {{false, true, {"client", "-k", "5"}}, "client: there is no option -k"},
        {{false, true, {"client", "-p"}}, "client: -p needs a value"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(&rows[i].line, rows[i].complaint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_line_understood),
        cmocka_unit_test(does_h_explain_all_options_of_a_server),
        cmocka_unit_test(does_h_leave_out_what_a_server_does_not_have),
        cmocka_unit_test(does_h_explain_all_options_of_a_client),
        cmocka_unit_test(is_a_bad_number_refused),
        cmocka_unit_test(is_a_wrong_option_or_argument_refused),
    };

    unit_begin();
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
