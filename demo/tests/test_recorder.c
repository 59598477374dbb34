/* test_recorder - does the record say what the player told? */
#include "story.h"

#include <errno.h>

static const char hello[] = "A connect\n" /* 1 */
                            "A send \"hello\"\n" /* 2 */
                            "A expect \"HELLO\"\n" /* 3 */
                            "A wait 1s\n" /* 4 */
                            "A close\n"; /* 5 */

static void assert_span(const struct lane *lane, size_t index, enum lane_state state, double from, double to)
{
    if (index >= lane->span_count)
        fail_msg("there is no span %zu", index);
    const struct lane_span *span = &lane->spans[index];
    assert_int_equal(span->state, state);
    assert_int_equal(span->from, story_time(STORY_BEGAN_MS + from));
    assert_int_equal(span->to, story_time(STORY_BEGAN_MS + to));
}

static const struct lane_mark *assert_mark(const struct lane *lane, size_t index, enum mark_kind kind, double at)
{
    if (index >= lane->mark_count)
        fail_msg("there is no mark %zu", index);
    assert_int_equal(lane->marks[index].kind, kind);
    assert_int_equal(lane->marks[index].at, story_time(STORY_BEGAN_MS + at));
    return &lane->marks[index];
}

static void tell_hello(void)
{
    story_begin(hello);
    story_connect(0, 1);
    story_tell(1, 2, PLAY_STEP_ENDS, success_of(5));
    story_tell(2, 3, PLAY_SENT, success_of(5));
    story_expect(3, 2, 42, 5);
    story_tell(42, 4, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(1042, 4, PLAY_STEP_ENDS, success_of(0));
    story_tell(1043, 5, PLAY_LEFT, success_of(0));
    story_tell(1043, 5, PLAY_STEP_ENDS, success_of(0));
    story_end(1100, PLAY_PASSES, "");
}

/* What does a client do from its connect to its close? */
static void test_a_conversation(void **state)
{
    tell_hello();
    const struct lane *lane = &story.model->lanes[0];
    assert_int_equal(story.model->lane_count, 1);
    assert_span(lane, 0, LANE_CONNECTING, 0, 0.1);
    assert_span(lane, 1, LANE_SILENT, 0.1, 1);
    assert_span(lane, 2, LANE_SILENT, 1, 2);
    assert_span(lane, 3, LANE_WAITING, 2, 42);
    assert_int_equal(lane->spans[lane->span_count - 1].state, LANE_ABSENT);
    assert_int_equal(lane->spans[lane->span_count - 1].to, story_time(STORY_BEGAN_MS + 1100));
    assert_mark(lane, 0, MARK_CONNECTED, 0.1);
    assert_int_equal(assert_mark(lane, 1, MARK_SENT, 2)->step, 1); /* the step that sent, though it had ended */
    const struct lane_mark *answer = assert_mark(lane, 2, MARK_ANSWERED, 42);
    assert_int_equal(answer->waited, story_time(40));
    assert_int_equal(answer->result.bytes, 5);
    assert_mark(lane, 3, MARK_LEFT, 1043);
    assert_int_equal(lane->mark_count, 4);
}

/* Do the spans of a lane cover the whole conversation, without a gap and without overlapping? */
static void test_spans_have_no_gaps(void **state)
{
    tell_hello();
    const struct lane *lane = &story.model->lanes[0];
    assert_int_equal(lane->spans[0].from, story.model->began);
    for (size_t i = 1; i < lane->span_count; i++) {
        assert_int_equal(lane->spans[i].from, lane->spans[i - 1].to);
        assert_true(lane->spans[i].to >= lane->spans[i].from);
    }
    assert_int_equal(lane->spans[lane->span_count - 1].to, story.model->ended);
}

static void test_the_sums(void **state)
{
    tell_hello();
    assert_int_equal(story.model->longest_wait, story_time(40));
    assert_int_equal(story.model->longest_lane, 0);
    assert_int_equal(story.model->everybody_served, story_time(42));
    assert_int_equal(story.model->ended, story_time(STORY_BEGAN_MS + 1100));
    assert_int_equal(story.recorder.record.now, story.model->ended);
    assert_string_equal(story.model->state, "passes");
    assert_string_equal(story.model->problem, "");
    assert_true(story.model->is_over);
}

/* What if somebody looks in the middle? What goes on reaches up to now. */
static void test_it_grows(void **state)
{
    story_begin(hello);
    story_connect(0, 1);
    story_tell(1, 3, PLAY_WAITING, only(IO_NO_DATA));
    recorder_grow(&story.recorder, story_time(STORY_BEGAN_MS + 500));
    assert_span(&story.model->lanes[0], 2, LANE_WAITING, 1, 500);
    assert_int_equal(story.recorder.record.now, story_time(STORY_BEGAN_MS + 500));
    assert_string_equal(story.model->state, "plays");
    assert_int_equal(story.model->longest_wait, 0);
}

/* What if a client does not read for a while? */
static void test_not_reading(void **state)
{
    story_begin("A connect\nA stop reading\nA send 1 KiB\nA wait 1s\nA read on\nA expect everything\n");
    story_connect(0, 1);
    story_tell(1, 2, PLAY_STEP_ENDS, success_of(0));
    story_tell(1, 4, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(1001, 4, PLAY_STEP_ENDS, success_of(0));
    story_tell(1001, 5, PLAY_STEP_ENDS, success_of(0));
    story_expect(6, 1001, 1002, 1024);
    story_end(1100, PLAY_PASSES, "");
    const struct lane *lane = &story.model->lanes[0];
    assert_span(lane, 2, LANE_NOT_READING, 1, 1001);
    assert_int_equal(lane->spans[lane->span_count - 1].state, LANE_ENDED);
}

/* What if it is stuck as well? That it does not read is what one sees of it: it waits for nothing. */
static void test_stuck(void **state)
{
    story_begin("A connect\nA stop reading\nA send 64 MiB\nA is stuck for 1s\nA reset\n");
    story_connect(0, 1);
    story_tell(1, 2, PLAY_STEP_ENDS, success_of(0));
    story_tell(1, 4, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(1001, 4, PLAY_STEP_ENDS, success_of(0));
    story_tell(1001, 5, PLAY_LEFT, success_of(0));
    story_end(1100, PLAY_PASSES, "");
    assert_span(&story.model->lanes[0], 2, LANE_NOT_READING, 1, 1001);
    assert_int_equal(story.model->longest_wait, 0);
}

/* What if the answer comes in many small portions? */
static void test_portions_are_folded(void **state)
{
    story_begin(hello);
    story_connect(0, 1);
    for (int i = 0; i < 5; i++)
        story_tell(10 + i, 2, PLAY_RECEIVED, success_of(1));
    story_tell(100, 2, PLAY_RECEIVED, success_of(3));
    story_end(200, PLAY_PASSES, "");
    const struct lane *lane = &story.model->lanes[0];
    assert_int_equal(lane->mark_count, 1 + 3 + 1); /* two at a time: 10 and 11, 12 and 13, 14; and the last */
    assert_int_equal(lane->marks[1].result.bytes, 2);
    assert_int_equal(lane->marks[4].result.bytes, 3);
}

/* What if a step waits for the end of the stream? That is an answer, too. */
static void test_a_wait_for_the_end(void **state)
{
    story_begin("A connect\nA half-close\nA expect closed\n");
    story_connect(0, 1);
    story_tell(1, 3, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(71, 3, PLAY_CLOSED, only(IO_CONNECTION_CLOSED));
    story_tell_wait(71, 3, PLAY_STEP_ENDS, only(IO_CONNECTION_CLOSED), 70);
    story_end(80, PLAY_PASSES, "");
    assert_int_equal(assert_mark(&story.model->lanes[0], 1, MARK_CLOSED, 71)->waited, story_time(70));
    assert_int_equal(story.model->longest_wait, story_time(70));
    assert_int_equal(story.model->everybody_served, story_time(71));
}

/* What if the time of a step is up? Others who wait have waited in vain, too, and perhaps longer. */
static void test_a_stall(void **state)
{
    story_begin("A connect\nB connect\nA send \"x\"\nA expect \"X\"\nB send \"y\"\nB expect \"Y\"\n");
    story_connect(0, 1);
    story_connect(0, 2);
    story_tell(1, 4, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(2, 6, PLAY_WAITING, only(IO_NO_DATA));
    story_tell_wait(502, 6, PLAY_STALLED, only(IO_TIMEOUT), 500);
    story_end(503, PLAY_STALLS, "the step's time is up");
    assert_mark(&story.model->lanes[1], 1, MARK_STALLED, 502);
    assert_int_equal(story.model->longest_wait, story_time(501));
    assert_int_equal(story.model->longest_lane, 0);
    assert_int_equal(story.model->everybody_served, 0);
    assert_int_equal(story.model->ended, story_time(STORY_BEGAN_MS + 502));
    assert_string_equal(story.model->state, "stalls");
}

static void test_a_reset(void **state)
{
    story_begin("A connect\nA expect reset\n");
    story_connect(0, 1);
    story_tell(1, 2, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(5, 2, PLAY_RESET, error_of(ECONNRESET));
    story_tell_wait(5, 2, PLAY_STEP_ENDS, error_of(ECONNRESET), 4);
    story_end(10, PLAY_PASSES, "");
    const struct lane *lane = &story.model->lanes[0];
    assert_mark(lane, 1, MARK_RESET, 5);
    assert_int_equal(lane->spans[lane->span_count - 1].state, LANE_ABSENT);
}

/* What if the server dies? The record has its last words. */
static void test_a_death(void **state)
{
    const struct play_result result = {
        .outcome = PLAY_FAILS, .step = -1, .problem = "the server died", .said = "first\nthe last\n"};

    story_begin(hello);
    story_connect(0, 1);
    story_tell(5, 0, PLAY_EXITED, only(IO_CONNECTION_CLOSED));
    story_tell(5, 3, PLAY_FAILED, error_of(0));
    recorder_done(&story.recorder, 0, &result, story_time(STORY_BEGAN_MS + 6));
    assert_string_equal(story.model->state, "died");
    assert_string_equal(story.model->problem, "the server died; it last said: the last");
    assert_int_equal(story.model->ended, story_time(STORY_BEGAN_MS + 5));
    assert_mark(&story.model->lanes[0], 1, MARK_FAILED, 5);
}

/* What if the server has served everybody, and does not stop afterwards? Then it has served everybody. */
static void test_who_does_not_stop_has_served_all_the_same(void **state)
{
    story_begin(hello);
    story_connect(0, 1);
    story_expect(3, 2, 4, 5);
    story_tell(6, 0, PLAY_TOLD_TO_END, success_of(0));
    story_tell(5006, 0, PLAY_FAILED, error_of(0));
    story_end(5007, PLAY_FAILS, "the server had to be killed");
    assert_string_equal(story.model->state, "FAILS");
    assert_int_equal(story.model->everybody_served, story_time(4));
}

static void test_no_start_and_no_end(void **state)
{
    const struct play_event ready = {.kind = PLAY_READY, .actor = -1, .step = -1};
    struct recorder recorder;
    char error[100];
    struct script *script = script_parse("x.script", SCRIPT_FOR_SERVERS, hello, error, sizeof error);

    recorder_init(&recorder, script, 2);
    recorder_leave_out(&recorder, 0, "it is not built");
    assert_string_equal(recorder.record.models[0].state, "did not start");
    assert_string_equal(recorder.record.models[0].problem, "it is not built");
    assert_int_equal(recorder.record.models[0].lanes[0].span_count, 0);
    recorder_event(&recorder, 1, &ready, 1000);
    recorder_done(&recorder, 1, NULL, 2000);
    assert_string_equal(recorder.record.models[1].state, RECORD_CUT_SHORT);
    recorder_free(&recorder);
    script_free(script);
}

/* What if the script stops the server in the middle? That is not the end of the conversation. */
static void test_a_script_that_stops_the_server(void **state)
{
    story_begin("A connect\nsync\nserver stops within 1s\nA expect closed\n");
    assert_int_equal(story.model->lane_count, 1); /* the server is no client */
    story_connect(0, 1);
    story_tell(5, 4, PLAY_WAITING, only(IO_NO_DATA));
    story_tell(6, 3, PLAY_TOLD_TO_END, success_of(0));
    assert_false(story.model->is_over);
    story_tell(7, 4, PLAY_CLOSED, only(IO_CONNECTION_CLOSED));
    story_tell_wait(7, 4, PLAY_STEP_ENDS, only(IO_CONNECTION_CLOSED), 2);
    story_end(8, PLAY_PASSES, "");
    assert_int_equal(story.model->longest_wait, story_time(2));
}

static void test_who_connected_when(void **state)
{
    story_begin("A wait 1s\nA connect\nB connect\nB close\nB connect\n");
    story_connect(0, 3);
    story_connect(10, 5);
    story_connect(1000, 2);
    assert_int_equal(recorder_connection(&story.recorder, 0, 0), 1);
    assert_int_equal(recorder_connection(&story.recorder, 0, 1), 1);
    assert_int_equal(recorder_connection(&story.recorder, 0, 2), 0);
    assert_int_equal(recorder_connection(&story.recorder, 0, 3), -1);
}

/* What if the servers took longer to start than all that followed? The axis is about what followed. */
static void test_the_axis_begins_with_the_conversation(void **state)
{
    story_begin("A connect\nA send \"x\"\nA expect \"X\"\n");
    story_connect(1, 1);
    story_trace("7 " STORY_SECONDS ".001000 accept(3, NULL, NULL) = 4 <0.001000>\n");
    story_expect(3, 2, 5, 1);
    story_end(6, PLAY_PASSES, "");
    recorder_begin_axis(&story.recorder);
    const struct model_record *model = story.model;
    const uint64_t began = 1000; /* a microsecond: 0 would say that it has not begun */
    const struct lane *lane = &model->lanes[0];
    assert_int_equal(model->began, began);
    assert_int_equal(model->ended, began + story_time(6));
    assert_int_equal(story.recorder.record.now, model->ended);
    assert_int_equal(lane->spans[0].from, began);
    assert_int_equal(lane->spans[lane->span_count - 1].to, model->ended);
    assert_int_equal(lane->marks[0].at, began + story_time(1.1));
    assert_int_equal(model->threads[0].spans[0].from, began + story_time(1));
    assert_int_equal(model->threads[0].spans[0].to, began + story_time(2));
    assert_int_equal(model->everybody_served, story_time(5)); /* a length, not a moment */
    assert_int_equal(model->longest_wait, story_time(3));
}

/* What if nobody got that far? */
static void test_an_axis_without_a_conversation(void **state)
{
    story_begin("A connect\nA close\n");
    story.model->began = 0;
    recorder_begin_axis(&story.recorder);
    assert_int_equal(story.model->began, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_a_conversation),
        STORY_TEST(test_spans_have_no_gaps),
        STORY_TEST(test_the_sums),
        STORY_TEST(test_it_grows),
        STORY_TEST(test_not_reading),
        STORY_TEST(test_stuck),
        STORY_TEST(test_portions_are_folded),
        STORY_TEST(test_a_wait_for_the_end),
        STORY_TEST(test_a_stall),
        STORY_TEST(test_a_reset),
        STORY_TEST(test_a_death),
        STORY_TEST(test_who_does_not_stop_has_served_all_the_same),
        cmocka_unit_test(test_no_start_and_no_end),
        STORY_TEST(test_a_script_that_stops_the_server),
        STORY_TEST(test_who_connected_when),
        STORY_TEST(test_the_axis_begins_with_the_conversation),
        STORY_TEST(test_an_axis_without_a_conversation),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
