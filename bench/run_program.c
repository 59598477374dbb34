/* run_program - see run_program.h */
#include "run_program.h"

#include <stdbool.h>

#include "player/process.h"

static void set_true(void *data)
{
    *(bool *)data = true;
}

static void on_end(struct process *process)
{
    set_true(process_owner(process));
}

int run_program(uv_loop_t *loop, const char *const *words, struct text *said)
{
    bool has_ended = false, is_freed = false;
    struct process *process =
        process_start(loop, &(struct process_options){.arguments = words, .on_end = on_end, .owner = &has_ended});

    while (!has_ended)
        uv_run(loop, UV_RUN_ONCE);
    const struct process_status status = process_status(process);
    if (said != NULL)
        text_add(said, "%s", process_stderr(process).bytes);
    process_free(process, set_true, &is_freed);
    while (!is_freed)
        uv_run(loop, UV_RUN_ONCE);
    return status.signal != 0 ? 128 : status.exit_status;
}
