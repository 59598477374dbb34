/* server - see server.h */
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "player/memory.h"
#include "player/options.h"
#include "player/proc.h"

/* ---- Start and stop ---- */

static void on_ready(struct process *process)
{
    struct server *server = process_owner(process);

    server->is_up = true;
}

void server_add_last_words(const struct server *server, struct text *text)
{
    int length;
    const char *line = process_last_line(server->process, &length);

    if (length > 0)
        text_add(text, " (%.*s)", length, line);
}

static void on_end(struct process *process)
{
    struct server *server = process_owner(process);
    const struct process_status status = process_status(process);

    server->is_over = true;
    if (status.was_told && status.is_ready)
        return;
    text_add(&server->problem, "it %s", process_describe_end(process));
    server_add_last_words(server, &server->problem);
}

static void start(struct server *server, uv_loop_t *loop, struct option_values *words, struct process_options options)
{
    option_values_add(words, NULL);
    options.arguments = words->items;
    options.on_ready = on_ready;
    options.on_end = on_end;
    options.owner = server;
    machine_use(MACHINE_FOR_SERVER); /* it inherits that */
    server->process = process_start(loop, &options);
    machine_use(MACHINE_FOR_LOAD);
}

static void start_model(struct server *server, uv_loop_t *loop, struct option_values *words,
                        const struct server_program *program)
{
    char *args = memory_string(program->args != NULL ? program->args : "");

    option_values_add(words, program->path);
    option_values_add(words, "-p");
    option_values_add(words, "0");
    for (char *at, *word = strtok_r(args, " ", &at); word != NULL; word = strtok_r(NULL, " ", &at))
        option_values_add(words, word);
    start(server, loop, words, (struct process_options){.readiness = PROCESS_READY_BY_LINE});
    free(args);
}

static void start_command(struct server *server, uv_loop_t *loop, struct option_values *words, const char *command)
{
    const int port = process_free_port();
    bool is_wrapped;

    if (port < 0) {
        text_add(&server->problem, "there is no free port: %s", uv_strerror(port));
        return;
    }
    char *with_port = process_fill_in_port(command, port);
    char *wrapped = process_wrap(with_port, &is_wrapped);
    option_values_add(words, "/bin/sh");
    option_values_add(words, "-c");
    option_values_add(words, wrapped);
    start(server, loop, words,
          (struct process_options){.readiness = PROCESS_READY_BY_PORT, .port = port, .is_wrapped = is_wrapped});
    free(wrapped);
    free(with_port);
}

bool server_start(struct server *server, uv_loop_t *loop, const struct server_program *program,
                  const char *const *runner)
{
    struct option_values words = {0};

    *server = (struct server){0};
    for (; runner != NULL && *runner != NULL; runner++)
        option_values_add(&words, *runner);
    if (program->command != NULL)
        start_command(server, loop, &words, program->command);
    else
        start_model(server, loop, &words, program);
    free(words.items);
    while (server->process != NULL && !server->is_up && !server->is_over)
        uv_run(loop, UV_RUN_ONCE);
    return server->is_up && !server->is_over;
}

static void on_freed(void *data)
{
    struct server *server = data;

    server->process = NULL;
}

void server_stop(struct server *server, uv_loop_t *loop, uint64_t limit_ms)
{
    if (server->process == NULL)
        return;
    process_stop(server->process, SIGTERM, limit_ms);
    while (!process_status(server->process).has_ended)
        uv_run(loop, UV_RUN_ONCE);
    server->was_killed = process_status(server->process).was_killed;
    process_free(server->process, on_freed, server);
    while (server->process != NULL)
        uv_run(loop, UV_RUN_ONCE);
}

/* ---- Looks at it ---- */

static void add_threads(pid_t pid, struct server_costs *costs)
{
    struct proc_status status;
    pid_t *threads;
    const size_t count = proc_threads(pid, &threads);

    for (size_t i = 0; i < count; i++)
        if (proc_status(threads[i], &status))
            costs->switches += (double)(status.sleeps + status.preemptions);
    costs->threads += (double)count;
    free(threads);
}

struct server_costs server_costs(const struct server *server)
{
    struct server_costs costs = {0};
    struct proc_member *family;
    uint64_t nanoseconds;

    if (proc_family_cpu_time(process_pid(server->process), &nanoseconds))
        costs.cpu = (double)nanoseconds / 1e9;
    if (process_busy_time(server->process, &nanoseconds))
        costs.busy = (double)nanoseconds / 1e9;
    const size_t count = proc_family(process_pid(server->process), &family);
    for (size_t i = 0; i < count; i++)
        if (!family[i].is_zombie) {
            add_threads(family[i].pid, &costs);
            costs.processes++;
        }
    free(family);
    return costs;
}

/* "TOTAL RESIDENT SHARED ...", in pages: proc_pid_statm(5). */
static double resident_memory(pid_t pid)
{
    char path[64], line[128] = "";

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    const char *resident = fgets(line, sizeof line, file) != NULL ? strchr(line, ' ') : NULL;
    fclose(file);
    return resident != NULL ? strtod(resident, NULL) * (double)sysconf(_SC_PAGESIZE) / 1024 : 0;
}

struct server_memory server_memory(const struct server *server)
{
    struct server_memory memory = {0};
    struct proc_member *family;
    const size_t count = proc_family(process_pid(server->process), &family);

    for (size_t i = 0; i < count; i++) {
        memory.proportional += (double)proc_memory(family[i].pid);
        memory.resident += resident_memory(family[i].pid);
    }
    free(family);
    return memory;
}
