/* test_tracer - are the processes of a server found when strace is gone? Skipped where /proc does not tell. */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "player/proc.h"
#include "player/script.h"
#include "tracer.h"
#include "unit/must.h"

enum { CHILDREN = 2 };

/* Its children wait in read() for their end, and so does the server. */
static void be_server(int go)
{
    char byte;

    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            break;
    alarm(20);
    (void)read(go, &byte, 1);
    _exit(0);
}

static void look_until_all_are_found(struct tracer *tracer, const struct model_record *model)
{
    for (uint64_t i = 1; i <= 2000 && model->thread_count < CHILDREN + 1; i++) {
        const struct timespec interval = {.tv_nsec = 1000000};
        tracer->rests_until = 0;
        tracer_look(tracer, i * 1000000);
        nanosleep(&interval, NULL);
    }
}

static void are_processes_found_without_strace(void **state)
{
    const struct play_event ready = {.kind = PLAY_READY, .actor = -1, .step = -1};
    struct proc_member *family;
    struct recorder recorder;
    struct tracer tracer;
    char error[300];
    int go[2], argument;

    const bool is_known = proc_family(getpid(), &family) > 0;
    free(family);
    must(pipe(go) == 0, "pipe");
    const pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0) {
        close(go[1]);
        be_server(go[0]);
    }
    close(go[0]);
    struct script *script = script_parse("a.script", SCRIPT_FOR_SERVERS, "A connect\n", error, sizeof error);
    recorder_init(&recorder, script, 1);
    recorder_name(&recorder, 0, "07-mine", "");
    recorder_event(&recorder, 0, &ready, 1);
    tracer_init(&tracer, NULL, &recorder, 0, 0, false);
    tracer_begin(&tracer, (int)pid);
    tracer.busy = CALL_WORKS; /* as if strace had been detached */
    const struct model_record *model = &recorder.record.models[0];
    look_until_all_are_found(&tracer, model);
    const size_t found = model->thread_count;
    bool are_apart = true;
    for (size_t i = 0; i < found; i++)
        are_apart = are_apart && model->threads[i].process == model->threads[i].thread;
    const bool has_call = proc_call(pid, &argument) != NULL;
    tracer_free(&tracer);
    recorder_free(&recorder);
    script_free(script);
    close(go[1]);
    must(waitpid(pid, NULL, 0) == pid, "waitpid");
    if (!is_known || !has_call)
        skip();
    assert_int_equal(found, CHILDREN + 1);
    assert_true(are_apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(are_processes_found_without_strace)};

    unit_begin();
    return cmocka_run_group_tests_name("tracer", tests, NULL, NULL);
}
