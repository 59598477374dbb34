/* unit - see unit.h */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "player/memory.h"
#include "player/models.h"

static void on_alarm(int signal_number)
{
    const char message[] = "\nThe last test hangs: a call that was meant to return waits for ever.\n";

    (void)signal_number;
    _exit(write(STDERR_FILENO, message, sizeof message - 1) == -1 ? 2 : 1);
}

static int begin_a_minute(void **state)
{
    alarm(60);
    return 0;
}

void unit_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, on_alarm);
    (void)begin_a_minute(NULL);
}

int unit_run(const char *title, const struct CMUnitTest *tests, size_t count)
{
    if (count == 0)
        return 0;

    struct CMUnitTest(*timed)[count] = memory_zeroed(count, sizeof(*timed)[0]); /* cmocka looks at the array's size */
    for (size_t i = 0; i < count; i++) {
        (*timed)[i] = tests[i];
        if (tests[i].setup_func == NULL)
            (*timed)[i].setup_func = begin_a_minute;
    }
    const int failed = cmocka_run_group_tests_name(title, *timed, NULL, NULL);
    free(timed);
    return failed;
}

int unit_each_model(const char *title, CMUnitTestFunction test)
{
    const char *build = getenv("BUILD");
    struct models models;
    size_t count = 0;

    models_find(&models, build == NULL ? "build" : build);
    struct CMUnitTest *tests = memory_zeroed(models.count, sizeof tests[0]);
    for (size_t i = 0; i < models.count; i++)
        if (models.items[i].left_out == NULL)
            tests[count++] = (struct CMUnitTest){models.items[i].name, test, NULL, NULL, models.items[i].server};
    const int failed = unit_run(title, tests, count);
    free(tests);
    models_free(&models);
    return failed;
}

bool unit_is_io(const char *what, struct io_result got, struct io_result expected)
{
    char is[IO_TEXT_SIZE], should_be[IO_TEXT_SIZE];

    if (got.status == expected.status && got.bytes == expected.bytes && got.error == expected.error)
        return true;
    print_error("%s: this must be %s (bytes %zu, errno %d), but it was %s (bytes %zu, errno %d).\n", what,
                io_describe(expected, should_be), expected.bytes, expected.error, io_describe(got, is), got.bytes,
                got.error);
    return false;
}

bool unit_is_text(const char *what, const char *where, const char *got, const char *expected)
{
    if (strcmp(got, expected) == 0)
        return true;
    print_error("%s: %s must be\n\"%s\"\nbut it was\n\"%s\"\n", what, where, expected, got);
    return false;
}

bool unit_is_status(const char *what, const struct child *child, int expected)
{
    if (child->status == expected)
        return true;
    print_error("%s: the exit status must be %d, but it was %d%s. On standard error it said:\n\"%s\"\n", what, expected,
                child->status, child->status < 0 ? " (ended by that signal)" : "", child->err);
    return false;
}

bool unit_is_child(const char *what, const struct child *child, int status, const char *output, const char *err)
{
    return unit_is_status(what, child, status) && unit_is_text(what, "standard output", child->output, output) &&
           unit_is_text(what, "standard error", child->err, err);
}
