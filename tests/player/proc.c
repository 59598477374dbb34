/* proc - see proc.h */
#include "proc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "memory.h"
#include "text.h"

enum { LINE_SIZE = 512 };

/* A thread's files are found under its own id, too, not only in its process's folder task/. */
static FILE *open_file(pid_t thread, const char *name)
{
    struct text path = {0};

    text_add(&path, "/proc/%d/%s", (int)thread, name);
    FILE *file = fopen(path.chars, "r");
    text_free(&path);
    return file;
}

static bool read_line(pid_t thread, const char *name, char line[LINE_SIZE])
{
    FILE *file = open_file(thread, name);

    if (file == NULL)
        return false;
    const bool is_read = fgets(line, LINE_SIZE, file) != NULL;
    fclose(file);
    return is_read;
}

/* Lines such as "Threads:	4". */
bool proc_status(pid_t thread, struct proc_status *status)
{
    long tracer = 0;
    const struct {
        const char *key;
        long *value;
    } numbers[] = {{"Threads:", &status->threads},
                   {"TracerPid:", &tracer},
                   {"VmHWM:", &status->peak_kib},
                   {"voluntary_ctxt_switches:", &status->sleeps},
                   {"nonvoluntary_ctxt_switches:", &status->preemptions}};
    char line[LINE_SIZE];
    FILE *file = open_file(thread, "status");

    *status = (struct proc_status){0};
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "State:\tR", strlen("State:\tR")) == 0)
            status->is_running = true;
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            if (strncmp(line, numbers[i].key, strlen(numbers[i].key)) == 0)
                *numbers[i].value = strtol(line + strlen(numbers[i].key), NULL, 10);
    }
    fclose(file);
    status->tracer = (pid_t)tracer;
    return true;
}

/* What the kernel calls the call with that number. */
static const char *kernel_name(long number)
{
#ifdef __linux__
    static const struct {
        long number;
        const char *name;
    } calls[] = {
        {SYS_recvfrom, "recvfrom"},
        {SYS_sendto, "sendto"},
        {SYS_accept4, "accept4"},
        {SYS_read, "read"},
        {SYS_write, "write"},
        {SYS_pselect6, "pselect6"},
        {SYS_ppoll, "ppoll"},
        {SYS_futex, "futex"},
        {SYS_clock_nanosleep, "clock_nanosleep"},
        {SYS_close, "close"},
        {SYS_epoll_pwait, "epoll_pwait"},
#ifdef SYS_accept
        {SYS_accept, "accept"},
#endif
#ifdef SYS_select
        {SYS_select, "select"},
#endif
#ifdef SYS_poll
        {SYS_poll, "poll"},
#endif
#ifdef SYS_epoll_wait
        {SYS_epoll_wait, "epoll_wait"},
#endif
#ifdef SYS_nanosleep
        {SYS_nanosleep, "nanosleep"},
#endif
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == number)
            return calls[i].name;
#endif
    (void)number;
    return NULL;
}

/* "NUMBER ARGUMENT ...", NUMBER being -1 where a thread waits outside of any call; or "running". */
const char *proc_call(pid_t thread, int *argument)
{
    char line[LINE_SIZE], *end;

    if (!read_line(thread, "syscall", line))
        return NULL;
    const long number = strtol(line, &end, 10);
    *argument = (int)strtol(end, NULL, 0);
    return end != line ? kernel_name(number) : NULL;
}

size_t proc_threads(pid_t pid, pid_t **threads)
{
    struct text path = {0};
    size_t count = 0;

    *threads = NULL;
    text_add(&path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path.chars);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') {
            *threads = memory_grown(*threads, count, sizeof **threads);
            (*threads)[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    if (folder != NULL)
        closedir(folder);
    text_free(&path);
    return count;
}

bool proc_cpu_time(pid_t pid, uint64_t *nanoseconds)
{
#if _POSIX_CPUTIME >= 0 /* the option of POSIX that macOS does not have */
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return false;
    *nanoseconds = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
    return true;
#else
    (void)pid;
    (void)nanoseconds;
    return false;
#endif
}

/* "TIME-ON-A-CORE TIME-WAITING-FOR-ONE TIMESLICES", in nanoseconds. */
uint64_t proc_waiting_time(pid_t pid)
{
    pid_t *threads;
    const size_t count = proc_threads(pid, &threads);
    uint64_t waited = 0;

    for (size_t i = 0; i < count; i++) {
        char line[LINE_SIZE];
        const char *second = read_line(threads[i], "schedstat", line) ? strchr(line, ' ') : NULL;
        waited += second != NULL ? strtoull(second, NULL, 10) : 0;
    }
    free(threads);
    return waited;
}
