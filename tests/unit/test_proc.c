/* test_proc - what is known of a process and its threads while they run? Of this one; skipped where /proc does not tell. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "must.h"
#include "net.h"
#include "player/proc.h"

enum { PATIENCE_SECONDS = 10, MAX_SPINNERS = 1024, TOUCHED_KIB = 32 * 1024 };

static const uint64_t millisecond = 1000000;

static uint64_t own_cpu_time(clockid_t clock)
{
    struct timespec used;

    must(clock_gettime(clock, &used) == 0, "clock_gettime");
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void *read_a_byte(void *fd)
{
    char byte;

    return read(*(const int *)fd, &byte, 1) == 1 ? fd : NULL;
}

/* The thread of ours that sits in read() of `fd`; 0 if there is none. */
static pid_t find_reader(int fd)
{
    pid_t *threads, reader = 0;
    const size_t count = proc_threads(getpid(), &threads);

    for (size_t i = 0; i < count; i++) {
        int argument;
        const char *call = proc_call(threads[i], &argument);
        if (call != NULL && strcmp(call, "read") == 0 && argument == fd)
            reader = threads[i];
    }
    free(threads);
    return reader;
}

static void is_a_thread_found_in_its_call(void **state)
{
    const double deadline = net_now() + PATIENCE_SECONDS;
    struct proc_status status;
    pthread_t thread;
    pid_t reader = 0;
    int ends[2];

    if (!proc_status(getpid(), &status))
        skip();
    must(pipe(ends) == 0 && pthread_create(&thread, NULL, read_a_byte, &ends[0]) == 0, "a thread that reads");
    while (reader == 0 && net_now() < deadline)
        reader = find_reader(ends[0]);
    assert_int_not_equal(reader, 0);
    assert_int_not_equal(reader, getpid());
    assert_true(proc_status(reader, &status));
    assert_false(status.is_running);
    assert_true(status.sleeps >= 1);
    assert_true(status.threads >= 2);

    must(write(ends[1], "", 1) == 1 && pthread_join(thread, NULL) == 0, "an end of the thread");
    assert_int_equal(find_reader(ends[0]), 0);
    close(ends[0]);
    close(ends[1]);
}

static void is_the_status_our_own(void **state)
{
    const struct timespec moment = {.tv_nsec = 1};
    struct proc_status before, after;

    if (!proc_status(getpid(), &before))
        skip();
    volatile char *memory = malloc(TOUCHED_KIB * 1024L);
    must(memory != NULL && nanosleep(&moment, NULL) == 0, "memory and a nap");
    for (long kib = 0; kib < TOUCHED_KIB; kib++)
        memory[kib * 1024] = 1;
    assert_true(proc_status(getpid(), &after));
    free((char *)memory);
    assert_true(after.is_running);
    assert_true(after.sleeps > before.sleeps);
    assert_true(after.peak_kib >= TOUCHED_KIB);
    assert_int_equal(after.tracer, before.tracer);
}

static void *spin_for_a_while(void *unused)
{
    while (own_cpu_time(CLOCK_THREAD_CPUTIME_ID) < 30 * millisecond)
        ;
    return unused;
}

/* What if the thread that used the time is no more? */
static void is_all_cpu_time_counted(void **state)
{
    pthread_t thread;
    uint64_t counted;

    if (!proc_cpu_time(getpid(), &counted))
        skip();
    must(pthread_create(&thread, NULL, spin_for_a_while, NULL) == 0 && pthread_join(thread, NULL) == 0, "a thread");
    const uint64_t before = own_cpu_time(CLOCK_PROCESS_CPUTIME_ID);
    assert_true(proc_cpu_time(getpid(), &counted));
    assert_in_range(counted, before, own_cpu_time(CLOCK_PROCESS_CPUTIME_ID));
    assert_true(counted >= 30 * millisecond);
}

static void *spin_until_told(void *is_over)
{
    while (!atomic_load((atomic_bool *)is_over))
        ;
    return NULL;
}

