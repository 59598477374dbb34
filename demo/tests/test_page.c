/*
 * test_page - are the page and the trace file complete, and well-formed JSON, whatever is in the record?
 *
 * What a browser makes of them is another question, which demo/tests/browser/ asks.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "browser/example.h"
#include "page/page.h"
#include "page/page_data.h"
#include "page/page_json.h"
#include "player/text.h"

/* ---- Helpers ---- */

/* The whole of a file, the caller's to free(). */
static char *read_path(const char *path)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_true(getdelim(&text, &room, '\0', file) > 0); /* there is no NUL in it */
    fclose(file);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        found++;
    return found;
}

static void assert_has(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("%s\nshould be in\n%s", what, text);
}

static bool is_json(const char *text)
{
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    json_decref(value);
    return value != NULL;
}

/* What is written of a value, which is freed; the caller's to free(). */
static char *written(json_t *value)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    page_json_write(value, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The record of an example as the page's data; the caller's to free(). */
static char *data_of(struct example *example)
{
    char *data = written(page_data(&example->recorder.record));

    assert_true(is_json(data));
    return data;
}

/* A folder of the test's own. */
static char folder[40], page_path[60], trace_path[60];

static int make_folder(void **state)
{
    snprintf(folder, sizeof folder, "/tmp/test_page-%ld", (long)getpid());
    snprintf(page_path, sizeof page_path, "%s/demo.html", folder);
    snprintf(trace_path, sizeof trace_path, "%s/demo.trace.json", folder);
    return mkdir(folder, 0700);
}

static int remove_folder(void **state)
{
    (void)remove(page_path);
    (void)remove(trace_path);
    return rmdir(folder);
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* ---- Any text as JSON ---- */

#define LOST "\xef\xbf\xbd" /* U+FFFD */

static void test_texts(void **state)
{
    static const struct {
        const char *what, *text, *json;
    } texts[] = {
        {"nothing", "", "\"\""},
        {"NULL", NULL, "null"},
        {"a quotation mark", "a\"b\\c", "\"a\\\"b\\\\c\""},
        {"control characters", "\n\t\x01\x1f\x7f", "\"\\n\\t\\u0001\\u001F\x7f\""},
        {"HTML", "</script><!--", "\"\\u003c/script>\\u003c!--\""},
        {"UTF-8", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
         "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {"a stray byte", "\x80", "\"" LOST "\""},
        {"a byte that no character has", "\xff", "\"" LOST "\""},
        {"a missing byte", "\xc3(", "\"" LOST "(\""},
        {"a missing byte at the end", "a\xe2\x82", "\"a" LOST LOST "\""},
        {"an overlong form", "\xc0\xaf", "\"" LOST LOST "\""},
        {"an overlong form of three bytes", "\xe0\x80\x80", "\"" LOST LOST LOST "\""},
        {"half of a surrogate pair", "\xed\xa0\x80", "\"" LOST LOST LOST "\""},
        {"beyond the last character", "\xf4\x90\x80\x80", "\"" LOST LOST LOST LOST "\""},
        {"the last character", "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""},
        {"characters around what is none", "\xc3\xbc\xff\xff\xc3\xbc", "\"\xc3\xbc" LOST LOST "\xc3\xbc\""},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *json = written(json_pack("[o]", page_json_text(texts[i].text)));
        struct text expected = {0};
        text_add(&expected, "[%s]", texts[i].json);
        assert_text(texts[i].what, "what is written", json, expected.chars);
        assert_true(is_json(json));
        text_free(&expected);
        free(json);
    }
}

static void test_numbers(void **state)
{
    char *json = written(json_pack("[i,f,f]", -7, 0.0021, 604800000000.001));

    assert_text("a week in microseconds", "what is written", json, "[-7,0.0021,604800000000.001]");
    free(json);
}

/* ---- The page's data ---- */

static void test_least_record(void **state)
{
    struct example *example = example_empty();
    char *data = data_of(example);

    assert_text(
        "no model and no step", "the data", data,
        "{\"script\":{\"name\":\"empty\",\"title\":\"nobody says anything\",\"source\":\"# empty: nobody says "
        "anything\\nA wait 1ms\\n\",\"actors\":[],\"steps\":[]},\"now\":0,\"traced\":false,"
        "\"states\":[\"absent\",\"connecting\",\"silent\",\"waiting\",\"not reading\",\"ended\"],"
        "\"kinds\":[\"connected\",\"sent\",\"received\",\"answered\",\"stalled\",\"failed\",\"closed\",\"reset\","
        "\"left\"],\"statuses\":[\"SUCCESS\",\"CONNECTION_CLOSED\",\"TIMEOUT\",\"NO_DATA\",\"ERROR\"],"
        "\"models\":[],\"calls\":[],\"errors\":{}}");
    free(data);
    example_free(example);
}

static void test_whole_record(void **state)
{
    struct example *example = example_class();
    char *data = data_of(example);

    assert_int_equal(count(data, "\"verdict\":"), 9);
    assert_int_equal(count(data, "\"actor\":"), 9 * 4);
    assert_int_equal(count(data, "\"thread\":"), 1 + 1 + 1 + 5 + 1 + 1 + 5 + 1);
    assert_has(data, "\"actors\":[\"A\",\"B\",\"C\",\"D\"],\"steps\":[[2,0],[3,0],");
    assert_has(data, "\"calls\":[\"accept\",\"recv\",\"send\",\"close\",\"spins\",\"poll\",\"select\",\"epoll_wait\","
                     "\"waitpid\",\"io_uring_enter\"]");
    assert_has(data, "\"served\":null,\"longestWait\":5000000,\"longestLane\":3,\"costs\":{\"cpuSeconds\":0.0021,"
                     "\"cpuShare\":0.001,\"systemCalls\":38,\"callsAreMore\":false,\"callsAreBatches\":false,"
                     "\"processes\":1,\"threads\":1,\"contextSwitches\":"
                     "14,\"memoryKib\":1672}");
    assert_has(data, "{\"cpuSeconds\":null,\"cpuShare\":null,\"systemCalls\":null,\"callsAreMore\":false,"
                     "\"callsAreBatches\":false,\"processes\":1,\"threads\":1,");
    assert_has(data, "{\"name\":\"thread 5\",\"process\":4741,\"thread\":4745,\"spans\":");
    assert_has(data,
               "{\"name\":\"process 5\",\"process\":4775,\"thread\":4775,\"spans\":[[1121000,1124000,1,4,1,0,3]]}");
    assert_has(data, "\"callsAreBatches\":true");
    assert_has(data, "\"spans\":[[120000,120200,1,0],[120200,121200,3,2],"); /* A connects, and waits at line 4 */
    assert_has(data, "[6120200,4,22,2,0,0,5000000]"); /* D stalls: TIMEOUT after 5 s */
    if (ECONNRESET == 104)
        assert_has(data, "\"104\":\"Connection reset by peer (ECONNRESET)\"");
    free(data);
    example_free(example);
}

static void test_odd_record(void **state)
{
    struct example *example = example_odd();
    char *data = data_of(example);

    assert_null(strchr(data, '<'));
    assert_has(data, "\"name\":\"\\u003ci>\\\"08\\\"\\u003c/script>\"");
    assert_has(data, "\"problem\":\"came: \\\"\x7f\\u001B[31m\\\"\"");
    assert_int_equal(count(data, "\"verdict\":null"), 1); /* a model that has none yet */
    free(data);
    example_free(example);
}

/* ---- The trace ---- */

/* All "ts" must be there in order; what lasts has a "dur". */
static void check_trace(const char *trace)
{
    double last = 0;

    assert_true(is_json(trace));
    for (const char *at = strstr(trace, "\"ts\":"); at != NULL; at = strstr(at + 1, "\"ts\":")) {
        const double time = strtod(at + 5, NULL);
        assert_true(time >= last);
        last = time;
    }
    assert_int_equal(count(trace, "\"ph\":"),
                     count(trace, "\"ph\":\"M\"") + count(trace, "\"ph\":\"X\"") + count(trace, "\"ph\":\"i\""));
    assert_int_equal(count(trace, "\"dur\":"), count(trace, "\"ph\":\"X\""));
    assert_int_equal(count(trace, "\"ts\":"), count(trace, "\"ph\":\"X\"") + count(trace, "\"ph\":\"i\""));
    assert_int_equal(count(trace, "\"s\":\"t\""), count(trace, "\"ph\":\"i\""));
}

static size_t count_spans(const struct record *record)
{
    size_t spans = 0;

    for (size_t i = 0; i < record->model_count; i++) {
        for (size_t k = 0; k < record->models[i].lane_count; k++)
            spans += record->models[i].lanes[k].span_count;
        for (size_t k = 0; k < record->models[i].thread_count; k++)
            spans += record->models[i].threads[k].span_count;
    }
    return spans;
}

static void test_traces(void **state)
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct example *example = example_kinds[i].make();
        assert_true(page_write_trace(&example->recorder.record, trace_path));
        char *trace = read_path(trace_path);
        check_trace(trace);
        assert_int_equal(count(trace, "\"ph\":\"X\""), count_spans(&example->recorder.record));
        assert_int_equal(count(trace, "\"process_name\""), example->recorder.record.model_count);
        free(trace);
        example_free(example);
    }
}

static void test_trace_in_full(void **state)
{
    struct example *example = example_class();

    assert_true(page_write_trace(&example->recorder.record, trace_path));
    char *trace = read_path(trace_path);
    assert_has(trace,
               "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"01-blocking\"}}");
    assert_has(
        trace,
        "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":4,\"tid\":9,\"args\":{\"name\":\"server, thread 5 (4745)\"}}");
    assert_has(trace, "\"args\":{\"name\":\"server, process 5 (4775)\"}}");
    assert_has(trace, "\"args\":{\"name\":\"server (4711)\"}}");
    assert_has(trace, "{\"ph\":\"X\",\"name\":\"waiting\",\"pid\":1,\"tid\":1,\"ts\":120200.0,\"cat\":\"client\","
                      "\"args\":{\"line\":4,"
                      "\"step\":\"A expect \\\"GOOD MORNING\\\"\"},\"dur\":1000.0}");
    assert_has(trace, "{\"ph\":\"i\",\"name\":\"stalled\",\"pid\":1,\"tid\":4,\"ts\":6120200.0,\"cat\":\"client\","
                      "\"args\":{\"line\":27,"
                      "\"step\":\"D expect \\\"LATE, BUT HERE\\\" within "
                      "5s\",\"status\":\"TIMEOUT\",\"waited_ms\":5000.0},\"s\":\"t\"}");
    assert_has(trace, "\"cat\":\"server\",\"args\":{\"fd\":4,\"client\":\"C\",\"times\":1,\"error\":\"Connection "
                      "reset by peer (ECONNRESET)\"},");
    free(trace);
    example_free(example);
}

/* ---- The page ---- */

static void test_page(void **state)
{
    struct example *example = example_odd();

    assert_true(page_write(&example->recorder.record, "demo/page", page_path));
    char *page = read_path(page_path), *data = data_of(example);
    assert_has(page, data);
    assert_null(strstr(page, "{{"));
    assert_int_equal(count(page, "</script>"), 2); /* the data's and the scripts' own, and none of the record's */
    assert_int_equal(count(page, "</style>"), 1);
    assert_int_equal(count(page, "src=\""), 0);
    assert_int_equal(count(page, "url(\"#"), count(page, "url(\""));
    free(page);
    free(data);
    example_free(example);
}

/* ---- What cannot be written ---- */

struct attempt {
    const char *template; /* NULL: a trace is written */
    const char *path;
    bool is_disk_full;
};

/* No room on the disk is noticed only when the buffer is emptied. A limit on the size of files stands in for it. */
static void fill_disk(void)
{
    const struct rlimit none = {0};

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
}

static int try_to_write(const void *data)
{
    const struct attempt *attempt = data;
    struct example *example = example_empty();

    if (attempt->is_disk_full)
        fill_disk();
    const bool is_written = attempt->template == NULL
                                ? page_write_trace(&example->recorder.record, attempt->path)
                                : page_write(&example->recorder.record, attempt->template, attempt->path);
    example_free(example);
    return is_written ? 0 : 1;
}

/* Nothing is left where it could not be written, and standard error says why. */
static void assert_not_written(struct attempt attempt, const char *expected)
{
    struct child child;

    child_run(&child, try_to_write, &attempt, NULL);
    assert_child(attempt.path, &child, 1, "", expected);
    assert_int_equal(access(attempt.path, F_OK), -1);
}

static void test_no_folder(void **state)
{
    assert_not_written((struct attempt){"demo/page", "/nowhere/demo.html", false},
                       "demo: cannot write /nowhere/demo.html: No such file or directory\n");
    assert_not_written((struct attempt){NULL, "/nowhere/demo.json", false},
                       "demo: cannot write /nowhere/demo.json: No such file or directory\n");
}

static void test_full_disk(void **state)
{
    /* standard error is a file, too: no room for the complaint */
    assert_not_written((struct attempt){NULL, trace_path, true}, "");
}

static void test_no_template(void **state)
{
    assert_not_written((struct attempt){"/nowhere", page_path, false},
                       "demo: cannot read /nowhere/page.html: No such file or directory\n");
}

/* What if the template names a part that is not there? What was written so far is removed. */
static void test_missing_part(void **state)
{
    struct text path = {0}, expected = {0};

    text_add(&path, "%s/page.html", folder);
    text_add(&expected, "demo: cannot read %s/page.css: No such file or directory\n", folder);
    FILE *template = fopen(path.chars, "w");
    assert_non_null(template);
    fputs("<p>{{record}}</p>{{page.css}}", template);
    fclose(template);
    assert_not_written((struct attempt){folder, page_path, false}, expected.chars);
    (void)remove(path.chars);
    text_free(&path);
    text_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_least_record), cmocka_unit_test(test_whole_record),
        cmocka_unit_test(test_odd_record),   FOLDER_TEST(test_traces),
        FOLDER_TEST(test_trace_in_full),     FOLDER_TEST(test_page),
        cmocka_unit_test(test_no_folder),    FOLDER_TEST(test_full_disk),
        FOLDER_TEST(test_no_template),       FOLDER_TEST(test_missing_part),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
