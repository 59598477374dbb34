/* process - see process.h */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "proc.h"
#include "process_family.h"
#include "process_ready.h"
#include "text.h"

enum {
    KEPT = 64 * 1024, /* of standard error */
    READ_SIZE = 64 * 1024,
    ROOM = 2 * KEPT + READ_SIZE, /* more than is kept, so that moving it is rare */
    READY_LIMIT_MS = 10000,
    PROBE_MS = 10, /* from one look at the port to the next */
    STOP_LIMIT_MS = 5000, /* for a server that is not ready in time */
    LEAVING_MS = 10, /* from one look at who is left to the next */
    LEFT_LIMIT_MS = 1000 /* for who is left after the program's end, and for outputs that somebody holds open */
};

/*
 * The child starts as a shell that sets the limit and becomes the program. `$0` is the shell's own name for what follows
 * its script, so that no quoting is needed. setpriv(1) asks the kernel for a SIGKILL at our end (prctl(2),
 * PR_SET_PDEATHSIG); an old one, or another system's, does not know the option.
 */
static const char launcher[] = "if setpriv --pdeathsig KILL true 2>/dev/null; then\n"
                               "    exec setpriv --pdeathsig KILL \"$0\" \"$@\"\n"
                               "fi\n"
                               "exec \"$0\" \"$@\"\n";

/* The life of a process. It may skip states, but it never goes back. Only enter() changes the state. */
enum state {
    STARTING, /* during process_start(); without a child, until the next turn of the loop */
    WAITING, /* for a server to be ready */
    RUNNING,
    LATE, /* not ready in time, so it is told to end */
    TOLD, /* to end: SIGTERM or SIGINT */
    KILLED, /* SIGKILL */
    EXITED, /* its outputs may still be open, and those that it has started may still be there */
    ENDED /* on_end has been called */
};

enum { STATES = ENDED + 1 };

struct process {
    struct process_options options;
    uv_loop_t *loop;
    uv_process_t child;
    uv_pipe_t input, output, errors;
    uv_timer_t limit; /* how long the present state may last: see enter() and on_limit() */
    uv_timer_t probe; /* of the port while it waits for that, and of who is left when it has ended */
    int open_outputs;
    int open_handles; /* to be closed before the memory goes */

    enum state state;
    uint64_t entered[STATES]; /* when, in nanoseconds; 0: never */
    int stop_signal;
    uint64_t stop_limit_ms;
    struct ready_line ready_line;
    int probe_fd; /* or -1 */
    struct sockaddr_storage address;

    int start_error; /* a negated errno, if there is no child */
    int exit_status;
    int signal;
    struct text end_in_words;
    struct bystanders bystanders;
    size_t left; /* of those that it has started, LEFT_LIMIT_MS after its end */
    struct text left_in_words;
    char *kept;
    size_t kept_size, dropped;
    char buffer[READ_SIZE];
    void (*on_freed)(void *data);
    void *freed_data;
};

/* ---- Questions ---- */

static bool has_been(const struct process *process, enum state state)
{
    return process->entered[state] != 0;
}

static bool is_alive(const struct process *process)
{
    return process->state > STARTING && process->state < EXITED;
}

void *process_owner(const struct process *process)
{
    return process->options.owner;
}

int process_pid(const struct process *process)
{
    return is_alive(process) ? process->child.pid : -1;
}

uv_stream_t *process_input(struct process *process)
{
    return process->options.input ? (uv_stream_t *)&process->input : NULL;
}

const struct sockaddr *process_address(const struct process *process)
{
    return (const struct sockaddr *)&process->address;
}

struct process_status process_status(const struct process *process)
{
    const uint64_t *entered = process->entered;

    return (struct process_status){.is_ready = has_been(process, RUNNING),
                                   .was_told = has_been(process, TOLD),
                                   .told = process->stop_signal,
                                   .was_killed = has_been(process, KILLED),
                                   .has_ended = process->state == ENDED,
                                   .exit_status = process->exit_status,
                                   .signal = process->signal,
                                   .stop_time = has_been(process, TOLD) ? entered[EXITED] - entered[TOLD] : 0,
                                   .left = process->left};
}

struct process_stderr process_stderr(const struct process *process)
{
    return (struct process_stderr){process->kept, process->kept_size, process->dropped};
}

