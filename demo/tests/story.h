/*
 * story - a record for tests, told event by event as the player would tell them. One model, "05-mine"; its conversation
 * begins 100 ms after the record's axis does, and times are milliseconds from there.
 */
#ifndef STORY_H
#define STORY_H

#include "unit/unit.h"

#include "player/script.h"
#include "record/recorder.h"
#include "record/syscalls.h"

/* The story of the present test. */
static struct story {
    struct script *script;
    struct recorder recorder;
    struct model_record *model;
    struct syscalls syscalls;
} story;

/* A test that tells one: it is freed afterwards. */
#define STORY_TEST(test) cmocka_unit_test_teardown(test, story_teardown)

enum { STORY_BEGAN_MS = 100 };

/* What strace would write as the time of the conversation's beginning, whole seconds. */
#define STORY_SECONDS "1700000000"

/* A line of strace's about thread 7, so many microseconds (six digits) later. */
#define STORY_CALL(MICROSECONDS, CALL) "7 " STORY_SECONDS "." MICROSECONDS " " CALL "\n"

static inline uint64_t story_time(double ms)
{
    return (uint64_t)(ms * 1e6);
}

static inline void story_free(void)
{
    syscalls_free(&story.syscalls);
    recorder_free(&story.recorder);
    script_free(story.script);
    story = (struct story){0};
}

/* Instead of the one before, if a test tells several. */
static inline void story_begin(const char *source)
{
    const struct play_event ready = {.kind = PLAY_READY, .actor = -1, .step = -1};
    const int64_t began = 1700000000LL * 1000000000;
    char error[300];

    story_free();
    story.script = script_parse("story.script", SCRIPT_FOR_SERVERS, source, error, sizeof error);
    if (story.script == NULL)
        fail_msg("%s", error);
    recorder_init(&story.recorder, story.script, 1);
    recorder_name(&story.recorder, 0, "05-mine", "somebody's own");
    story.model = &story.recorder.record.models[0];
    syscalls_init(&story.syscalls, &story.recorder, 0, began - (int64_t)story_time(STORY_BEGAN_MS));
    recorder_event(&story.recorder, 0, &ready, story_time(STORY_BEGAN_MS));
}

/* The step on that line of the script; of several (a range) the first. -1: no step. */
static inline int story_step(int line)
{
    for (int i = 0; i < story.script->step_count; i++)
        if (story.script->steps[i].line == line)
            return i;
    return -1;
}

/* At `ms`, while the step on `line` goes on, something happens to its client, after a wait; line 0: to the server. */
static inline void story_tell_wait(double ms, int line, enum play_event_kind kind, struct io_result result,
                                   double waited_ms)
{
    const int step = story_step(line);
    const struct play_event event = {.time = story_time(ms),
                                     .kind = kind,
                                     .actor = step != -1 ? story.script->steps[step].actor : -1,
                                     .step = step,
                                     .result = result,
                                     .waited = story_time(waited_ms)};

    recorder_event(&story.recorder, 0, &event, story_time(STORY_BEGAN_MS + ms));
}

/* The same, without a wait. */
static inline void story_tell(double ms, int line, enum play_event_kind kind, struct io_result result)
{
    story_tell_wait(ms, line, kind, result, 0);
}

/* The client of that line connects. */
static inline void story_connect(double ms, int line)
{
    story_tell(ms, line, PLAY_CONNECTING, success_of(0));
    story_tell(ms, line, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(ms + 0.1, line, PLAY_CONNECTED, success_of(0));
    story_tell(ms + 0.1, line, PLAY_STEP_ENDS, success_of(0));
}

/* The step of that line begins to wait at `from` and gets what it expects at `to`. */
static inline void story_expect(int line, double from, double to, size_t bytes)
{
    story_tell(from, line, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(to, line, PLAY_RECEIVED, success_of(bytes));
    story_tell_wait(to, line, PLAY_STEP_ENDS, success_of(bytes), to - from);
}

/* strace writes these lines. */
static inline void story_trace(const char *lines)
{
    syscalls_read(&story.syscalls, lines, strlen(lines));
}

/* A thread of process 7 is seen in /proc. */
static inline void story_see(int thread, const char *call, int fd, unsigned long sleeps, double ms)
{
    const struct sighting sighting = {.process = 7,
                                      .thread = thread,
                                      .call = call,
                                      .fd = fd,
                                      .sleeps = sleeps,
                                      .at = story_time(STORY_BEGAN_MS + ms)};

    syscalls_see(&story.syscalls, &sighting);
}

/* The conversation ends, the server is told to stop, and all is over. */
static inline void story_end(double ms, enum play_outcome outcome, const char *problem)
{
    const struct play_result result = {.outcome = outcome, .step = -1, .problem = problem, .said = ""};

    if (story.model->began != 0)
        story_tell(ms, 0, PLAY_TOLD_TO_END, success_of(0));
    recorder_done(&story.recorder, 0, &result, story_time(STORY_BEGAN_MS + ms + 1));
    syscalls_finish(&story.syscalls);
}

static inline int story_teardown(void **state)
{
    story_free();
    return 0;
}

#endif