/* What if there are four threads for each core? Then they wait three times as long as they run, or longer. */
static void is_waiting_for_a_core_seen(void **state)
{
    const double deadline = net_now() + PATIENCE_SECONDS;
    const long count = 4 * sysconf(_SC_NPROCESSORS_ONLN);
    const uint64_t before = own_cpu_time(CLOCK_PROCESS_CPUTIME_ID);
    pthread_t threads[MAX_SPINNERS];
    atomic_bool is_over = false;
    uint64_t waited = 0, used = 0;

    if (access("/proc/self/schedstat", R_OK) != 0 || count > MAX_SPINNERS)
        skip();
    for (long i = 0; i < count; i++)
        must(pthread_create(&threads[i], NULL, spin_until_told, &is_over) == 0, "a thread");
    while ((waited < 50 * millisecond || waited < 2 * used) && net_now() < deadline) {
        used = own_cpu_time(CLOCK_PROCESS_CPUTIME_ID) - before;
        waited = proc_waiting_time(getpid());
    }
    atomic_store(&is_over, true);
    for (long i = 0; i < count; i++)
        must(pthread_join(threads[i], NULL) == 0, "the end of a thread");
    if (waited < 50 * millisecond || waited < 2 * used)
        fail_msg("They ran for %.1f ms and waited for %.1f ms.", (double)used / 1e6, (double)waited / 1e6);
}

/* ---- Families ---- */

/* A child that uses some CPU time and, when something can be read from `go`, leaves a child of its own, which `gone` ends. */
static pid_t have_child(bool is_leader, int go, int gone)
{
    const pid_t pid = fork();
    char byte;

    must(pid != -1, "fork");
    if (pid > 0)
        return pid;
    alarm(PATIENCE_SECONDS); /* for a test that fails before its words */
    if (is_leader)
        (void)setsid();
    if (fork() == 0) {
        alarm(PATIENCE_SECONDS); /* it is not inherited */
        if (is_leader)
            (void)setpgid(0, 0); /* the session is still the same */
        (void)read(gone, &byte, 1);
        _exit(0);
    }
    (void)spin_for_a_while(NULL);
    (void)read(go, &byte, 1);
    _exit(0);
}

static void close_both(const int go[2], const int gone[2])
{
    for (int end = 0; end < 2; end++) {
        close(go[end]);
        close(gone[end]);
    }
}

/* Counts those that run, and the zombies, of whom `find` finds. */
static size_t count_members(size_t (*find)(pid_t pid, struct proc_member **members), pid_t pid, size_t *zombies)
{
    struct proc_member *members;
    const size_t count = find(pid, &members);

    *zombies = 0;
    for (size_t i = 0; i < count; i++)
        *zombies += members[i].is_zombie;
    free(members);
    return count - *zombies;
}

static size_t count_family(pid_t pid, size_t *zombies)
{
    return count_members(proc_family, pid, zombies);
}

static void wait_for_family(pid_t pid, size_t running, size_t zombies)
{
    const double deadline = net_now() + PATIENCE_SECONDS;
    size_t running_now, zombies_now;

    do
        running_now = count_family(pid, &zombies_now);
    while ((running_now != running || zombies_now != zombies) && net_now() < deadline);
    if (running_now != running || zombies_now != zombies)
        fail_msg("%zu and %zu zombies instead of %zu and %zu", running_now, zombies_now, running, zombies);
}

static void who_belongs_to_a_family(void **state)
{
    size_t zombies;
    int go[2], gone[2];

    if (count_family(getpid(), &zombies) == 0)
        skip();
    for (int is_leader = 0; is_leader <= 1; is_leader++) {
        must(pipe(go) == 0 && pipe(gone) == 0, "pipe");
        const pid_t child = have_child(is_leader == 1, go[0], gone[0]);
        wait_for_family(getpid(), 3, 0);
        wait_for_family(child, 2, 0);
        must(write(go[1], "", 1) == 1, "a word to the child");
        /* Its child is another's now, but what remains of a session is still its leader's. */
        wait_for_family(child, is_leader == 1 ? 1 : 0, 1);
        must(waitpid(child, NULL, 0) == child, "waitpid");
        wait_for_family(child, is_leader == 1 ? 1 : 0, 0);
        must(write(gone[1], "", 1) == 1, "a word to the other");
        close_both(go, gone);
    }
}

/* What if a child has children, and leaves one behind? Descendants are only those whose parents are there. */
static void who_descends(void **state)
{
    size_t zombies;
    int go[2], gone[2];

    if (count_family(getpid(), &zombies) == 0)
        skip();
    must(pipe(go) == 0 && pipe(gone) == 0, "pipe");
    const pid_t child = have_child(true, go[0], gone[0]);
    wait_for_family(child, 2, 0);
    assert_int_equal(count_members(proc_descendants, getpid(), &zombies), 3);
    assert_int_equal(count_members(proc_descendants, child, &zombies), 2);
    must(write(go[1], "", 1) == 1, "a word to the child");
    wait_for_family(child, 1, 1);
    assert_int_equal(count_members(proc_descendants, getpid(), &zombies), 1);
    assert_int_equal(zombies, 1);
    must(write(gone[1], "", 1) == 1, "a word to the other");
    must(waitpid(child, NULL, 0) == child, "waitpid");
    close_both(go, gone);
}

