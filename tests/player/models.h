/* models - what there is to check: the models and the scripts, found by looking, and what is expected of each pair. */
#ifndef MODELS_H
#define MODELS_H

#include <stdbool.h>
#include <stddef.h>

#include "player.h"
#include "script.h"

/* One line of NN-model/expected. */
struct expectation {
    char *script; /* its name */
    enum play_outcome outcome;
    char *reason; /* for a stall: why it is right */
    int line;
};

struct model {
    char *name; /* "05-select" */
    char *server; /* paths of the programs */
    char *client;
    char *left_out; /* why it cannot be played, or NULL */
    char *expected_path;
    struct expectation *expectations;
    size_t expectation_count;
};

struct models {
    struct model *items;
    size_t count;
};

struct scripts {
    struct script **items; /* those for servers first; sorted by name */
    size_t count;
};

/*
 * Finds the models in the current directory: NN-name/ with server.c and client.c, sorted; their programs are
 * BUILD/NN-name/server and client. Their `expected` files are not read yet. An empty list is no error.
 */
void models_find(struct models *models, const char *build);

/* Adds a model whose folder is elsewhere: PATH has its `expected`, and BUILD/PATH its programs. PATH becomes its name. */
void models_add_folder(struct models *models, const char *path, const char *build);

/*
 * Why make has left out the model of that name: the rest of its line "NAME REASON" in BUILD/left-out. The caller's to
 * free(); NULL if there is no such line.
 */
char *models_left_out(const char *name, const char *build);

/* Adds a model that is only a name: somebody else's server. Its expectations are read from `expected_path`, or NULL. */
struct model *models_add(struct models *models, const char *name, const char *expected_path);

/* The model of that name, or NULL. */
const struct model *models_named(const struct models *models, const char *name);

/* A model as somebody asks for it, perhaps with options for its server: "02-fcntl-nonblock:-i10". */
struct model_choice {
    const struct model *model; /* NULL: there is none of that name */
    char *name; /* "02-fcntl-nonblock -i10", the caller's to free() */
    const char *args; /* the end of `name`, "-i10"; NULL: no options */
};

/* Reads that; each ':' is a blank between options. */
struct model_choice models_choose(const struct models *models, const char *words);

/*
 * Reads all scripts of tests/scripts/servers and tests/scripts/clients; each needs a name of its own. Returns true, or
 * false with the first mistake ("tests/scripts/servers/x.script:3: ...") in `error`; scripts_free() is needed in both cases.
 */
bool scripts_read(struct scripts *scripts, char *error, size_t error_size);

/*
 * Reads one script by its name, from one of those two folders or from tests/scripts/demo (scripts to be watched, which
 * take too long for `make check`); a name with a slash or a dot in it is a path. Returns it, the caller's to free with
 * script_free(); or NULL with the mistake in `error`.
 */
struct script *scripts_open(const char *name, char *error, size_t error_size);

/* The script of that name, or NULL. */
const struct script *scripts_named(const struct scripts *scripts, const char *name);

/*
 * Reads what is expected of `model`: lines SCRIPT OUTCOME REASON..., '#' comments. If there is no such file, all scripts
 * are expected to pass (but of somebody else's server, the file must be there). Returns true, or false with the first
 * mistake ("05-select/expected:2: ...") in `error`.
 */
bool model_read_expected(struct model *model, const struct scripts *scripts, char *error, size_t error_size);

/* What is said of `script`, or NULL: it is expected to pass. */
const struct expectation *model_expectation(const struct model *model, const char *script);

/* Frees all that the list holds; it is empty then. */
void models_free(struct models *models);

/* Likewise. */
void scripts_free(struct scripts *scripts);

#endif
