/* process_busy - see process_busy.h */
#include "process_busy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

/* Of one thread: "TIME-ON-A-CORE TIME-WAITING-FOR-ONE TIMESLICES", in nanoseconds. */
static uint64_t waiting_time(const char *folder, const char *thread)
{
    char line[128] = "";
    struct text path = {0};

    text_add(&path, "%s/%s/schedstat", folder, thread);
    FILE *file = fopen(path.chars, "r");
    text_free(&path);
    if (file == NULL)
        return 0;
    const char *second = fgets(line, sizeof line, file) != NULL ? strchr(line, ' ') : NULL;
    fclose(file);
    return second != NULL ? strtoull(second, NULL, 10) : 0;
}

/* Of all threads; 0 on a system that has no such files. */
static uint64_t waiting_time_of_all(pid_t pid)
{
    uint64_t waited = 0;
    struct text folder = {0};

    text_add(&folder, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(folder.chars);
    for (const struct dirent *thread; threads != NULL && (thread = readdir(threads)) != NULL;)
        if (thread->d_name[0] != '.')
            waited += waiting_time(folder.chars, thread->d_name);
    if (threads != NULL)
        closedir(threads);
    text_free(&folder);
    return waited;
}

bool busy_time(pid_t pid, uint64_t *nanoseconds)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return false;
    *nanoseconds = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec + waiting_time_of_all(pid);
    return true;
}
