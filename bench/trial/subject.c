/* subject - see subject.h */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "player/memory.h"

static struct subject *add(struct subjects *subjects, const char *name)
{
    subjects->items = memory_grown(subjects->items, subjects->count, sizeof subjects->items[0]);
    struct subject *subject = &subjects->items[subjects->count++];
    *subject = (struct subject){.name = memory_string(name)};
    return subject;
}

bool subjects_add_model(struct subjects *subjects, const struct models *models, const char *words)
{
    char *name = memory_string(words);
    char *colon = strchr(name, ':');

    for (char *at = colon; at != NULL; at = strchr(at, ':'))
        *at = ' ';
    struct subject *subject = add(subjects, name);
    if (colon != NULL)
        *colon = '\0';
    const struct model *model = models_named(models, name);
    free(name);
    if (model == NULL)
        return false;
    subject->options = memory_string(subject->name + strlen(model->name));
    subject->program = (struct server_program){.path = model->server, .args = subject->options};
    subject->fault = model->left_out != NULL ? memory_string(model->left_out) : NULL;
    return true;
}

void subjects_add_command(struct subjects *subjects, const char *command)
{
    add(subjects, command)->program.command = command;
}

void subjects_free(struct subjects *subjects)
{
    for (size_t i = 0; i < subjects->count; i++) {
        free(subjects->items[i].name);
        free(subjects->items[i].options);
        free(subjects->items[i].fault);
        free(subjects->items[i].limit);
    }
    free(subjects->items);
    *subjects = (struct subjects){0};
}
