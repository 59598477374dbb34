/* models - see models.h */
#include "models.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
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

static bool has_file(const char *folder, const char *name, int mode)
{
    char *path = join(folder, name);
    const bool is_there = access(path, mode) == 0;

    free(path);
    return is_there;
}

/* ---- Folders ---- */

struct names {
    char **items;
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    const char *const *first = a;
    const char *const *second = b;

    return strcmp(*first, *second);
}

/* The names in `folder` that are wanted, sorted; none if it cannot be read. */
static struct names list(const char *folder, bool (*is_wanted)(const char *name))
{
    struct names names = {0};
    DIR *directory = opendir(folder);

    if (directory == NULL)
        return names;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!is_wanted(entry->d_name))
            continue;
        names.items = memory_grown(names.items, names.count, sizeof names.items[0]);
        names.items[names.count++] = memory_string(entry->d_name);
    }
    closedir(directory);
    if (names.count > 0)
        qsort(names.items, names.count, sizeof names.items[0], compare_names);
    return names;
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* ---- Models ---- */

static bool is_model(const char *name)
{
    if (!isdigit((unsigned char)name[0]) || !isdigit((unsigned char)name[1]) || name[2] != '-')
        return false;
    return has_file(name, "server.c", R_OK) && has_file(name, "client.c", R_OK);
}

struct model *models_add(struct models *models, const char *name, const char *expected_path)
{
    models->items = memory_grown(models->items, models->count, sizeof models->items[0]);
    struct model *model = &models->items[models->count++];
    *model = (struct model){.name = memory_string(name), .is_built = true};
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
    model->is_built = access(model->server, X_OK) == 0 && access(model->client, X_OK) == 0;
    free(programs);
}

void models_find(struct models *models, const char *build)
{
    struct names names = list(".", is_model);

    *models = (struct models){0};
    for (size_t i = 0; i < names.count; i++)
        models_add_folder(models, names.items[i], build);
    free_names(&names);
}

const struct model *models_named(const struct models *models, const char *name)
{
    for (size_t i = 0; i < models->count; i++)
        if (strcmp(models->items[i].name, name) == 0)
            return &models->items[i];
    return NULL;
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
        free(model->expected_path);
    }
    free(models->items);
    *models = (struct models){0};
}

/* ---- Scripts ---- */

static bool is_script(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot != NULL && strcmp(dot, ".script") == 0;
}

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

static bool read_folder(struct scripts *scripts, const char *folder, char *error, size_t error_size)
{
    struct names names = list(folder, is_script);
    bool is_right = true;

    for (size_t i = 0; i < names.count && is_right; i++) {
        char *path = join(folder, names.items[i]);
        is_right = add_script(scripts, path, error, error_size);
        free(path);
    }
    free_names(&names);
    return is_right;
}

bool scripts_read(struct scripts *scripts, char *error, size_t error_size)
{
    *scripts = (struct scripts){0};
    return read_folder(scripts, "tests/scripts/servers", error, error_size) &&
           read_folder(scripts, "tests/scripts/clients", error, error_size);
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

/* Cuts the next word off `*line` and returns it, "" at the end. */
static char *next_word(char **line)
{
    static const char blanks[] = " \t\r\n";
    char *word = *line + strspn(*line, blanks);
    char *end = word + strcspn(word, blanks);

    *line = end + (*end != '\0');
    *end = '\0';
    return word;
}

static char *rest_of(char *line)
{
    line += strspn(line, " \t\r\n");
    for (size_t length = strlen(line); length > 0 && isspace((unsigned char)line[length - 1]);)
        line[--length] = '\0';
    return line;
}

/* Why a line is wrong, or NULL. */
static const char *mistake_in(const struct model *model, const struct scripts *scripts, const char *script,
                              const char *outcome, const char *reason)
{
    if (scripts_named(scripts, script) == NULL)
        return "there is no script of that name";
    if (strcmp(outcome, "passes") != 0 && strcmp(outcome, "stalls") != 0)
        return "the outcome is \"passes\" or \"stalls\"";
    if (reason[0] == '\0')
        return "the reason is missing: say why, in words";
    if (model_expectation(model, script) != NULL)
        return "this script has a line above already";
    return NULL;
}

static const char *read_expectation(struct model *model, const struct scripts *scripts, char *line, int number)
{
    char *script = next_word(&line);

    if (script[0] == '\0' || script[0] == '#')
        return NULL;
    const char *outcome = next_word(&line);
    const char *reason = rest_of(line);
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
