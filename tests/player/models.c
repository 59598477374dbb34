/* models - see models.h */
#include "models.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "text.h"

static char *join(const char *folder, const char *name)
{
    struct text path = {0};

    text_add(&path, "%s/%s", folder, name);
    return text_take(&path);
}

static const char blanks[] = " \t\r\n";

/* Without the blanks at both ends; NULL stays NULL. */
static char *trim(char *text)
{
    if (text == NULL)
        return NULL;
    text += strspn(text, blanks);
    for (size_t length = strlen(text); length > 0 && strchr(blanks, text[length - 1]) != NULL;)
        text[--length] = '\0';
    return text;
}

/* What matches `pattern`, sorted by name; globfree() follows. Nothing if there is nothing, or a folder cannot be read. */
static glob_t find(const char *pattern)
{
    glob_t found = {0};

    (void)glob(pattern, 0, NULL, &found);
    return found;
}

/* ---- Models ---- */

struct model *models_add(struct models *models, const char *name, const char *expected_path)
{
    models->items = memory_grown(models->items, models->count, sizeof models->items[0]);
    struct model *model = &models->items[models->count++];
    *model = (struct model){.name = memory_string(name)};
    if (expected_path != NULL)
        model->expected_path = memory_string(expected_path);
    return model;
}

void models_add_folder(struct models *models, const char *path, const char *build)
{
    struct model *model = models_add(models, path, NULL);
    char *programs = join(build, path);

    model->server = join(programs, "server");
    model->client = join(programs, "client");
    model->expected_path = join(path, "expected");
    model->left_out = models_left_out(path, build);
    if (model->left_out == NULL && (access(model->server, X_OK) != 0 || access(model->client, X_OK) != 0)) {
        struct text reason = {0};
        text_add(&reason, "it is not built in %s", build);
        model->left_out = text_take(&reason);
    }
    free(programs);
}

char *models_left_out(const char *name, const char *build)
{
    const size_t length = strlen(name);
    char *path = join(build, "left-out"), *line = NULL, *reason = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");

    while (file != NULL && reason == NULL && getline(&line, &room, file) != -1)
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            reason = memory_string(trim(line + length));
    free(line);
    free(path);
    if (file != NULL)
        fclose(file);
    return reason;
}

void models_find(struct models *models, const char *build)
{
    glob_t servers = find("[0-9][0-9]-*/server.c");

    *models = (struct models){0};
    for (size_t i = 0; i < servers.gl_pathc; i++) {
        char *folder = servers.gl_pathv[i];
        *strrchr(folder, '/') = '\0';
        char *client = join(folder, "client.c");
        if (access(client, R_OK) == 0)
            models_add_folder(models, folder, build);
        free(client);
    }
    globfree(&servers);
}

const struct model *models_named(const struct models *models, const char *name)
{
    for (size_t i = 0; i < models->count; i++)
        if (strcmp(models->items[i].name, name) == 0)
            return &models->items[i];
    return NULL;
}

struct model_choice models_choose(const struct models *models, const char *words)
{
    char *const name = memory_string(words);
    char *const colon = strchr(name, ':');

    if (colon != NULL)
        *colon = '\0';
    const struct model *model = models_named(models, name);
    for (char *at = colon; at != NULL; at = strchr(at, ':'))
        *at = ' ';
    return (struct model_choice){model, name, colon != NULL ? colon + 1 : NULL};
}

void models_free(struct models *models)
{
    for (size_t i = 0; i < models->count; i++) {
        struct model *model = &models->items[i];
        for (size_t j = 0; j < model->expectation_count; j++) {
            free(model->expectations[j].script);
            free(model->expectations[j].reason);
        }
        free(model->expectations);
        free(model->name);
        free(model->server);
        free(model->client);
        free(model->left_out);
        free(model->expected_path);
    }
    free(models->items);
    *models = (struct models){0};
}

/* ---- Scripts ---- */

static bool add_script(struct scripts *scripts, const char *path, char *error, size_t error_size)
{
    struct script *script = script_read(path, error, error_size);

    if (script == NULL)
        return false;
    const struct script *namesake = scripts_named(scripts, script->name);
    scripts->items = memory_grown(scripts->items, scripts->count, sizeof(struct script *));
    scripts->items[scripts->count++] = script;
    if (namesake != NULL)
        snprintf(error, error_size, "%s: there is a script of that name already: %s", path, namesake->path);
    return namesake == NULL;
}

