/*
 * fuzz_expected - what if a model's file `expected` is anything at all? Either it is read, and then each line that says
 * something has a script that there is, once, and a reason; or there is a message that begins with its path.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "player/models.h"

static void must_hold(int holds)
{
    if (!holds)
        abort();
}

/* The scripts that there are, read once. */
static struct scripts *known_scripts(void)
{
    static struct scripts scripts;
    static char error[200];

    must_hold(scripts.count > 0 || scripts_read(&scripts, error, sizeof error));
    return &scripts;
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    must_hold(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void check_expectations(const struct model *model)
{
    for (size_t i = 0; i < model->expectation_count; i++) {
        const struct expectation *one = &model->expectations[i];
        must_hold(scripts_named(known_scripts(), one->script) != NULL && one->reason[0] != '\0');
        must_hold(model_expectation(model, one->script) == one);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char path[64];
    char error[200] = "";
    struct models models = {0};

    snprintf(path, sizeof path, "/dev/shm/fuzz_expected-%d", (int)getpid());
    write_file(path, bytes, size);
    struct model *model = models_add(&models, "server", path);
    if (model_read_expected(model, known_scripts(), error, sizeof error))
        check_expectations(model);
    else
        must_hold(strncmp(error, path, strlen(path)) == 0);
    unlink(path);
    models_free(&models);
    return 0;
}
