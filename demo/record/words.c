/* words - see words.h */
#include "words.h"

#include <stdio.h>
#include <string.h>

void words_add_count(struct text *text, long count)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%ld", count);
    const size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++)
        text_add(text, "%c%s", digits[i], (length - i) % 3 == 1 && i + 1 < length && digits[i] != '-' ? "," : "");
}

void words_add_rough(struct text *text, long count)
{
    long unit = 1;

    while (count / unit >= 100)
        unit *= 10;
    words_add_count(text, count / unit * unit);
}

void words_add_memory(struct text *text, long kib)
{
    if (kib < 1024)
        text_add(text, "%ld KiB", kib);
    else
        text_add(text, "%.1f MiB", (double)kib / 1024);
}

void words_add_share(struct text *text, double share)
{
    text_add(text, share < 0.095 && share >= 0.0005 ? "%.1f %%" : "%.0f %%", share * 100);
}

const char *words_client(const struct record *record, const struct lane *lane)
{
    return record->script->actors[lane->actor];
}

/* How many threads of this process come before `end`. */
static size_t threads_of(const struct model_record *model, int process, size_t end)
{
    size_t count = 0;

    for (size_t i = 0; i < end; i++)
        count += model->threads[i].process == process;
    return count;
}

/* How many processes have a thread before `end`. */
static size_t processes_of(const struct model_record *model, size_t end)
{
    size_t count = 0;

    for (size_t i = 0; i < end; i++)
        count += threads_of(model, model->threads[i].process, i) == 0;
    return count;
}

/* Each process gets the number of its first lane among those of other processes. */
static size_t process_number(const struct model_record *model, size_t index)
{
    size_t first = 0;

    while (model->threads[first].process != model->threads[index].process)
        first++;
    return processes_of(model, first + 1);
}

void words_add_lane(struct text *text, const struct model_record *model, size_t index)
{
    const int process = model->threads[index].process;
    const size_t thread = threads_of(model, process, index + 1);

    if (model->thread_count == 1)
        text_add(text, "server");
    else if (processes_of(model, model->thread_count) == 1)
        text_add(text, "thread %zu", thread);
    else if (threads_of(model, process, model->thread_count) == 1)
        text_add(text, "process %zu", process_number(model, index));
    else
        text_add(text, "process %zu.%zu", process_number(model, index), thread);
}
