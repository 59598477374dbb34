/* test_costs - are the costs of a server those of all its processes? Skipped where /proc does not tell. */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"
#include "player/proc.h"
#include "record/costs.h"
#include "unit/must.h"

enum { CHILDREN = 3, SHARED_KIB = 16 * 1024 };

static const double busy_for = 0.05; /* seconds */

static void be_busy(void)
{
    uint64_t used;

    do
        must(proc_cpu_time(getpid(), &used), "CPU time");
    while ((double)used < busy_for * 1e9);
}

/* Four children are busy for a while; three of them stay until they are told, as the server does, which reaps the fourth. */
static void be_server(int ready, int go)
{
    volatile char *memory = malloc(SHARED_KIB * 1024L);
    char byte;

    must(memory != NULL, "memory");
    for (long kib = 0; kib < SHARED_KIB; kib++)
        memory[kib * 1024] = 1;
    (void)read(go, &byte, 1);
    for (int i = 0; i <= CHILDREN; i++)
        if (fork() == 0) {
            alarm(20);
            be_busy();
            if (i < CHILDREN) {
                must(write(ready, "", 1) == 1, "a word");
                (void)read(go, &byte, 1);
            }
            _exit(0);
        }
    (void)wait(NULL);
    must(write(ready, "", 1) == 1, "a word");
    (void)read(go, &byte, 1);
    while (wait(NULL) > 0)
        ;
    _exit(0);
}

static void are_all_processes_counted(void **state)
{
    struct model_record model = {0};
    struct costs_watch watch;
    struct proc_status status;
    int ready[2], go[2];
    char bytes[CHILDREN + 1];

    if (!proc_status(getpid(), &status))
        skip();
    must(pipe(ready) == 0 && pipe(go) == 0, "pipe");
    const pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0)
        be_server(ready[1], go[0]);
    costs_begin(&watch, pid, 1);
    must(write(go[1], ".", 1) == 1, "a word to begin with");
    for (size_t i = 0; i < sizeof bytes; i++)
        must(read(ready[0], &bytes[i], 1) == 1, "a word of each");
    costs_look(&watch, 1000000000);
    costs_tell(&watch, &model);
    must(write(go[1], "....", CHILDREN + 1) == CHILDREN + 1, "a word to each");
    must(waitpid(pid, NULL, 0) == pid, "waitpid");
    costs_free(&watch);

    assert_int_equal(model.costs.processes, CHILDREN + 1);
    assert_int_equal(model.costs.threads, CHILDREN + 1);
    /* The time of the one that has ended is told in hundredths of a second, rounded down. */
    assert_true(model.costs.cpu_seconds >= (CHILDREN + 1) * busy_for - 0.03);
    assert_true(model.costs.memory_kib >= SHARED_KIB);
    assert_true(model.costs.memory_kib < 2L * SHARED_KIB);
    assert_true(model.costs.context_switches >= CHILDREN + 1);
    for (int end = 0; end < 2; end++) {
        close(ready[end]);
        close(go[end]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(are_all_processes_counted)};

    unit_begin();
    return cmocka_run_group_tests_name("costs", tests, NULL, NULL);
}