const char *process_last_line(const struct process *process, int *length)
{
    size_t end = process->kept_size;

    while (end > 0 && process->kept[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin > 0 && process->kept[begin - 1] != '\n')
        begin--;
    *length = (int)(end - begin);
    return process->kept + begin;
}

/* ---- From state to state ---- */

static void on_limit(uv_timer_t *timer);
static void on_probe(uv_timer_t *timer);

static uint64_t ready_limit_ms(const struct process *process)
{
    return process->options.ready_limit_ms > 0 ? process->options.ready_limit_ms : READY_LIMIT_MS;
}

static void set_limit(struct process *process, uint64_t milliseconds)
{
    uv_update_time(process->loop);
    uv_timer_start(&process->limit, on_limit, milliseconds, 0);
}

/* Where it listens; IPv6 has its port at the same place. 0: nowhere. */
static int port_of(const struct process *process)
{
    return ntohs(((const struct sockaddr_in *)&process->address)->sin_port);
}

static void stop_probing(struct process *process)
{
    uv_timer_stop(&process->probe);
    if (process->probe_fd != -1)
        close(process->probe_fd);
    process->probe_fd = -1;
}

static void enter(struct process *process, enum state state)
{
    process->state = state;
    process->entered[state] = uv_hrtime();
    uv_timer_stop(&process->limit);
    stop_probing(process);
    switch (state) {
    case STARTING:
        set_limit(process, 0);
        break;
    case WAITING:
        set_limit(process, ready_limit_ms(process));
        break;
    case RUNNING:
        break;
    case LATE:
        process_stop(process, SIGTERM, STOP_LIMIT_MS);
        break;
    case TOLD:
        family_tell(process->child.pid, port_of(process), process->stop_signal, &process->bystanders);
        set_limit(process, process->stop_limit_ms);
        break;
    case KILLED:
        family_kill(process->child.pid);
        break;
    case EXITED:
        set_limit(process, LEFT_LIMIT_MS);
        uv_timer_start(&process->probe, on_probe, 0, LEAVING_MS);
        break;
    case ENDED:
        uv_read_stop((uv_stream_t *)&process->output);
        uv_read_stop((uv_stream_t *)&process->errors);
        if (process->options.on_end != NULL)
            process->options.on_end(process);
        break;
    }
}

static size_t look_who_is_left(struct process *process)
{
    text_free(&process->left_in_words);
    process->left = family_list(process->child.pid, &process->left_in_words);
    return process->left;
}

/* The present state has lasted too long. */
static void on_limit(uv_timer_t *timer)
{
    struct process *process = timer->data;

    switch (process->state) {
    case STARTING:
        enter(process, ENDED);
        break;
    case EXITED:
        (void)look_who_is_left(process);
        family_kill(process->child.pid);
        enter(process, ENDED);
        break;
    case WAITING:
        enter(process, LATE);
        break;
    case TOLD:
        process_kill(process);
        break;
    case RUNNING:
    case LATE:
    case KILLED:
    case ENDED:
        break; /* these have no limit */
    }
}

static void end_if_all_is_over(struct process *process)
{
    if (process->state != EXITED)
        return;
    family_tell_again(process->child.pid, &process->bystanders);
    if (process->open_outputs == 0 && look_who_is_left(process) == 0)
        enter(process, ENDED);
}

static void on_exit_of_child(uv_process_t *child, int64_t exit_status, int signal_number)
{
    struct process *process = child->data;

    process->exit_status = (int)exit_status;
    process->signal = signal_number;
    if (process->options.is_wrapped && exit_status > 128 && exit_status < 128 + 65) {
        process->signal = (int)exit_status - 128;
        process->exit_status = 0;
    }
    enter(process, EXITED);
}

/* Has it ended, even if libuv has not told us yet? WNOWAIT leaves the exit status for libuv. */
static bool is_dead(const struct process *process)
{
    siginfo_t info = {0};

    return !is_alive(process) ||
           (waitid(P_PID, (id_t)process->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0);
}

void process_stop(struct process *process, int signal_number, uint64_t limit_ms)
{
    if (process->state >= TOLD || is_dead(process))
        return;
    process->stop_signal = signal_number;
    process->stop_limit_ms = limit_ms;
    enter(process, TOLD);
}

void process_kill(struct process *process)
{
    if (process->state < KILLED && !is_dead(process))
        enter(process, KILLED);
}

/* ---- How it ended ---- */

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
    const int seconds = (int)(ready_limit_ms(process) / 1000);

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
    else if (has_been(process, LATE))
        describe_lateness(process);
    else if (has_been(process, KILLED))
        text_add(words, "had to be killed");
    else if (process->signal != 0)
        text_add(words, "was killed by signal %d (%s)", process->signal, signal_name(process->signal));
    else
        text_add(words, "exited with %d", process->exit_status);
    return words->chars;
}

const char *process_describe_left(const struct process *process)
{
    return process->left_in_words.chars != NULL ? process->left_in_words.chars : "";
}

size_t process_zombies(const struct process *process, struct text *names)
{
    return is_alive(process) ? family_zombies(process->child.pid, names) : 0;
}

/* ---- Readiness ---- */

static void become_ready(struct process *process)
{
    enter(process, RUNNING);
    if (process->options.on_ready != NULL)
        process->options.on_ready(process);
}

static void on_probe(uv_timer_t *timer)
{
    struct process *process = timer->data;

    if (process->state == EXITED)
        end_if_all_is_over(process);
    else if (ready_probe(&process->probe_fd, &process->address))
        become_ready(process);
}

static void wait_until_ready(struct process *process)
{
    enter(process, WAITING);
    if (process->options.readiness != PROCESS_READY_BY_PORT)
        return;
    uv_ip4_addr("127.0.0.1", process->options.port, (struct sockaddr_in *)&process->address);
    uv_timer_start(&process->probe, on_probe, 0, PROBE_MS);
}

/* ---- What it writes ---- */

static void take_output(struct process *process, const char *bytes, size_t size)
{
    if (process->state == WAITING && process->options.readiness == PROCESS_READY_BY_LINE) {
        const size_t used = ready_line_read(&process->ready_line, bytes, size, &process->address);
        bytes += used;
        size -= used;
        if (process->ready_line.is_complete)
            become_ready(process);
    }
    if (size > 0 && process->options.on_output != NULL)
        process->options.on_output(process, bytes, size);
}

static void take_errors(struct process *process, const char *bytes, size_t size)
{
    if (process->kept_size + size > ROOM) {
        const size_t kept = process->kept_size < KEPT ? process->kept_size : KEPT;
        const size_t dropped = process->kept_size - kept;
        memmove(process->kept, process->kept + dropped, kept);
        process->dropped += dropped;
        process->kept_size = kept;
    }
    memcpy(process->kept + process->kept_size, bytes, size);
    process->kept_size += size;
    process->kept[process->kept_size] = '\0';
    if (process->options.on_stderr != NULL)
        process->options.on_stderr(process, bytes, size);
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
        take_errors(process, buffer->base, (size_t)n);
    if (n >= 0)
        return;
    uv_read_stop(stream);
    process->open_outputs--;
    end_if_all_is_over(process);
}

/* ---- The start ---- */

char *process_fill_in_port(const char *command, int port)
{
    struct text filled = {0};

    for (const char *place; (place = strstr(command, "{port}")) != NULL; command = place + strlen("{port}"))
        text_add(&filled, "%.*s%d", (int)(place - command), command, port);
    text_add(&filled, "%s", command);
    return text_take(&filled);
}

char *process_wrap(const char *command, bool *is_wrapped)
{
    const size_t first_word = strcspn(command, " \t");
    const char *equals = strchr(command, '=');
    struct text wrapped = {0};

    /* `exec` takes neither several commands nor one with an assignment before it. */
    *is_wrapped = strpbrk(command, ";&|(){}<>`\n") != NULL || (equals != NULL && equals < command + first_word);
    const bool has_exec = strncmp(command, "exec ", strlen("exec ")) == 0;
    text_add(&wrapped, "%s%s", *is_wrapped ? "trap : TERM INT; " : has_exec ? "" : "exec ", command);
    return text_take(&wrapped);
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
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data = {(uv_stream_t *)&process->errors}},
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

struct process *process_start(uv_loop_t *loop, const struct process_options *options)
{
    struct process *process = memory_zeroed(1, sizeof *process);

    process->options = *options;
    process->loop = loop;
    process->probe_fd = -1;
    process->kept = memory_resized(NULL, ROOM + 1);
    process->kept[0] = '\0';
    process->child.data = process->limit.data = process->probe.data = process;
    process->input.data = process->output.data = process->errors.data = process;
    uv_timer_init(loop, &process->limit);
    uv_timer_init(loop, &process->probe);
    uv_pipe_init(loop, &process->input, 0);
    uv_pipe_init(loop, &process->output, 0);
    uv_pipe_init(loop, &process->errors, 0);

    enter(process, STARTING);
    process->start_error = spawn(process);
    process->options.arguments = NULL; /* the caller's, and no longer needed */
    if (process->start_error != 0)
        return process;
    process->open_outputs = 2;
    uv_read_start((uv_stream_t *)&process->output, give_buffer, on_read);
    uv_read_start((uv_stream_t *)&process->errors, give_buffer, on_read);
    if (options->readiness == PROCESS_READY_AT_ONCE)
        enter(process, RUNNING);
    else
        wait_until_ready(process);
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
    text_free(&process->left_in_words);
    free(process->bystanders.pids);
    free(process->kept);
    free(process);
    on_freed(data);
}

void process_free(struct process *process, void (*on_freed)(void *data), void *data)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&process->child,  (uv_handle_t *)&process->input,
                                    (uv_handle_t *)&process->output, (uv_handle_t *)&process->errors,
                                    (uv_handle_t *)&process->limit,  (uv_handle_t *)&process->probe};

    process->on_freed = on_freed;
    process->freed_data = data;
    process->open_handles = sizeof handles / sizeof handles[0];
    for (int i = 0; i < process->open_handles; i++)
        uv_close(handles[i], on_handle_closed);
}

/* ---- Numbers ---- */

bool process_busy_time(const struct process *process, uint64_t *nanoseconds)
{
    return is_alive(process) && proc_family_busy_time(process->child.pid, nanoseconds);
}

bool process_is_running(const struct process *process)
{
    return is_alive(process) && proc_family_is_running(process->child.pid);
}

bool process_size(const struct process *process, struct proc_size *size)
{
    return is_alive(process) && proc_family_size(process->child.pid, size);
}

int process_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    const int before = (int)limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* any process may go up to the hard limit */
    return before;
}