/* What the family has used without this process itself. */
static uint64_t time_of_others(void)
{
    const uint64_t own = own_cpu_time(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t all;

    assert_true(proc_family_cpu_time(getpid(), &all));
    return all - own;
}

/* Does a child's time count as a zombie, and when it was waited for? Then it is told in hundredths of a second. */
static void is_the_time_of_children_counted(void **state)
{
    size_t zombies;
    int go[2], gone[2];

    if (count_family(getpid(), &zombies) == 0)
        skip();
    must(pipe(go) == 0 && pipe(gone) == 0, "pipe");
    const uint64_t before = time_of_others();
    const pid_t child = have_child(false, go[0], gone[0]);
    must(write(go[1], "", 1) == 1 && write(gone[1], "", 1) == 1, "a word to both");
    wait_for_family(child, 0, 1);
    assert_true(time_of_others() >= before + 20 * millisecond);
    must(waitpid(child, NULL, 0) == child, "waitpid");
    assert_true(time_of_others() >= before + 5 * millisecond);
    close_both(go, gone);
}

static void who_listens(void **state)
{
    char name[NET_NAME_SIZE];
    size_t zombies;

    if (count_family(getpid(), &zombies) == 0)
        skip();
    const int listener = net_listen("127.0.0.1", "0");
    const int port = (int)strtol(strrchr(net_local_name(listener, name), ':') + 1, NULL, 10);
    assert_true(proc_listens(getpid(), port));
    assert_false(proc_listens(getppid(), port));
    close(listener);
    assert_false(proc_listens(getpid(), port));
}

/* What if memory is shared with a child? Then it has half of it. */
static void is_shared_memory_shared_out(void **state)
{
    const long alone = proc_memory(getpid());
    int go[2], gone[2];

    if (alone == 0)
        skip();
    volatile char *memory = malloc(TOUCHED_KIB * 1024L);
    must(memory != NULL, "memory");
    for (long kib = 0; kib < TOUCHED_KIB; kib++)
        memory[kib * 1024] = 1;
    const long own = proc_memory(getpid());
    assert_true(own >= alone + TOUCHED_KIB / 2);
    must(pipe(go) == 0 && pipe(gone) == 0, "pipe");
    const pid_t child = have_child(false, go[0], gone[0]);
    wait_for_family(child, 2, 0);
    assert_true(proc_memory(getpid()) < own - TOUCHED_KIB / 3);
    must(write(go[1], "", 1) == 1 && write(gone[1], "", 1) == 1, "a word to both");
    must(waitpid(child, NULL, 0) == child, "waitpid");
    close_both(go, gone);
    free((char *)memory);
}

static void is_nothing_known_of_one_that_has_ended(void **state)
{
    const pid_t pid = fork();
    struct proc_status status;
    pid_t *threads;
    uint64_t nanoseconds;
    int argument;

    must(pid != -1, "fork");
    if (pid == 0)
        _exit(0);
    must(waitpid(pid, NULL, 0) == pid, "waitpid");
    assert_false(proc_status(pid, &status));
    assert_null(proc_call(pid, &argument));
    assert_false(proc_cpu_time(pid, &nanoseconds));
    assert_int_equal(proc_waiting_time(pid), 0);
    assert_int_equal(proc_threads(pid, &threads), 0);
    assert_null(threads);
    assert_int_equal(proc_memory(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_thread_found_in_its_call),   cmocka_unit_test(is_the_status_our_own),
        cmocka_unit_test(is_all_cpu_time_counted),         cmocka_unit_test(is_waiting_for_a_core_seen),
        cmocka_unit_test(who_belongs_to_a_family),         cmocka_unit_test(who_descends),
        cmocka_unit_test(is_the_time_of_children_counted), cmocka_unit_test(who_listens),
        cmocka_unit_test(is_shared_memory_shared_out),     cmocka_unit_test(is_nothing_known_of_one_that_has_ended),
    };

    unit_begin();
    return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
