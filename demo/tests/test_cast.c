/* test_cast - does the demo begin with the models that a script names? */
#include "unit/unit.h"

#include <dirent.h>
#include <stdlib.h>

#include "cast.h"
#include "player/models.h"
#include "player/text.h"

static struct script *parse(const char *source)
{
    char error[300];
    struct script *script = script_parse("a.script", SCRIPT_FOR_SERVERS, source, error, sizeof error);

    if (script == NULL)
        fail_msg("%s", error);
    return script;
}

static void who_belongs_to_it(void **state)
{
    static const struct {
        const char *comment, *model;
        bool belongs;
    } rows[] = {
        {"", "05-select", true},
        {"# models: 01 05\n", "05-select", true},
        {"# models: 01 05\n", "06-libuv", false},
        {"# models: 01 05\n", "99-mine", false},
        {"# models: 01 12..99\n", "99-mine", true},
        {"# models: 01 12..99\n", "12-new", true},
        {"# models: 01 12..99\n", "11-io_uring", false},
        {"# models: 12..99 01\n", "01-blocking", true},
        {"# models: 1 and others\n", "01-blocking", true},
        {"# models: 1 and others\n", "02-fcntl-nonblock", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text source = {0};
        text_add(&source, "# a title\n%sA connect\n", rows[i].comment);
        struct script *script = parse(source.chars);
        if (cast_has(script, rows[i].model) != rows[i].belongs)
            fail_msg("%s should %sbelong to %s", rows[i].model, rows[i].belongs ? "" : "not ", rows[i].comment);
        script_free(script);
        text_free(&source);
    }
}

/* What if a class has a model of its own? It plays in each of our scripts. */
static void does_your_own_model_belong_to_ours(void **state)
{
    DIR *folder = opendir("tests/scripts/demo");
    int scripts = 0;

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct text path = {0};
        char error[300];
        if (strstr(entry->d_name, ".script") == NULL)
            continue;
        text_add(&path, "tests/scripts/demo/%s", entry->d_name);
        struct script *script = scripts_open(path.chars, error, sizeof error);
        if (script == NULL)
            fail_msg("%s", error);
        if (!cast_has(script, "99-mine"))
            fail_msg("%s should be shown with 99-mine, too", path.chars);
        script_free(script);
        text_free(&path);
        scripts++;
    }
    closedir(folder);
    assert_true(scripts > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_belongs_to_it),
                                       cmocka_unit_test(does_your_own_model_belong_to_ours)};

    unit_begin();
    return cmocka_run_group_tests_name("cast", tests, NULL, NULL);
}
