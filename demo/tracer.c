/* tracer - see tracer.h */
#include "tracer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "player/proc.h"
#include "player/text.h"
#include "record/call_name.h"

enum {
    STALE_NS = 60 * 1000 * 1000, /* without a word from strace for this long, we look for ourselves */
    LOOKS_REST = 50, /* at least so many times as long as it takes to look for all processes */
    REAP_ATTEMPTS = 40
};

/* ---- Is strace there? ---- */

struct trial {
    uv_process_t child;
    bool has_passed;
};

static void on_trial_over(uv_process_t *child, int64_t exit_status, int signal_number)
{
    struct trial *trial = child->data;

    trial->has_passed = exit_status == 0 && signal_number == 0;
    uv_close((uv_handle_t *)child, NULL);
}

/* It may be there and not be permitted to trace; then it says so, and the program is not run or not traced. */
const char *tracer_probe(void)
{
    char program[] = "strace", as_grandchild[] = "-DDD", quietly[] = "-qqq", threads[] = "-f";
    char output[] = "-o", nowhere[] = "/dev/null", nothing[] = "true";
    char *arguments[] = {program, as_grandchild, quietly, threads, output, nowhere, nothing, NULL};
    struct trial trial = {.has_passed = false};
    uv_loop_t loop;
    const uv_process_options_t options = {.exit_cb = on_trial_over, .file = program, .args = arguments};

    uv_loop_init(&loop);
    trial.child.data = &trial;
    const int error = uv_spawn(&loop, &trial.child, &options);
    if (error != 0)
        uv_close((uv_handle_t *)&trial.child, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (error == UV_ENOENT)
        return "strace is missing (./setup.sh trace installs it)";
    return error == 0 && trial.has_passed ? NULL : "strace may not trace here";
}

void tracer_adopt_orphans(void)
{
#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

void tracer_reap_orphans(void)
{
    const struct timespec interval = {.tv_nsec = 5L * 1000 * 1000};

    for (int i = 0; i < REAP_ATTEMPTS && waitpid(-1, NULL, WNOHANG) != -1; i++)
        nanosleep(&interval, NULL);
}

/* ---- Reading what it writes ---- */

/* A FIFO in a folder of its own. tracer_clean_up() removes them, also where there is only the folder. */
static bool make_fifo(struct tracer *tracer)
{
    const char *temporary = getenv("TMPDIR");
    struct text path = {0};

    text_add(&path, "%s/io-models-XXXXXX", temporary != NULL && temporary[0] == '/' ? temporary : "/tmp");
    if (mkdtemp(path.chars) == NULL) {
        text_free(&path);
        return false;
    }
    text_add(&path, "/trace");
    tracer->path = text_take(&path);
    return mkfifo(tracer->path, S_IRUSR | S_IWUSR) == 0;
}

void tracer_clean_up(struct tracer *tracer)
{
    if (tracer->path == NULL)
        return;
    if (tracer->other_end != -1)
        close(tracer->other_end);
    tracer->other_end = -1;
    unlink(tracer->path);
    *strrchr(tracer->path, '/') = '\0';
    rmdir(tracer->path);
    free(tracer->path);
    tracer->path = NULL;
}

static void detach_strace(struct tracer *tracer)
{
    struct proc_status server;

    tracer->rate = syscalls_rate(&tracer->syscalls);
    tracer->busy = syscalls_spin(&tracer->syscalls) ? CALL_SPINS : CALL_WORKS;
    tracer->is_on = false;
    if (proc_status(tracer->pid, &server) && server.tracer > 1)
        kill(server.tracer, SIGTERM);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct tracer *tracer = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(tracer->buffer, sizeof tracer->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct tracer *tracer = stream->data;

    if (n > 0)
        syscalls_read(&tracer->syscalls, buffer->base, (size_t)n);
    else if (n < 0)
        tracer_close(tracer);
    if (n > 0 && tracer->is_on && tracer->pid != 0 && syscalls_are_too_many(&tracer->syscalls))
        detach_strace(tracer);
}

static bool open_fifo(struct tracer *tracer, uv_loop_t *loop)
{
    if (!make_fifo(tracer))
        return false;
    const int fd = open(tracer->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return false;
    tracer->other_end = open(tracer->path, O_WRONLY | O_CLOEXEC);
    tracer->pipe.data = tracer;
    uv_pipe_init(loop, &tracer->pipe, 0);
    tracer->is_open = true;
    if (uv_pipe_open(&tracer->pipe, fd) == 0)
        return uv_read_start((uv_stream_t *)&tracer->pipe, give_buffer, on_read) == 0;
    close(fd);
    tracer_close(tracer);
    return false;
}

/* `-I 2`: it goes when it is told to; `-q`: it says only who ends; `-s 8`: the first bytes of a text will do. */
static void choose_runner(struct tracer *tracer)
{
    const char *const runner[] = {"strace", "-DDD",        "-I", "2", "-f", "-ttt",       "-T", "-q",
                                  "-e",     "signal=none", "-s", "8", "-o", tracer->path, NULL};

    _Static_assert(sizeof runner <= sizeof tracer->runner, "room for all words");
    memcpy(tracer->runner, runner, sizeof runner);
}

void tracer_init(struct tracer *tracer, uv_loop_t *loop, struct recorder *recorder, size_t index, int64_t zero,
                 bool uses_strace)
{
    *tracer = (struct tracer){.other_end = -1};
    syscalls_init(&tracer->syscalls, recorder, index, zero);
    if (!uses_strace)
        return;
    if (open_fifo(tracer, loop)) {
        tracer->is_on = true;
        choose_runner(tracer);
    } else {
        tracer_clean_up(tracer);
    }
}

const char *const *tracer_runner(const struct tracer *tracer)
{
    return tracer->is_on ? tracer->runner : NULL;
}

void tracer_begin(struct tracer *tracer, int pid)
{
    tracer->pid = pid;
    syscalls_start_counting(&tracer->syscalls);
    tracer_clean_up(tracer);
}

bool tracer_is_reading(const struct tracer *tracer)
{
    return tracer->is_open;
}

void tracer_close(struct tracer *tracer)
{
    if (!tracer->is_open)
        return;
    tracer->is_open = false;
    uv_close((uv_handle_t *)&tracer->pipe, NULL);
}

void tracer_free(struct tracer *tracer)
{
    tracer_clean_up(tracer);
    syscalls_free(&tracer->syscalls);
}

/* ---- Looking ---- */

static void look_at_thread(struct tracer *tracer, struct sighting *sighting)
{
    struct syscalls *syscalls = &tracer->syscalls;
    struct proc_status status;

    if (!proc_status(sighting->thread, &status))
        return;
    if (status.is_running) {
        sighting->call = tracer->busy;
        sighting->fd = -1;
    } else {
        const char *name = proc_call(sighting->thread, &sighting->fd);
        sighting->sleeps = (unsigned long)status.sleeps;
        sighting->call = name != NULL ? call_name(&syscalls->recorder->record, name, strlen(name)) : NULL;
    }
    if (sighting->call != NULL)
        syscalls_see(syscalls, sighting);
}

/* strace has told of every thread, from its first call on. */
static void look_at_known(struct tracer *tracer, uint64_t now)
{
    const struct syscalls *syscalls = &tracer->syscalls;

    for (size_t i = 0; i < syscalls->thread_count; i++) {
        const struct thread_pen *pen = &syscalls->threads[i];
        struct sighting sighting = {.process = syscalls->processes[pen->process].id,
                                    .thread = pen->thread,
                                    .at = now,
                                    .looked_before = tracer->looked_at};
        if (pen->is_alive && syscalls_is_stale(&tracer->syscalls, pen->thread, now, STALE_NS))
            look_at_thread(tracer, &sighting);
    }
}

static void look_at_process(struct tracer *tracer, pid_t process, uint64_t now)
{
    pid_t *threads;
    const size_t count = proc_threads(process, &threads);

    for (size_t i = 0; i < count; i++) {
        struct sighting sighting = {
            .process = process, .thread = threads[i], .at = now, .looked_before = tracer->looked_at};
        look_at_thread(tracer, &sighting);
    }
    free(threads);
}

/* Without strace: there may be new processes, and new threads of old ones. */
static void look_at_family(struct tracer *tracer, uint64_t now)
{
    const uint64_t begin = uv_hrtime();
    struct proc_member *family;
    const size_t count = proc_descendants(tracer->pid, &family);

    for (size_t i = 0; i < count; i++)
        if (!family[i].is_zombie)
            look_at_process(tracer, family[i].pid, now);
    free(family);
    tracer->rests_until = now + LOOKS_REST * (uv_hrtime() - begin);
}

void tracer_look(struct tracer *tracer, uint64_t now)
{
    if (tracer->pid == 0 || (!tracer->is_on && tracer->busy == NULL) || now < tracer->rests_until)
        return;
    if (tracer->is_on)
        look_at_known(tracer, now);
    else
        look_at_family(tracer, now);
    tracer->looked_at = now;
}

/* Without strace the server is faster than with it: its rate under strace is a lower bound, for as long as it is busy. */
void tracer_tell(const struct tracer *tracer, struct costs *costs)
{
    const long counted = (long)tracer->syscalls.count;
    const long at_least = (long)(tracer->rate * (costs->cpu_seconds > 0 ? costs->cpu_seconds : 0));

    costs->calls_are_more = tracer->busy != NULL;
    costs->calls_are_batches = tracer->syscalls.has_batches;
    if (costs->processes < tracer->syscalls.most_processes)
        costs->processes = tracer->syscalls.most_processes;
    if (costs->threads < tracer->syscalls.most_threads)
        costs->threads = tracer->syscalls.most_threads;
    if (costs->calls_are_more)
        costs->system_calls = counted > at_least ? counted : at_least;
    else if (tracer->is_on)
        costs->system_calls = counted;
}
