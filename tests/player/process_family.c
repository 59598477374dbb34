/* process_family - see process_family.h */
#include "process_family.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memory.h"
#include "proc.h"

enum { NAMED = 5 /* of a crowd */ };

struct family {
    struct proc_member *members;
    size_t count;
};

static struct family family_of(pid_t pid)
{
    struct family family;

    family.count = proc_family(pid, &family.members);
    return family;
}

static pid_t parent_of(const struct family *family, pid_t pid)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->members[i].pid == pid)
            return family->members[i].parent;
    return 0; /* it is none of them */
}

static bool descends(const struct family *family, pid_t pid, pid_t ancestor)
{
    do
        pid = parent_of(family, pid);
    while (pid != 0 && pid != ancestor);
    return pid == ancestor;
}

/* The one that listens; of several the one from which the others descend, or their parent. 0: nobody listens. */
static pid_t find_server(const struct family *family, int port)
{
    pid_t server = 0;

    for (size_t i = 0; i < family->count; i++) {
        const pid_t pid = family->members[i].pid;
        if (family->members[i].is_zombie || !proc_listens(pid, port))
            continue;
        if (server == 0)
            server = pid;
        while (server != 0 && server != pid && !descends(family, pid, server))
            server = parent_of(family, server);
    }
    return parent_of(family, server) != 0 ? server : 0;
}

static void tell_bystander(struct bystanders *bystanders, pid_t pid)
{
    kill(pid, SIGTERM);
    bystanders->pids = memory_grown(bystanders->pids, bystanders->count, sizeof *bystanders->pids);
    bystanders->pids[bystanders->count++] = pid;
}

void family_tell(pid_t pid, int port, int signal_number, struct bystanders *bystanders)
{
    struct family family = family_of(pid);
    const pid_t server = find_server(&family, port);

    kill(server != 0 ? server : -pid, signal_number);
    for (size_t i = 0; i < family.count && server != 0; i++) {
        const pid_t member = family.members[i].pid;
        if (member != server && !descends(&family, member, server) && !descends(&family, server, member))
            tell_bystander(bystanders, member);
    }
    free(family.members);
}

void family_tell_again(pid_t pid, const struct bystanders *bystanders)
{
    struct family family = family_of(pid);

    for (size_t i = 0; i < bystanders->count; i++)
        if (parent_of(&family, bystanders->pids[i]) != 0) /* its id may be somebody else's by now */
            kill(bystanders->pids[i], SIGTERM);
    free(family.members);
}

void family_kill(pid_t pid)
{
    struct family family = family_of(pid);

    kill(-pid, SIGKILL);
    for (size_t i = 0; i < family.count; i++)
        kill(family.members[i].pid, SIGKILL);
    free(family.members);
}

static void add_name(struct text *names, size_t before, const struct proc_member *member)
{
    if (before < NAMED)
        text_add(names, "%s%d (%s)", before > 0 ? ", " : "", (int)member->pid, member->name);
    else if (before == NAMED)
        text_add(names, ", ...");
}

size_t family_list(pid_t pid, struct text *names)
{
    struct family family = family_of(pid);
    size_t count = 0;

    for (size_t i = 0; i < family.count; i++)
        if (!family.members[i].is_zombie)
            add_name(names, count++, &family.members[i]);
    free(family.members);
    if (family.count > 0 || kill(-pid, 0) != 0)
        return count;
    text_add(names, "who it is is not known here");
    return 1;
}

size_t family_zombies(pid_t pid, struct text *names)
{
    struct family family = family_of(pid);
    size_t count = 0;

    for (size_t i = 0; i < family.count; i++)
        if (family.members[i].is_zombie && parent_of(&family, family.members[i].parent) != 0)
            add_name(names, count++, &family.members[i]);
    free(family.members);
    return count;
}
