/* matrix - see matrix.h */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

static const char letters[VERDICTS + 1] = ".+scwrx#";

static bool is_same_row(const struct error_row *a, const struct error_row *b, bool by_error)
{
    return strcmp(a->calls[0], b->calls[0]) == 0 && (!by_error || strcmp(a->error, b->error) == 0);
}

/* The worst of what the trials of a cell have shown at that moment. */
static enum verdict find_worst(const struct plan *plan, const struct error_row *row, const struct subject *subject,
                               enum moment moment, bool by_error)
{
    enum verdict worst = NOT_REACHED;

    for (size_t i = 0; i < plan->count; i++) {
        const struct trial *trial = &plan->trials[i];
        const bool is_of_cell =
            trial->subject == subject && trial->moment == moment && is_same_row(trial->row, row, by_error);
        if (is_of_cell && trial->verdict > worst)
            worst = trial->verdict;
    }
    return worst;
}

static bool is_tried(const struct plan *plan, const struct error_row *row, bool by_error)
{
    for (size_t i = 0; i < plan->count; i++)
        if (is_same_row(plan->trials[i].row, row, by_error))
            return true;
    return false;
}

static void add_row(struct text *text, const struct plan *plan, const struct error_row *row,
                    const struct subject *subjects, size_t count, bool by_error)
{
    const bool is_first = !by_error || row->is_first;

    text_add(text, by_error ? "%-15s %-13s" : "%-15s ", is_first ? row->calls[0] : "", row->error);
    for (size_t i = 0; i < count; i++) {
        if (subjects[i].left_out != NULL)
            continue;
        text_add(text, " ");
        for (int moment = 0; moment < MOMENTS; moment++)
            text_add(text, "%c", letters[find_worst(plan, row, &subjects[i], (enum moment)moment, by_error)]);
    }
    text_add(text, "\n");
}

void matrix_add(struct text *text, const struct plan *plan, const struct errors *errors, const struct subject *subjects,
                size_t count, bool by_error)
{
    text_add(text, "%-*s", by_error ? 29 : 16, "");
    for (size_t i = 0; i < count; i++)
        if (subjects[i].left_out == NULL)
            text_add(text, " %.2s ", subject_short_name(&subjects[i]));
    text_add(text, "\n");
    for (size_t i = 0; i < errors->count; i++) {
        const struct error_row *row = &errors->rows[i];
        if ((by_error || row->is_first) && is_tried(plan, row, by_error))
            add_row(text, plan, row, subjects, count, by_error);
    }
}

static void add_clients_legend(struct text *text)
{
    text_add(text, "\nThree signs for each client: the fault is there once before it is connected,\n"
                   "once afterwards, and again and again from then on. What came of it, at worst:\n"
                   "  +  nothing: every reply is printed\n"
                   "  w  the client waits while it lasts\n"
                   "  r  the client says why it ends, and exits with 1\n"
                   "  x  anything else, but the model's file `faults` says why\n"
                   "  #  anything else: WRONG, see below\n"
                   "  .  not tried, or the client makes no such call then\n");
}

static void add_servers_legend(struct text *text)
{
    text_add(text, "\nThree signs for each model: the fault is there once before the server is ready,\n"
                   "once afterwards, and again and again from then on. What came of it, at worst:\n"
                   "  +  nothing: all go on, and every byte is right\n"
                   "  s  it was a signal to stop, and the server has stopped\n"
                   "  c  the client that the fault met is gone; its neighbours have every byte\n"
                   "  w  clients wait while it lasts; the server rests, and stops when told to\n"
                   "  r  the server does not start, says why in one line, and exits with 1\n"
                   "  x  anything else, but the model's file `faults` says why\n"
                   "  #  anything else: WRONG, see below\n"
                   "  .  not tried, or the model makes no such call then\n");
}

void matrix_add_legend(struct text *text, bool is_of_clients)
{
    if (is_of_clients)
        add_clients_legend(text);
    else
        add_servers_legend(text);
}

void matrix_add_sum(struct text *text, const struct plan *plan)
{
    size_t reached = 0, known = 0, wrong = 0;

    for (size_t i = 0; i < plan->count; i++) {
        reached += plan->trials[i].verdict != NOT_REACHED;
        known += plan->trials[i].verdict == KNOWN;
        wrong += plan->trials[i].verdict == WRONG;
    }
    text_add(text, "\n%zu faults tried, %zu reached, %zu known, %zu wrong\n", plan->count, reached, known, wrong);
}

static void add_wrong(struct text *text, const struct trial *trial)
{
    const char *again = trial->moment == AGAIN ? "+" : "";

    text_add(text, "\n%s: %s() says %s, when=%d%s: %s\n", trial->subject->name, trial->call, trial->row->error,
             trial->place, again, trial->problem);
    text_add(text, "    again:  build/tests/faults/faults%s --model %s --call %s --error %s --place %d\n",
             trial->subject->is_client ? " --clients" : "", trial->subject->words, trial->call, trial->row->error,
             trial->place);
    text_add(text, "    strace: %s\n", trial->path);
}

void matrix_add_wrong(struct text *text, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->trials[i].verdict == WRONG)
            add_wrong(text, &plan->trials[i]);
}
