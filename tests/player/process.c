/* process - see process.h */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "proc.h"
#include "process_ready.h"
#include "text.h"

enum {
    WORDS_KEPT = 64 * 1024,
    READ_SIZE = 64 * 1024,
    WORDS_ROOM = 2 * WORDS_KEPT + READ_SIZE, /* more than is kept, so that moving it is rare */
    READY_LIMIT_MS = 10000,
    STOP_LIMIT_MS = 5000, /* for a server that is not ready in time */
    PIPES_LIMIT_MS = 1000 /* for outputs that somebody else holds open after the program's end */
};

/*
 * The child starts as a shell that sets the limit and becomes the program. `$0` is the shell's own name for what follows
 * its script, so that no quoting is needed. setpriv(1) asks the kernel for a SIGKILL at our end (prctl(2),
 * PR_SET_PDEATHSIG); an old one, or that of another system, does not know the option.
 */
static const char launcher[] = "if setpriv --pdeathsig KILL true 2>/dev/null; then\n"
                               "    exec setpriv --pdeathsig KILL \"$0\" \"$@\"\n"
                               "fi\n"
                               "exec \"$0\" \"$@\"\n";

struct process {
    struct process_options options;
    uv_loop_t *loop;
    uv_process_t child;
    uv_pipe_t input, output, words_pipe;
    uv_timer_t timer; /* until ready; then until SIGKILL; then until the outputs end */
    struct ready_watch ready;
    int open_handles; /* to be closed before the memory goes */
    bool output_is_open, words_are_open;
    bool is_ready, was_late, has_exited, has_ended, was_told, was_killed;
    int start_error; /* a negated errno, if there is no child */
    int exit_status;
    int signal;
    uint64_t told_at, exited_at;
    struct text end_in_words;
    char *words;
    size_t words_size, words_dropped;
    char buffer[READ_SIZE];
    void (*on_freed)(void *data);
    void *freed_data;
};

void *process_owner(const struct process *process)
{
    return process->options.owner;
}

int process_pid(const struct process *process)
{
    return process->start_error == 0 && !process->has_exited ? process->child.pid : -1;
}

uv_stream_t *process_input(struct process *process)
{
    return process->options.input ? (uv_stream_t *)&process->input : NULL;
}

bool process_is_ready(const struct process *process)
{
    return process->is_ready;
}

const struct sockaddr *process_address(const struct process *process)
{
    return (const struct sockaddr *)&process->ready.address;
}

bool process_has_ended(const struct process *process)
{
    return process->has_ended;
}

int process_exit_status(const struct process *process)
{
    return process->exit_status;
}

int process_signal(const struct process *process)
{
    return process->signal;
}

bool process_was_told(const struct process *process)
{
    return process->was_told;
}

bool process_was_killed(const struct process *process)
{
    return process->was_killed;
}

uint64_t process_stop_time(const struct process *process)
{
    return process->was_told ? process->exited_at - process->told_at : 0;
}

struct process_words process_words(const struct process *process)
{
    return (struct process_words){process->words, process->words_size, process->words_dropped};
}

/* ---- The end ---- */

static void signal_group(struct process *process, int number)
{
    if (process->start_error == 0)
        kill(-process->child.pid, number);
}

static void end_if_all_ended(struct process *process)
{
    if (!process->has_exited || process->output_is_open || process->words_are_open || process->has_ended)
        return;
    process->has_ended = true;
    uv_timer_stop(&process->timer);
    if (process->options.on_end != NULL)
        process->options.on_end(process);
}

static void on_pipes_limit(uv_timer_t *timer)
{
    struct process *process = timer->data;

    uv_read_stop((uv_stream_t *)&process->output);
    uv_read_stop((uv_stream_t *)&process->words_pipe);
    process->output_is_open = process->words_are_open = false;
    end_if_all_ended(process);
}

static void on_exit_of_child(uv_process_t *child, int64_t exit_status, int signal_number)
{
    struct process *process = child->data;

    process->has_exited = true;
    process->exited_at = uv_hrtime();
    process->exit_status = (int)exit_status;
    process->signal = signal_number;
    if (process->options.is_wrapped && exit_status > 128 && exit_status < 128 + 65) {
        process->signal = (int)exit_status - 128;
        process->exit_status = 0;
    }
    signal_group(process, SIGKILL); /* what it may have started and left behind */
    ready_watch_stop(&process->ready);
    uv_timer_start(&process->timer, on_pipes_limit, PIPES_LIMIT_MS, 0);
    end_if_all_ended(process);
}

