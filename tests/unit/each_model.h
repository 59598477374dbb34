/* each_model - the tests that ask every model the same. Only for programs that are linked with cmocka. */
#ifndef EACH_MODEL_H
#define EACH_MODEL_H

#include "unit.h"

#include <stdlib.h>

#include "player/memory.h"
#include "player/models.h"

/*
 * Runs `test` for every model that is built, below the folder $BUILD; its state is the path of the model's server. Returns
 * how many have failed. `title` is that of the whole, for the report.
 */
static inline int each_model(const char *title, CMUnitTestFunction test)
{
    const char *build = getenv("BUILD");
    struct models models;
    size_t count = 0;

    models_find(&models, build == NULL ? "build" : build);
    struct CMUnitTest *tests = memory_zeroed(models.count, sizeof *tests);
    for (size_t i = 0; i < models.count; i++)
        if (models.items[i].is_built)
            tests[count++] = (struct CMUnitTest){models.items[i].name, test, NULL, NULL, models.items[i].server};
    const int failed = _cmocka_run_group_tests(title, tests, count, NULL, NULL);
    free(tests);
    models_free(&models);
    return failed;
}

#endif
