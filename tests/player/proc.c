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

/* The address space that AddressSanitizer and ThreadSanitizer reserve to note what each byte is: terabytes. */
#define SHADOW_KIB (1024L * 1024 * 1024)

enum { LINE_SIZE = 512, STAT_FIELDS = 15 /* of those behind the name, up to the children's times */ };

#define LISTENS "0A" /* the state of a socket that listens, in /proc/net/tcp */

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
                   {"VmData:", &status->data_kib},
                   {"VmSize:", &status->address_space_kib},
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
        {SYS_wait4, "wait4"},
        {SYS_rt_sigtimedwait, "rt_sigtimedwait"},
#ifdef SYS_io_uring_enter
        {SYS_io_uring_enter, "io_uring_enter"},
#endif
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

/* The entries of a folder whose names are numbers: processes, threads, descriptors. Returns how many. */
static size_t read_numbers(const char *folder_name, pid_t **numbers)
{
    DIR *folder = opendir(folder_name);
    size_t count = 0;

    *numbers = NULL;
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') {
            *numbers = memory_grown(*numbers, count, sizeof **numbers);
            (*numbers)[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static size_t read_numbers_of(pid_t pid, const char *name, pid_t **numbers)
{
    struct text path = {0};

    text_add(&path, "/proc/%d/%s", (int)pid, name);
    const size_t count = read_numbers(path.chars, numbers);
    text_free(&path);
    return count;
}

size_t proc_threads(pid_t pid, pid_t **threads)
{
    return read_numbers_of(pid, "task", threads);
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

/* ---- Families ---- */

/* "PID (NAME) STATE PARENT GROUP SESSION ...", where NAME may hold anything: see proc_pid_stat(5). */
static bool read_member(pid_t pid, struct proc_member *member)
{
    char line[LINE_SIZE];
    long numbers[STAT_FIELDS];

    if (!read_line(pid, "stat", line))
        return false;
    const char *name = strchr(line, '(');
    char *end = strrchr(line, ')');
    if (name == NULL || end == NULL || strlen(end) < sizeof ") S")
        return false;
    const char state = end[2];
    char *rest = end + sizeof ") S" - 1;
    for (size_t i = 1; i < STAT_FIELDS; i++)
        numbers[i] = strtol(rest, &rest, 10);
    *end = '\0';
    *member = (struct proc_member){.pid = pid,
                                   .parent = (pid_t)numbers[1],
                                   .session = (pid_t)numbers[3],
                                   .is_zombie = state == 'Z',
                                   .children_time = (uint64_t)(numbers[13] + numbers[14]) * 1000000000u /
                                                    (uint64_t)sysconf(_SC_CLK_TCK)};
    snprintf(member->name, sizeof member->name, "%s", name + 1);
    return true;
}

/* All that run on this system. */
static size_t read_everybody(struct proc_member **everybody)
{
    pid_t *pids;
    const size_t count = read_numbers("/proc", &pids);
    size_t known = 0;

    *everybody = memory_zeroed(count + 1, sizeof **everybody);
    for (size_t i = 0; i < count; i++)
        if (read_member(pids[i], &(*everybody)[known]))
            known++;
    free(pids);
    return known;
}

static bool belongs(const struct proc_member *process, pid_t pid, const struct proc_member *family, size_t count)
{
    bool is_child = false;

    for (size_t i = 0; i < count && !is_child; i++)
        is_child = process->parent == family[i].pid;
    return is_child || process->pid == pid || process->session == pid;
}

size_t proc_family(pid_t pid, struct proc_member **members)
{
    const size_t all = read_everybody(members);
    struct proc_member *family = *members; /* it gathers at the front, before all others */
    size_t count = 0, before;

    do {
        before = count;
        for (size_t i = count; i < all; i++)
            if (belongs(&family[i], pid, family, count)) {
                const struct proc_member member = family[i];
                family[i] = family[count];
                family[count++] = member;
            }
    } while (count > before);
    return count;
}

/* A thread's file "children" has the ids of those that it has made: "123 124 ". Returns false if there is no such file. */
static bool add_children_of_thread(pid_t pid, pid_t thread, pid_t **pids, size_t *count)
{
    struct text path = {0};
    char *line = NULL, *end;
    size_t size = 0;

    text_add(&path, "/proc/%d/task/%d/children", (int)pid, (int)thread);
    FILE *file = fopen(path.chars, "r");
    text_free(&path);
    if (file == NULL)
        return false;
    if (getline(&line, &size, file) != -1)
        for (long child = strtol(line, &end, 10); child > 0; child = strtol(end, &end, 10)) {
            *pids = memory_grown(*pids, *count, sizeof **pids);
            (*pids)[(*count)++] = (pid_t)child;
        }
    free(line);
    fclose(file);
    return true;
}

static bool add_children(pid_t pid, pid_t **pids, size_t *count)
{
    pid_t *threads;
    const size_t thread_count = proc_threads(pid, &threads);
    bool is_known = false;

    for (size_t i = 0; i < thread_count; i++)
        is_known = add_children_of_thread(pid, threads[i], pids, count) || is_known;
    free(threads);
    return is_known;
}

size_t proc_descendants(pid_t pid, struct proc_member **members)
{
    pid_t *pids = memory_grown(NULL, 0, sizeof *pids);
    size_t count = 1, known = 0;

    pids[0] = pid;
    if (!add_children(pid, &pids, &count)) {
        free(pids);
        return proc_family(pid, members);
    }
    for (size_t i = 1; i < count; i++)
        (void)add_children(pids[i], &pids, &count);
    *members = memory_zeroed(count, sizeof **members);
    for (size_t i = 0; i < count; i++)
        if (read_member(pids[i], &(*members)[known]))
            known++;
    free(pids);
    return known;
}

static bool family_time(pid_t pid, bool with_waiting, uint64_t *nanoseconds)
{
    struct proc_member *family;
    const size_t count = proc_descendants(pid, &family);
    uint64_t sum = 0, own;
    bool is_known = false;

    for (size_t i = 0; i < count; i++)
        if (proc_cpu_time(family[i].pid, &own)) {
            sum += own + family[i].children_time + (with_waiting ? proc_waiting_time(family[i].pid) : 0);
            is_known = true;
        }
    free(family);
    *nanoseconds = sum;
    return is_known || proc_cpu_time(pid, nanoseconds);
}

bool proc_family_cpu_time(pid_t pid, uint64_t *nanoseconds)
{
    return family_time(pid, false, nanoseconds);
}

bool proc_family_busy_time(pid_t pid, uint64_t *nanoseconds)
{
    return family_time(pid, true, nanoseconds);
}

static bool has_running_thread(pid_t pid)
{
    pid_t *threads;
    const size_t count = proc_threads(pid, &threads);
    struct proc_status status;
    bool is_running = false;

    for (size_t i = 0; i < count && !is_running; i++)
        is_running = proc_status(threads[i], &status) && status.is_running;
    free(threads);
    return is_running;
}

bool proc_family_is_running(pid_t pid)
{
    struct proc_member *family;
    const size_t count = proc_descendants(pid, &family);
    bool is_running = false;

    for (size_t i = 0; i < count && !is_running; i++)
        is_running = has_running_thread(family[i].pid);
    free(family);
    return is_running;
}

bool proc_family_size(pid_t pid, struct proc_size *size)
{
    struct proc_member *family;
    const size_t count = proc_descendants(pid, &family);
    struct proc_status status;

    *size = (struct proc_size){0};
    for (size_t i = 0; i < count; i++)
        if (!family[i].is_zombie && proc_status(family[i].pid, &status)) {
            size->threads += status.threads;
            size->memory_kib += status.data_kib;
            size->is_instrumented |= status.address_space_kib > SHADOW_KIB;
        }
    free(family);
    return size->threads > 0;
}

/* Is one of its descriptors this socket? They are links to "socket:[INODE]". */
static bool holds_socket(pid_t pid, const char *inode)
{
    struct text socket = {0}, path = {0};
    pid_t *fds;
    const size_t count = read_numbers_of(pid, "fd", &fds);
    bool found = false;

    text_add(&socket, "socket:[%s]", inode);
    for (size_t i = 0; i < count && !found; i++) {
        char target[64] = "";
        text_free(&path);
        text_add(&path, "/proc/%d/fd/%d", (int)pid, (int)fds[i]);
        found = readlink(path.chars, target, sizeof target - 1) > 0 && strcmp(target, socket.chars) == 0;
    }
    text_free(&socket);
    text_free(&path);
    free(fds);
    return found;
}

/*
 * A table's line: "SLOT: ADDRESS:PORT PEER:PORT STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE ...", hexadecimal up to the
 * state. Returns false if that socket does not listen.
 */
static bool read_listener(const char *line, long *port, char inode[21])
{
    char local[5], state[3];

    if (sscanf(line, " %*[0-9]: %*[^:]:%4s %*s %2s %*s %*s %*s %*s %*s %20s", local, state, inode) != 3)
        return false;
    *port = strtol(local, NULL, 16);
    return strcmp(state, LISTENS) == 0;
}

/* Below a heading, those that listen stand first. Also says whether anybody listens on the port. */
static bool listens_in(const char *table, pid_t pid, int port, bool *is_taken)
{
    char line[LINE_SIZE], inode[21];
    long its_port;
    bool found = false;
    FILE *file = fopen(table, "r");

    if (file == NULL)
        return false;
    (void)!fgets(line, sizeof line, file);
    while (!found && fgets(line, sizeof line, file) != NULL && read_listener(line, &its_port, inode))
        if (its_port == port) {
            *is_taken = true;
            found = holds_socket(pid, inode);
        }
    fclose(file);
    return found;
}

/* To read tcp6 takes long if it is empty: the kernel looks through its whole table of connections for the next line. */
bool proc_listens(pid_t pid, int port)
{
    bool is_taken = false;

    return listens_in("/proc/net/tcp", pid, port, &is_taken) ||
           (!is_taken && listens_in("/proc/net/tcp6", pid, port, &is_taken));
}

long proc_memory(pid_t pid)
{
    char line[LINE_SIZE];
    FILE *file = open_file(pid, "smaps_rollup");
    long kib = 0;

    while (file != NULL && kib == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "Pss:", strlen("Pss:")) == 0)
            kib = strtol(line + strlen("Pss:"), NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib;
}
