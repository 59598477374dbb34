/* test_models - are models, scripts and expectations found, and is the report right about them? */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "player/models.h"
#include "player/report.h"
#include "player/text.h"

enum { ERROR_SIZE = 300 };

/* ---- A repository in a temporary folder, which is the current one ---- */

static void make_file(const char *path, const char *content, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static const char *const folders[] = {"01-one",
                                      "02-two",
                                      "3-three",
                                      "04-no-client",
                                      "other",
                                      "build",
                                      "build/01-one",
                                      "build/02-two",
                                      "tests",
                                      "tests/scripts",
                                      "tests/scripts/servers",
                                      "tests/scripts/clients"};

static const struct {
    const char *path, *content;
    mode_t mode;
} files[] = {
    {"01-one/server.c", "", 0644},
    {"01-one/client.c", "", 0644},
    {"02-two/server.c", "", 0644},
    {"02-two/client.c", "", 0644},
    {"04-no-client/server.c", "", 0644},
    {"build/01-one/server", "", 0755},
    {"build/01-one/client", "", 0755},
    {"build/02-two/server", "", 0755},
    {"tests/scripts/servers/b.script", "# b: what if?\nA connect\n", 0644},
    {"tests/scripts/servers/a.script", "A connect\n", 0644},
    {"tests/scripts/servers/.#a.script", "not a script", 0644},
    {"tests/scripts/servers/notes", "not a script", 0644},
    {"tests/scripts/clients/c.script", "client run \"x\"\nclient exits 0\n", 0644},
};

enum { FOLDERS = sizeof folders / sizeof folders[0], FILES = sizeof files / sizeof files[0] };

static char error[ERROR_SIZE];
static struct models models; /* the present test's, */
static struct scripts scripts; /* likewise */

static int free_lists(void **state)
{
    scripts_free(&scripts);
    models_free(&models);
    return 0;
}

#define LISTING(test) cmocka_unit_test_teardown(test, free_lists)

static char repository[] = "/tmp/test_models.XXXXXX";

static int enter_repository(void **state)
{
    if (mkdtemp(repository) == NULL || chdir(repository) != 0)
        return -1;
    for (int i = 0; i < FOLDERS; i++)
        assert_int_equal(mkdir(folders[i], 0777), 0);
    for (int i = 0; i < FILES; i++)
        make_file(files[i].path, files[i].content, files[i].mode);
    return 0;
}

static int leave_repository(void **state)
{
    for (int i = 0; i < FILES; i++)
        unlink(files[i].path);
    for (int i = FOLDERS - 1; i >= 0; i--)
        rmdir(folders[i]);
    return chdir("/") == 0 ? rmdir(repository) : -1;
}

static void test_models_are_found(void **state)
{
    models_find(&models, "build");
    assert_int_equal(models.count, 2);
    assert_string_equal(models.items[0].name, "01-one");
    assert_string_equal(models.items[0].server, "build/01-one/server");
    assert_string_equal(models.items[0].client, "build/01-one/client");
    assert_null(models.items[0].left_out);
    assert_string_equal(models.items[1].name, "02-two");
    assert_string_equal(models.items[1].left_out, "it is not built in build");
}

/* What if make has left out a model? Its reason counts, also where an older program is still there. */
static void test_reasons_of_make_are_read(void **state)
{
    make_file("build/left-out", "01-one-more is another model\n\n01-one  libone is missing \n01-one says more\n", 0644);
    models_find(&models, "build");
    assert_string_equal(models.items[0].left_out, "libone is missing");
    assert_string_equal(models.items[1].left_out, "it is not built in build");
    models_add_folder(&models, "./01-one", "build");
    assert_null(models.items[2].left_out);
    unlink("build/left-out");
}

/* What if a model is asked for with options for its server? */
static void test_options_follow_a_name(void **state)
{
    models_find(&models, "build");
    struct model_choice choice = models_choose(&models, "02-two:-i:10");
    assert_ptr_equal(choice.model, &models.items[1]);
    assert_string_equal(choice.name, "02-two -i 10");
    assert_string_equal(choice.args, "-i 10");
    free(choice.name);
    choice = models_choose(&models, "02-two");
    assert_string_equal(choice.name, "02-two");
    assert_null(choice.args);
    free(choice.name);
    choice = models_choose(&models, "03-three:-i");
    assert_null(choice.model);
    free(choice.name);
}

/* What if a model stands elsewhere, say a copy of one? */
static void test_a_model_is_added_by_its_path(void **state)
{
    models_add_folder(&models, "./01-one", "build");
    assert_int_equal(models.count, 1);
    assert_string_equal(models.items[0].name, "./01-one");
    assert_string_equal(models.items[0].server, "build/./01-one/server");
    assert_string_equal(models.items[0].client, "build/./01-one/client");
    assert_string_equal(models.items[0].expected_path, "./01-one/expected");
    assert_null(models.items[0].left_out);
}

static void test_scripts_are_found(void **state)
{
    assert_true(scripts_read(&scripts, error, sizeof error));
    assert_int_equal(scripts.count, 3);
    assert_string_equal(scripts.items[0]->name, "a");
    assert_string_equal(scripts.items[1]->name, "b");
    assert_int_equal(scripts.items[1]->kind, SCRIPT_FOR_SERVERS);
    assert_string_equal(scripts.items[2]->name, "c");
    assert_int_equal(scripts.items[2]->kind, SCRIPT_FOR_CLIENTS);
    assert_ptr_equal(scripts_named(&scripts, "c"), scripts.items[2]);
    assert_null(scripts_named(&scripts, "d"));
}

static void test_names_are_unique(void **state)
{
    make_file("tests/scripts/clients/a.script", "client run \"x\"\n", 0644);
    assert_false(scripts_read(&scripts, error, sizeof error));
    assert_string_equal(error, "tests/scripts/clients/a.script: there is a script of that name already: "
                               "tests/scripts/servers/a.script");
    unlink("tests/scripts/clients/a.script");
}

static void test_a_wrong_script_is_told(void **state)
{
    make_file("tests/scripts/servers/x.script", "A connect\nA flies\n", 0644);
    assert_false(scripts_read(&scripts, error, sizeof error));
    assert_int_equal(strncmp(error, "tests/scripts/servers/x.script:2: ", 34), 0);
    unlink("tests/scripts/servers/x.script");
}

/* Reads `content` as what is expected of 01-one; says what is wrong with it, "" if nothing. */
static const char *read_expected(const char *content)
{
    error[0] = '\0';
    free_lists(NULL);
    models_find(&models, "build");
    assert_true(scripts_read(&scripts, error, sizeof error));
    make_file("01-one/expected", content, 0644);
    const bool is_right = model_read_expected(&models.items[0], &scripts, error, sizeof error);
    assert_int_equal(is_right, error[0] == '\0');
    unlink("01-one/expected");
    return error;
}

static void test_expectations(void **state)
{
    const char *mistake =
        read_expected("# one client at a time\n\n  a\tstalls   because it  must \nc passes of course");

    assert_string_equal(mistake, "");
    const struct expectation *a = model_expectation(&models.items[0], "a");
    assert_non_null(a);
    assert_int_equal(a->outcome, PLAY_STALLS);
    assert_string_equal(a->reason, "because it  must");
    assert_int_equal(a->line, 3);
    assert_int_equal(model_expectation(&models.items[0], "c")->outcome, PLAY_PASSES);
    assert_null(model_expectation(&models.items[0], "b"));
}

static void test_wrong_expectations_are_told(void **state)
{
    static const struct {
        const char *content, *error;
    } cases[] = {
        {"z stalls why not\n", "01-one/expected:1: there is no script of that name"},
        {"\na explodes why not\n", "01-one/expected:2: the outcome is \"passes\" or \"stalls\""},
        {"a\n", "01-one/expected:1: the outcome is \"passes\" or \"stalls\""},
        {"a stalls \n", "01-one/expected:1: the reason is missing: say why, in words"},
        {"a stalls x\na stalls y\n", "01-one/expected:2: this script has a line above already"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(read_expected(cases[i].content), cases[i].error);
    }
}

static void test_a_missing_file_means_all_pass(void **state)
{
    models_find(&models, "build");
    assert_true(scripts_read(&scripts, error, sizeof error));
    assert_true(model_read_expected(&models.items[0], &scripts, error, sizeof error));
    assert_int_equal(models.items[0].expectation_count, 0);
    struct model *server = models_add(&models, "server", "nowhere");
    assert_false(model_read_expected(server, &scripts, error, sizeof error));
    assert_string_equal(error, "nowhere: No such file or directory");
}

/* ---- The report ---- */

static void test_verdicts(void **state)
{
    const struct expectation stall = {.outcome = PLAY_STALLS}, pass = {.outcome = PLAY_PASSES};
    const struct {
        const struct expectation *expectation;
        enum play_outcome outcome;
        enum verdict verdict, with_args;
    } rows[] = {
        {NULL, PLAY_PASSES, VERDICT_PASSES, VERDICT_PASSES},   {NULL, PLAY_STALLS, VERDICT_FAILS, VERDICT_FAILS},
        {NULL, PLAY_FAILS, VERDICT_FAILS, VERDICT_FAILS},      {&pass, PLAY_PASSES, VERDICT_PASSES, VERDICT_PASSES},
        {&stall, PLAY_STALLS, VERDICT_STALLS, VERDICT_STALLS}, {&stall, PLAY_PASSES, VERDICT_FAILS, VERDICT_PASSES},
        {&stall, PLAY_FAILS, VERDICT_FAILS, VERDICT_FAILS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct run run = {.expectation = rows[i].expectation};
        const struct run run_with_args = {.expectation = rows[i].expectation, .has_args = true};
        if (report_verdict(&run, rows[i].outcome) != rows[i].verdict ||
            report_verdict(&run_with_args, rows[i].outcome) != rows[i].with_args)
            fail_msg("row %zu: a play that %s", i, play_outcome_name(rows[i].outcome));
    }
}

#define TEN_LINES "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"

static void test_failures_in_words(void **state)
{
    char path[] = "tests/scripts/servers/x.script", name[] = "A", model_name[] = "01-one", file[] = "01-one/expected";
    char reason[] = "it must", *names[] = {name};
    struct step step = {.line = 3, .text = "A expect \"X\""};
    const struct script script = {.path = path, .actors = names, .steps = &step};
    const struct model model = {.name = model_name, .expected_path = file};
    const struct expectation stall = {.outcome = PLAY_STALLS, .reason = reason, .line = 7};
    struct play_result result = {.outcome = PLAY_STALLS,
                                 .problem = "the step's time is up",
                                 .expected = "\"X\"",
                                 .came = "nothing",
                                 .waited = 1500000,
                                 .ended = "the server exited with 0",
                                 .said = "1\n2\n3\n4\n5\n6\n",
                                 .note = ""};
    struct text text = {0};

    report_failure(&text, &(struct run){.model = &model, .script = &script}, &result, "make play");
    assert_string_equal(text.chars, "stalls: the step's time is up\n"
                                    "tests/scripts/servers/x.script:3: A expect \"X\"\n"
                                    "  who       A\n"
                                    "  expected  \"X\"\n"
                                    "  came      nothing\n"
                                    "  waited    1.5 ms\n"
                                    "  ended     the server exited with 0\n"
                                    "  its last words:\n"
                                    "    | 2\n    | 3\n    | 4\n    | 5\n    | 6\n"
                                    "  replay    make play\n");
    text_free(&text);

    result.said = "ready\nfatal error: too many clients\n" TEN_LINES TEN_LINES;
    report_failure(&text, &(struct run){.model = &model, .script = &script}, &result, "make play");
    assert_non_null(strstr(text.chars,
                           "  its last words:\n"
                           "    | fatal error: too many clients\n"
                           "    | a\n    | b\n    | c\n    | d\n    | e\n    | f\n    | g\n    | h\n    | i\n"
                           "    | ...\n"
                           "    | f\n    | g\n    | h\n    | i\n    | j\n"
                           "  replay    make play\n"));
    text_free(&text);

    result.said = "recv ERROR reset\n" TEN_LINES "WARNING: ThreadSanitizer: data race\n" TEN_LINES TEN_LINES;
    report_failure(&text, &(struct run){.model = &model, .script = &script}, &result, "make play");
    assert_non_null(strstr(text.chars, "words:\n    | WARNING: ThreadSanitizer: data race\n    | a\n"));
    text_free(&text);

    result = (struct play_result){.outcome = PLAY_PASSES,
                                  .step = -1,
                                  .problem = "",
                                  .expected = "",
                                  .came = "",
                                  .ended = "",
                                  .said = "",
                                  .note = ""};
    report_failure(&text, &(struct run){.model = &model, .script = &script, .expectation = &stall}, &result, "");
    assert_string_equal(text.chars, "expected to stall (it must), but passed: correct 01-one/expected:7\n");
    text_free(&text);
}

static size_t widest_line(const char *text)
{
    size_t widest = 0;

    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text != '\0') {
        const size_t length = strcspn(text, "\n");
        if (length > widest)
            widest = length;
    }
    return widest;
}

/* ---- The matrix ---- */

enum { MODELS = 18, RUNS = 2 * MODELS };

static struct model columns[MODELS];

/* Names the models after `name`, "01-name" and so on, and lets each stall in the first script, but the fourth fail. */
static void fill_matrix(struct run *runs, const char *name)
{
    static char server_script[] = "a-script-with-a-long-name", client_script[] = "short",
                reason[] = "one client at a time: whoever comes second waits in the backlog until the first has left, "
                           "however long it takes";
    static const struct script two[] = {{.name = server_script}, {.name = client_script, .kind = SCRIPT_FOR_CLIENTS}};
    static const struct expectation stall = {.outcome = PLAY_STALLS, .reason = reason};
    static char names[MODELS][32];

    for (size_t i = 0; i < MODELS; i++) {
        snprintf(names[i], sizeof names[i], "%02zu-%s", i + 1, name);
        columns[i] = (struct model){.name = names[i]};
        runs[2 * i] = (struct run){&columns[i], &two[0], &stall, i == 3 ? VERDICT_FAILS : VERDICT_STALLS, false};
        runs[2 * i + 1] = (struct run){&columns[i], &two[1], NULL, VERDICT_PASSES, false};
    }
}

static void assert_has(const struct text *text, const char *part)
{
    if (strstr(text->chars, part) == NULL)
        fail_msg("there should be \"%s\" in\n%s", part, text->chars);
}

static void test_the_matrix_fits(void **state)
{
    struct run runs[RUNS];
    struct text text = {0};

    fill_matrix(runs, "a-model-with-a-name");
    report_matrix(&text, runs, RUNS, false);
    assert_true(widest_line(text.chars) <= 80);
    assert_has(&text, "\nserver scripts            01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18\n"
                      "a-script-with-a-long-name  s  s  s  F  s  s  s  s  s  s  s  s  s  s  s  s  s  s\n");
    assert_has(&text, "\nshort                      .  .  .");
    assert_has(&text, "\n. = passes, s = stalls as expected, F = FAILS\n01 = 01-a-model-with-a-name, 02 = ");
    assert_has(&text, "\n36 plays: 18 passed, 17 stalled as expected, 1 FAILED\n");
    assert_null(strchr(text.chars, '\033'));
    text_free(&text);
    report_matrix(&text, runs, RUNS, true);
    assert_has(&text, "\033[1;31m F\033[0m");
    text_free(&text);
}

/* What if there is but one column? Then there is room for words. */
static void test_one_model_has_words(void **state)
{
    struct run runs[RUNS];
    struct text text = {0};

    fill_matrix(runs, "one");
    report_matrix(&text, runs, 2, false);
    assert_has(&text, "\nserver scripts                01\na-script-with-a-long-name stalls\n");
    assert_has(&text, "\nclient scripts                01\nshort                     passes\n\n01 = 01-one\n\n2 plays");
    assert_null(strstr(text.chars, "F = FAILS"));
    text_free(&text);
}

/* What if a model in another folder has no number? Its column is as wide as its heading, the others' are not. */
static void test_a_path_is_a_heading(void **state)
{
    struct run runs[RUNS];
    struct text text = {0};
    char path[] = "build/mistakes/held-up-by-one";

    fill_matrix(runs, "one");
    columns[1].name = path;
    report_matrix(&text, runs, 6, false);
    assert_has(&text, "\nserver scripts            01 held-u 03\na-script-with-a-long-name  s      s  s\n");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTING(test_models_are_found),
        LISTING(test_reasons_of_make_are_read),
        LISTING(test_options_follow_a_name),
        LISTING(test_a_model_is_added_by_its_path),
        LISTING(test_scripts_are_found),
        LISTING(test_names_are_unique),
        LISTING(test_a_wrong_script_is_told),
        LISTING(test_expectations),
        LISTING(test_wrong_expectations_are_told),
        LISTING(test_a_missing_file_means_all_pass),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_failures_in_words),
        cmocka_unit_test(test_the_matrix_fits),
        cmocka_unit_test(test_one_model_has_words),
        cmocka_unit_test(test_a_path_is_a_heading),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, enter_repository, leave_repository);
}
