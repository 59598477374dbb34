/* figures - see figures.h */
#include "figures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player/proc.h"

enum { LITTLE_KIB = 512 };

const char *figure_name(enum figure figure)
{
    static const char *const names[FIGURES] = {"memory in KiB", "descriptors", "threads", "processes"};

    return names[figure];
}

/* The folder has a link for each, named by its number; "." and ".." are no descriptors. */
static long count_descriptors(pid_t pid)
{
    char path[32];
    long count = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* The kernel's own threads for a program that uses io_uring, "iou-wrk-PID", come and go as it likes. */
static bool is_kernels(pid_t thread)
{
    char path[32], name[16] = "";

    snprintf(path, sizeof path, "/proc/%d/comm", (int)thread);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    const bool is_kernels = fgets(name, sizeof name, file) != NULL && strncmp(name, "iou-", strlen("iou-")) == 0;
    fclose(file);
    return is_kernels;
}

static long count_threads(pid_t pid)
{
    pid_t *threads;
    const size_t all = proc_threads(pid, &threads);
    long count = 0;

    for (size_t i = 0; i < all; i++)
        count += !is_kernels(threads[i]);
    free(threads);
    return count;
}

struct figures figures_of(pid_t pid)
{
    struct proc_member *family;
    const size_t count = proc_family(pid, &family);
    struct figures figures = {.of = {[PROCESSES] = (long)count}};

    for (size_t i = 0; i < count; i++) {
        figures.of[MEMORY] += proc_memory(family[i].pid);
        figures.of[DESCRIPTORS] += count_descriptors(family[i].pid);
        figures.of[THREADS] += family[i].is_zombie ? 0 : count_threads(family[i].pid);
    }
    free(family);
    return figures;
}

void figures_raise(struct figures *most, const struct figures *now)
{
    for (int i = 0; i < FIGURES; i++)
        if (now->of[i] > most->of[i])
            most->of[i] = now->of[i];
}

bool figures_are_back(const struct figures *now, const struct figures *before)
{
    bool are_back = true;

    for (int i = DESCRIPTORS; i < FIGURES; i++)
        are_back = are_back && now->of[i] <= before->of[i];
    return are_back;
}

bool figures_grow(const struct figures rests[RESTS], enum figure figure)
{
    const long first = rests[0].of[figure], second = rests[1].of[figure];
    const long last = rests[RESTS - 1].of[figure], last_but_one = rests[RESTS - 2].of[figure];
    const long early = first > second ? first : second;
    const long late = last < last_but_one ? last : last_but_one;

    return late > early + (figure == MEMORY ? early / 2 + LITTLE_KIB : 0);
}