/* Has it ended although libuv has not told us yet? WNOWAIT leaves the news to libuv. */
static bool is_dead(const struct process *process)
{
    siginfo_t info = {0};

    if (process->has_exited || process->start_error != 0)
        return true;
    return waitid(P_PID, (id_t)process->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void on_stop_limit(uv_timer_t *timer)
{
    process_kill(timer->data);
}

void process_stop(struct process *process, uint64_t limit_ms)
{
    if (process->was_told || is_dead(process))
        return;
    process->was_told = true;
    process->told_at = uv_hrtime();
    signal_group(process, SIGTERM);
    uv_update_time(process->loop);
    uv_timer_start(&process->timer, on_stop_limit, limit_ms, 0);
}

void process_kill(struct process *process)
{
    if (is_dead(process))
        return;
    process->was_killed = true;
    signal_group(process, SIGKILL);
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
        {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"},
        {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
        {SIGSYS, "SIGSYS"},   {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number)
            return names[i].name;
    return "a signal without a name here";
}

static void describe_lateness(struct process *process)
{
    const int seconds = READY_LIMIT_MS / 1000;

    if (process->options.readiness == PROCESS_READY_BY_PORT)
        text_add(&process->end_in_words, "did not listen on 127.0.0.1:%d, its {port}, within %d s",
                 process->options.port, seconds);
    else
        text_add(&process->end_in_words, "did not say on standard output where it is listening within %d s", seconds);
}

const char *process_describe_end(struct process *process)
{
    struct text *words = &process->end_in_words;

    text_free(words);
    if (process->start_error != 0)
        text_add(words, "could not be started: %s", uv_strerror(process->start_error));
    else if (process->was_late)
        describe_lateness(process);
    else if (process->was_killed)
        text_add(words, "had to be killed");
    else if (process->signal != 0)
        text_add(words, "was killed by signal %d (%s)", process->signal, signal_name(process->signal));
    else
        text_add(words, "exited with %d", process->exit_status);
    return words->chars;
}

/* ---- What it writes ---- */

static void keep_words(struct process *process, const char *bytes, size_t size)
{
    if (process->words_size + size > WORDS_ROOM) {
        const size_t kept = process->words_size < WORDS_KEPT ? process->words_size : WORDS_KEPT;
        const size_t dropped = process->words_size - kept;
        memmove(process->words, process->words + dropped, kept);
        process->words_dropped += dropped;
        process->words_size = kept;
    }
    memcpy(process->words + process->words_size, bytes, size);
    process->words_size += size;
    process->words[process->words_size] = '\0';
}

static void on_ready_to_serve(struct ready_watch *watch)
{
    struct process *process = watch->data;

    process->is_ready = true;
    if (!process->was_told)
        uv_timer_stop(&process->timer);
    if (process->options.on_ready != NULL)
        process->options.on_ready(process);
}

static void take_output(struct process *process, const char *bytes, size_t size)
{
    if (process->options.readiness == PROCESS_READY_BY_LINE && !process->is_ready) {
        const size_t used = ready_watch_read(&process->ready, bytes, size);
        bytes += used;
        size -= used;
    }
    if (size > 0 && process->options.on_output != NULL)
        process->options.on_output(process, bytes, size);
}

static void take_words(struct process *process, const char *bytes, size_t size)
{
    keep_words(process, bytes, size);
    if (process->options.on_words != NULL)
        process->options.on_words(process, bytes, size);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct process *process = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(process->buffer, sizeof process->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct process *process = stream->data;

    if (n > 0 && stream == (uv_stream_t *)&process->output)
        take_output(process, buffer->base, (size_t)n);
    else if (n > 0)
        take_words(process, buffer->base, (size_t)n);
    if (n >= 0)
        return;
    if (stream == (uv_stream_t *)&process->output)
        process->output_is_open = false;
    else
        process->words_are_open = false;
    end_if_all_ended(process);
}

/* ---- The start ---- */

char *process_wrap(const char *command, bool *is_wrapped)
{
    const size_t first_word = strcspn(command, " \t");
    const char *equals = strchr(command, '=');
    struct text wrapped = {0};

    /* `exec` takes neither several commands nor one with an assignment before it. */
    *is_wrapped = strpbrk(command, ";&|(){}<>`\n") != NULL || (equals != NULL && equals < command + first_word);
    text_add(&wrapped, *is_wrapped ? "trap : TERM; %s" : "exec %s", command);
    return text_take(&wrapped);
}

static void on_no_start(uv_timer_t *timer)
{
    struct process *process = timer->data;

    process->has_exited = true;
    end_if_all_ended(process);
}

static void on_ready_limit(uv_timer_t *timer)
{
    struct process *process = timer->data;

    ready_watch_stop(&process->ready);
    process_stop(process, STOP_LIMIT_MS);
    process->was_late = true;
}

static char *launcher_script(const struct process_options *options)
{
    struct text script = {0};

    if (options->descriptors > 0)
        text_add(&script, "ulimit -n %d || exit\n", options->descriptors);
    else if (options->soft_descriptors > 0)
        text_add(&script, "ulimit -S -n %d || exit\n", options->soft_descriptors);
    text_add(&script, "%s", launcher);
    return text_take(&script);
}

static int spawn(struct process *process)
{
    const struct process_options *options = &process->options;
    uv_stdio_container_t stdio[3] = {
        {.flags = options->input ? UV_CREATE_PIPE | UV_READABLE_PIPE : UV_IGNORE, .data = {process_input(process)}},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data = {(uv_stream_t *)&process->output}},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data = {(uv_stream_t *)&process->words_pipe}},
    };
    size_t count = 0;

    while (options->arguments[count] != NULL)
        count++;
    char **arguments = memory_zeroed(count + 4, sizeof arguments[0]);
    char *script = launcher_script(options);
    char shell[] = "/bin/sh";
    char is_script[] = "-c";
    arguments[0] = shell;
    arguments[1] = is_script;
    arguments[2] = script;
    memcpy(arguments + 3, options->arguments, count * sizeof arguments[0]);

    const uv_process_options_t how = {.exit_cb = on_exit_of_child,
                                      .file = shell,
                                      .args = arguments,
                                      .flags = UV_PROCESS_DETACHED, /* setsid(): a process group of its own */
                                      .stdio_count = 3,
                                      .stdio = stdio};
    const int error = uv_spawn(process->loop, &process->child, &how);
    free(script);
    free(arguments);
    return error;
}

static void read_outputs(struct process *process)
{
    uv_read_start((uv_stream_t *)&process->output, give_buffer, on_read);
    uv_read_start((uv_stream_t *)&process->words_pipe, give_buffer, on_read);
    process->output_is_open = process->words_are_open = true;
}

struct process *process_start(uv_loop_t *loop, const struct process_options *options)
{
    struct process *process = memory_zeroed(1, sizeof *process);

    process->options = *options;
    process->loop = loop;
    process->words = memory_resized(NULL, WORDS_ROOM + 1);
    process->words[0] = '\0';
    process->child.data = process->timer.data = process;
    process->input.data = process->output.data = process->words_pipe.data = process;
    uv_timer_init(loop, &process->timer);
    uv_pipe_init(loop, &process->input, 0);
    uv_pipe_init(loop, &process->output, 0);
    uv_pipe_init(loop, &process->words_pipe, 0);
    ready_watch_init(&process->ready, loop, on_ready_to_serve, process);
    uv_update_time(loop);

    process->start_error = spawn(process);
    process->options.arguments = NULL; /* the caller's, and no longer needed */
    if (process->start_error != 0) {
        uv_timer_start(&process->timer, on_no_start, 0, 0);
        return process;
    }
    read_outputs(process);
    if (options->readiness == PROCESS_READY_AT_ONCE) {
        process->is_ready = true;
        return process;
    }
    uv_timer_start(&process->timer, on_ready_limit, READY_LIMIT_MS, 0);
    if (options->readiness == PROCESS_READY_BY_PORT)
        ready_watch_try(&process->ready, options->port);
    return process;
}

/* ---- Giving it back ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;

    if (--process->open_handles > 0)
        return;
    void (*on_freed)(void *data) = process->on_freed;
    void *data = process->freed_data;
    text_free(&process->end_in_words);
    free(process->words);
    free(process);
    on_freed(data);
}

static void on_watch_closed(struct ready_watch *watch)
{
    struct process *process = watch->data;

    on_handle_closed((uv_handle_t *)&process->timer);
}

void process_free(struct process *process, void (*on_freed)(void *data), void *data)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&process->child, (uv_handle_t *)&process->input,
                                    (uv_handle_t *)&process->output, (uv_handle_t *)&process->words_pipe,
                                    (uv_handle_t *)&process->timer};

    process->on_freed = on_freed;
    process->freed_data = data;
    process->open_handles = 1 + sizeof handles / sizeof handles[0];
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        uv_close(handles[i], on_handle_closed);
    ready_watch_close(&process->ready, on_watch_closed);
}

/* ---- Numbers ---- */

bool process_busy_time(const struct process *process, uint64_t *nanoseconds)
{
    if (process->has_exited || process->start_error != 0 || process->options.is_wrapped ||
        !proc_cpu_time(process->child.pid, nanoseconds))
        return false;
    *nanoseconds += proc_waiting_time(process->child.pid);
    return true;
}

int process_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    const int before = (int)limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* everybody may go up to the hard limit */
    return before;
}

void process_open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd != -1 && fd <= STDERR_FILENO);
    if (fd != -1)
        close(fd);
}
