/* subject - see subject.h */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "player/text.h"

enum { MAX_NAME = 24, HALF_NAME = 10 }; /* what a plot has room for */

static struct subject *add(struct subjects *subjects, struct subject subject)
{
    subjects->items = memory_grown(subjects->items, subjects->count, sizeof subjects->items[0]);
    subjects->items[subjects->count] = subject;
    return &subjects->items[subjects->count++];
}

bool subjects_add_model(struct subjects *subjects, const struct models *models, const char *words)
{
    const struct model_choice choice = models_choose(models, words);
    struct subject *subject = add(subjects, (struct subject){.name = choice.name});

    if (choice.model == NULL)
        return false;
    subject->program = (struct server_program){.path = choice.model->server, .args = choice.args};
    subject->fault = choice.model->left_out != NULL ? memory_string(choice.model->left_out) : NULL;
    return true;
}

/* Of long words both ends are shown: a command's are what runs and what it is given. */
static char *make_name(const char *words, size_t length)
{
    struct text name = {0};

    if (length <= MAX_NAME)
        text_add(&name, "%.*s", (int)length, words);
    else
        text_add(&name, "%.*s...%.*s", HALF_NAME, words, HALF_NAME, words + length - HALF_NAME);
    return text_take(&name);
}

/* A command without a name is called as it is, but for the port at its end. */
static size_t length_without_port(const char *command)
{
    static const char port[] = " {port}";
    const size_t length = strlen(command);

    return length >= sizeof port && strcmp(command + length - strlen(port), port) == 0 ? length - strlen(port) : length;
}

static bool add_server(struct subjects *subjects, const char *line)
{
    const size_t word = strcspn(line, " ");
    const bool has_name = word > 1 && line[word - 1] == ':';
    const char *command = has_name ? line + word + strspn(line + word, " ") : line;
    const size_t length = has_name ? word - 1 : length_without_port(command);
    struct subject *subject = add(subjects, (struct subject){.name = make_name(line, length)});

    subject->program.command = subject->command = memory_string(command);
    return strstr(command, "{port}") != NULL;
}

bool subjects_add_servers(struct subjects *subjects, const char *lines)
{
    char *copy = memory_string(lines), *at;
    bool is_right = true;

    for (char *line = strtok_r(copy, "\n", &at); line != NULL && is_right; line = strtok_r(NULL, "\n", &at)) {
        line += strspn(line, " \t");
        is_right = line[0] == '\0' || add_server(subjects, line);
    }
    free(copy);
    return is_right;
}

void subjects_free(struct subjects *subjects)
{
    for (size_t i = 0; i < subjects->count; i++) {
        free(subjects->items[i].name);
        free(subjects->items[i].command);
        free(subjects->items[i].fault);
        free(subjects->items[i].limit);
    }
    free(subjects->items);
    *subjects = (struct subjects){0};
}