static bool add_scripts(struct scripts *scripts, const char *pattern, char *error, size_t error_size)
{
    glob_t paths = find(pattern);
    bool is_right = true;

    for (size_t i = 0; i < paths.gl_pathc && is_right; i++)
        is_right = add_script(scripts, paths.gl_pathv[i], error, error_size);
    globfree(&paths);
    return is_right;
}

bool scripts_read(struct scripts *scripts, char *error, size_t error_size)
{
    *scripts = (struct scripts){0};
    return add_scripts(scripts, "tests/scripts/servers/*.script", error, error_size) &&
           add_scripts(scripts, "tests/scripts/clients/*.script", error, error_size);
}

struct script *scripts_open(const char *name, char *error, size_t error_size)
{
    static const char *const folders[] = {"servers", "clients", "demo"};
    struct text path = {0};
    bool is_found = strpbrk(name, "/.") != NULL;

    if (is_found)
        text_add(&path, "%s", name);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !is_found; i++) {
        text_free(&path);
        text_add(&path, "tests/scripts/%s/%s.script", folders[i], name);
        is_found = access(path.chars, F_OK) == 0;
    }
    struct script *script = NULL;
    if (is_found)
        script = script_read(path.chars, error, error_size);
    else
        snprintf(error, error_size, "there is no script %s in tests/scripts/servers, clients or demo", name);
    text_free(&path);
    return script;
}

const struct script *scripts_named(const struct scripts *scripts, const char *name)
{
    for (size_t i = 0; i < scripts->count; i++)
        if (strcmp(scripts->items[i]->name, name) == 0)
            return scripts->items[i];
    return NULL;
}

void scripts_free(struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++)
        script_free(scripts->items[i]);
    free(scripts->items);
    *scripts = (struct scripts){0};
}

/* ---- What is expected ---- */

const struct expectation *model_expectation(const struct model *model, const char *script)
{
    for (size_t i = 0; i < model->expectation_count; i++)
        if (strcmp(model->expectations[i].script, script) == 0)
            return &model->expectations[i];
    return NULL;
}

/* Why a line is wrong, or NULL. */
static const char *mistake_in(const struct model *model, const struct scripts *scripts, const char *script,
                              const char *outcome, const char *reason)
{
    if (scripts_named(scripts, script) == NULL)
        return "there is no script of that name";
    if (outcome == NULL || (strcmp(outcome, "passes") != 0 && strcmp(outcome, "stalls") != 0))
        return "the outcome is \"passes\" or \"stalls\"";
    if (reason == NULL || reason[0] == '\0')
        return "the reason is missing: say why, in words";
    if (model_expectation(model, script) != NULL)
        return "this script has a line above already";
    return NULL;
}

static const char *read_expectation(struct model *model, const struct scripts *scripts, char *line, int number)
{
    char *rest = NULL;
    const char *script = strtok_r(line, blanks, &rest);

    if (script == NULL || script[0] == '#')
        return NULL;
    const char *outcome = strtok_r(NULL, blanks, &rest);
    const char *reason = trim(strtok_r(NULL, "\n", &rest));
    const char *mistake = mistake_in(model, scripts, script, outcome, reason);
    if (mistake != NULL)
        return mistake;

    model->expectations = memory_grown(model->expectations, model->expectation_count, sizeof model->expectations[0]);
    model->expectations[model->expectation_count++] =
        (struct expectation){.script = memory_string(script),
                             .outcome = outcome[0] == 'p' ? PLAY_PASSES : PLAY_STALLS,
                             .reason = memory_string(reason),
                             .line = number};
    return NULL;
}

bool model_read_expected(struct model *model, const struct scripts *scripts, char *error, size_t error_size)
{
    const bool is_optional = model->server != NULL;
    const char *mistake = NULL;
    char *line = NULL;
    size_t room = 0;
    int number = 0;

    if (model->expected_path == NULL)
        return true;
    FILE *file = fopen(model->expected_path, "r");
    if (file == NULL && errno == ENOENT && is_optional)
        return true;
    if (file == NULL) {
        snprintf(error, error_size, "%s: %s", model->expected_path, strerror(errno));
        return false;
    }
    while (mistake == NULL && getline(&line, &room, file) != -1)
        mistake = read_expectation(model, scripts, line, ++number);
    if (mistake != NULL)
        snprintf(error, error_size, "%s:%d: %s", model->expected_path, number, mistake);
    free(line);
    fclose(file);
    return mistake == NULL;
}
