/* machine - see machine.h */
#define _GNU_SOURCE /* sched_setaffinity() */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uv.h>

enum { LINE_SIZE = 512 };

/* ---- Cores ---- */

#ifdef __linux__

/* Those that we may use; once we have chosen some, it is too late to ask. */
static const cpu_set_t *all_cores(void)
{
    static cpu_set_t cores;

    if (CPU_COUNT(&cores) == 0)
        sched_getaffinity(0, sizeof cores, &cores);
    return &cores;
}

void machine_use(enum machine_part part)
{
    cpu_set_t server = *all_cores(), load;
    size_t last = CPU_SETSIZE - 1;

    if (!machine_cores().are_separate)
        return;
    while (!CPU_ISSET(last, &server))
        last--;
    CPU_CLR(last, &server);
    CPU_ZERO(&load);
    CPU_SET(last, &load);
    sched_setaffinity(0, sizeof server, part == MACHINE_FOR_SERVER ? &server : &load);
}

struct machine_cores machine_cores(void)
{
    const int count = CPU_COUNT(all_cores());

    return (struct machine_cores){.server = count > 1 ? count - 1 : 1, .are_separate = count > 1};
}

#else

void machine_use(enum machine_part part)
{
    (void)part;
}

struct machine_cores machine_cores(void)
{
    return (struct machine_cores){.server = (int)sysconf(_SC_NPROCESSORS_ONLN), .are_separate = false};
}

#endif

/* ---- What it is ---- */

void machine_describe(struct text *text)
{
    struct utsname system;
    uv_cpu_info_t *cpus;
    int count;

    if (uname(&system) == 0)
        text_add(text, "%s %s %s", system.sysname, system.release, system.machine);
    if (uv_cpu_info(&cpus, &count) != 0)
        return;
    text_add(text, ", %s, %d core%s", cpus[0].model, count, count == 1 ? "" : "s");
    uv_free_cpu_info(cpus, count);
}

/* ---- Who uses it ---- */

/* "cpu USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...", in ticks: proc_stat(5). */
double machine_busy_time(void)
{
    char line[LINE_SIZE] = "";
    FILE *file = fopen("/proc/stat", "r");
    double busy = 0;

    if (file == NULL)
        return 0;
    char *at = fgets(line, sizeof line, file) != NULL ? line + strlen("cpu ") : line;
    fclose(file);
    for (int field = 0; field < 8; field++) {
        const double ticks = strtod(at, &at);
        busy += field == 3 || field == 4 ? 0 : ticks;
    }
    return busy / (double)sysconf(_SC_CLK_TCK);
}

double machine_kernel_memory(void)
{
    static const char *const keys[] = {"Slab:", "KernelStack:", "PageTables:"};
    char line[LINE_SIZE];
    FILE *file = fopen("/proc/meminfo", "r");
    double kib = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            if (strncmp(line, keys[i], strlen(keys[i])) == 0)
                kib += strtod(line + strlen(keys[i]), NULL);
    if (file != NULL)
        fclose(file);
    return kib;
}

long machine_raise_descriptors(long wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > (rlim_t)wanted)
        limit.rlim_cur = (rlim_t)wanted;
    else
        limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_cur < (rlim_t)wanted) { /* root may have more */
        const struct rlimit more = {.rlim_cur = (rlim_t)wanted, .rlim_max = (rlim_t)wanted};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            return wanted;
    }
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long)limit.rlim_cur : 0;
}
