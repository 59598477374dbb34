/* test_subject - is it understood which servers somebody wants to be measured? */
#include "unit/unit.h"

#include "trial/subject.h"

static void what_is_a_server_called(void **state)
{
    static const struct {
        const char *line, *name, *command;
    } rows[] = {
        {"./mine -p {port}", "./mine -p", "./mine -p {port}"},
        {"mine: ./mine {port}", "mine", "./mine {port}"},
        {"  mine:   ./mine {port}", "mine", "./mine {port}"},
        {"./a:b {port}", "./a:b", "./a:b {port}"},
        {": && ./mine {port}", ": && ./mine", ": && ./mine {port}"},
        {"{port}", "{port}", "{port}"},
        {"python3 /home/somebody/servers/mine.py {port}", "python3 /h...rs/mine.py",
         "python3 /home/somebody/servers/mine.py {port}"},
        {"the-longest-name-that-there-is: ./mine {port}", "the-longes...t-there-is", "./mine {port}"},
    };
    struct subjects subjects = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(subjects_add_servers(&subjects, rows[i].line));
        assert_int_equal(subjects.count, i + 1);
        assert_string_equal(subjects.items[i].name, rows[i].name);
        assert_string_equal(subjects.items[i].program.command, rows[i].command);
    }
    subjects_free(&subjects);
}

static void what_if_there_are_several(void **state)
{
    struct subjects subjects = {0};

    assert_true(subjects_add_servers(&subjects, "\none: ./one {port}\n\n  ./two {port}\n"));
    assert_int_equal(subjects.count, 2);
    assert_string_equal(subjects.items[0].name, "one");
    assert_string_equal(subjects.items[1].name, "./two");
    assert_false(subjects_add_servers(&subjects, "./three {port}\nfour: ./four"));
    subjects_free(&subjects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_server_called),
        cmocka_unit_test(what_if_there_are_several),
    };

    unit_begin();
    return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
