/*
 * test_page - are the page and the trace file complete, and well-formed JSON, whatever is in the record?
 *
 * What a browser makes of them is another question, which demo/browser/ asks.
 */
#include "unit/unit.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "browser/example.h"
#include "page/json.h"
#include "page/page.h"
#include "page/page_data.h"
#include "page/page_file.h"
#include "player/memory.h"
#include "player/text.h"

/* ---- A reader of JSON that says only where it stops being JSON (RFC 8259) ---- */

static const char *skip_value(const char *at);

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Returns what follows a string, or NULL. */
static const char *skip_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20) /* a control character, or the end */
            return NULL;
        if (*at == '\\' && strchr("\"\\/bfnrtu", at[1]) == NULL)
            return NULL;
        if (*at == '\\' && at[1] == 'u' && strspn(at + 2, "0123456789abcdefABCDEF") < 4)
            return NULL;
        at += *at == '\\' ? 2 : 1;
    }
    return at + 1;
}

static const char *skip_number(const char *at)
{
    at += *at == '-';
    if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1])))
        return NULL;
    at += strspn(at, "0123456789");
    if (*at == '.' && !isdigit((unsigned char)at[1]))
        return NULL;
    return *at == '.' ? at + 1 + strspn(at + 1, "0123456789") : at;
}

static const char *skip_word(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return NULL;
}

static const char *skip_member(const char *at, bool has_key)
{
    if (has_key) {
        at = skip_string(skip_blanks(at));
        if (at == NULL || *(at = skip_blanks(at)) != ':')
            return NULL;
        at++;
    }
    at = skip_value(at);
    return at != NULL ? skip_blanks(at) : NULL;
}

/* The members of an object or a list, from behind its bracket. */
static const char *skip_members(const char *at, char end)
{
    at = skip_blanks(at);
    if (*at == end)
        return at + 1;
    for (at = skip_member(at, end == '}'); at != NULL && *at == ',';)
        at = skip_member(at + 1, end == '}');
    return at != NULL && *at == end ? at + 1 : NULL;
}

static const char *skip_value(const char *at)
{
    at = skip_blanks(at);
    if (*at == '{')
        return skip_members(at + 1, '}');
    if (*at == '[')
        return skip_members(at + 1, ']');
    if (*at == '"')
        return skip_string(at);
    return isalpha((unsigned char)*at) ? skip_word(at) : skip_number(at);
}

static bool is_json(const char *text)
{
    const char *end = skip_value(text);

    return end != NULL && *skip_blanks(end) == '\0';
}

/* ---- Helpers ---- */

/* The whole of a file, the caller's to free(). */
static char *read_all(FILE *file)
{
    struct text text = {0};

    rewind(file);
    for (int byte = getc(file); byte != EOF; byte = getc(file))
        text_add(&text, "%c", byte);
    fclose(file);
    return text_take(&text);
}

static char *read_path(const char *path)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    return read_all(file);
}

static bool write_path(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return false;
    const bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        found++;
    return found;
}

static bool has(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

/* The record of an example as the page's data; the caller's to free(). */
static char *data_of(struct example *example)
{
    struct json json = {.file = tmpfile()};

    assert_non_null(json.file);
    page_data_write(&json, &example->record);
    return read_all(json.file);
}

struct folder {
    char path[40], page[60], trace[60];
};

static int make_folder(void **state)
{
    struct folder *folder = memory_zeroed(1, sizeof *folder);

    snprintf(folder->path, sizeof folder->path, "/tmp/test_page-%ld", (long)getpid());
    snprintf(folder->page, sizeof folder->page, "%s/demo.html", folder->path);
    snprintf(folder->trace, sizeof folder->trace, "%s/demo.trace.json", folder->path);
    *state = folder;
    return mkdir(folder->path, 0700);
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;

    (void)remove(folder->page);
    (void)remove(folder->trace);
    const int result = rmdir(folder->path);
    free(folder);
    return result;
}

/* ---- Writing JSON ---- */

static void test_texts(void **state)
{
    static const struct {
        const char *text, *json;
    } texts[] = {
        {"", "\"\""},
        {NULL, "null"},
        {"a\"b\\c", "\"a\\u0022b\\u005cc\""},
        {"\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\""},
        {"</script><!--", "\"\\u003c/script>\\u003c!--\""},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\""},
        /* what is no UTF-8: a stray byte, one that is missing (here, and at the end), an overlong form, half of a
           surrogate pair, beyond the last character */
        {"\x80", "\"\xef\xbf\xbd\""},
        {"\xc3(", "\"\xef\xbf\xbd(\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xff", "\"\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json json = {.file = tmpfile()};
        json_text(&json, texts[i].text);
        char *written = read_all(json.file);
        assert_text("json_text", "what was written", written, texts[i].json);
        assert_true(is_json(written));
        free(written);
    }
}

static void test_values_and_commas(void **state)
{
    struct json json = {.file = tmpfile()};

    (void)state;
    json_open(&json, '{');
    json_open(json_key(&json, "none"), '[');
    json_close(&json, ']');
    json_open(json_key(&json, "some"), '[');
    json_number(&json, -7);
    json_real(&json, 0.125, 3);
    json_real(&json, 1.0 / 0.0, 3);
    json_bool(&json, true);
    json_null(&json);
    json_open(&json, '{');
    json_close(&json, '}');
    json_microseconds(&json, 1000000001);
    json_close(&json, ']');
    json_close(&json, '}');
    char *written = read_all(json.file);
    assert_text("json", "what was written", written, "{\"none\":[],\"some\":[-7,0.125,null,true,null,{},1000000.001]}");
    free(written);
}

/* ---- The page's data ---- */

static void test_least_record(void **state)
{
    struct example *example = example_empty();
    char *data = data_of(example);

    (void)state;
    assert_true(is_json(data));
    assert_text(
        "no model and no step", "the data", data,
        "{\"script\":{\"name\":\"empty\",\"title\":\"nobody says anything\",\"source\":\"# empty: nobody says "
        "anything\\u000aA wait 1ms\\u000a\",\"actors\":[],\"steps\":[]},\"now\":0,\"traced\":false,"
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

    (void)state;
    assert_true(is_json(data));
    assert_int_equal(count(data, "\"verdict\":"), 7);
    assert_int_equal(count(data, "\"actor\":"), 7 * 4);
    assert_int_equal(count(data, "\"thread\":"), 1 + 1 + 1 + 5 + 1 + 1);
    assert_true(has(data, "\"actors\":[\"A\",\"B\",\"C\",\"D\"],\"steps\":[[2,0],[3,0],"));
    assert_true(
        has(data, "\"calls\":[\"accept\",\"recv\",\"send\",\"close\",\"spins\",\"poll\",\"select\",\"epoll_wait\"]"));
    assert_true(has(data,
                    "\"served\":null,\"longestWait\":5000000,\"longestLane\":3,\"costs\":{\"cpuSeconds\":0.002100,"
                    "\"cpuShare\":0.001000,\"systemCalls\":38,\"callsAreMore\":false,\"threads\":1,\"contextSwitches\":"
                    "14,\"memoryKib\":1672}"));
    assert_true(
        has(data, "{\"cpuSeconds\":null,\"cpuShare\":null,\"systemCalls\":null,\"callsAreMore\":false,\"threads\":1,"));
    assert_true(has(data, "\"spans\":[[120000,120200,1,0],[120200,121200,3,2],")); /* A connects, and waits at line 4 */
    assert_true(has(data, "[6120200,4,22,2,0,0,5000000]")); /* D stalls: TIMEOUT after 5 s */
    assert_true(has(data, "\"104\":\"Connection reset by peer (ECONNRESET)\"") || ECONNRESET != 104);
    free(data);
    example_free(example);
}

static void test_odd_record(void **state)
{
    struct example *example = example_odd();
    char *data = data_of(example);

    (void)state;
    assert_true(is_json(data));
    assert_false(has(data, "<"));
    assert_true(has(data, "\"name\":\"\\u003ci>\\u002208\\u0022\\u003c/script>\""));
    assert_true(has(data, "\"problem\":\"came: \\u0022\\u007f\\u001b[31m\\u0022\""));
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
    struct example *const examples[] = {example_class(), example_crowd(), example_odd(), example_empty()};
    struct folder *folder = *state;

    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct example *example = examples[i];
        assert_true(page_write_trace(&example->record, folder->trace));
        char *trace = read_path(folder->trace);
        check_trace(trace);
        assert_int_equal(count(trace, "\"ph\":\"X\""), count_spans(&example->record));
        assert_int_equal(count(trace, "\"process_name\""), example->record.model_count);
        free(trace);
        example_free(example);
    }
}

static void test_trace_in_full(void **state)
{
    struct example *example = example_class();
    struct folder *folder = *state;

    assert_true(page_write_trace(&example->record, folder->trace));
    char *trace = read_path(folder->trace);
    assert_true(
        has(trace, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"01-blocking\"}}"));
    assert_true(
        has(trace,
            "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":4,\"tid\":9,\"args\":{\"name\":\"server, thread 4723\"}}"));
    assert_true(has(
        trace,
        "{\"ph\":\"X\",\"name\":\"waiting\",\"pid\":1,\"tid\":1,\"ts\":120200.000,\"dur\":1000.000,\"cat\":\"client\","
        "\"args\":{\"line\":4,\"step\":\"A expect \\u0022GOOD MORNING\\u0022\"}}"));
    assert_true(
        has(trace,
            "{\"ph\":\"i\",\"name\":\"stalled\",\"pid\":1,\"tid\":4,\"ts\":6120200.000,\"s\":\"t\",\"cat\":\"client\","
            "\"args\":{\"line\":27,\"step\":\"D expect \\u0022LATE, BUT HERE\\u0022 within 5s\",\"status\":\"TIMEOUT\","
            "\"waited_ms\":5000.000000}}"));
    assert_true(has(trace, "\"cat\":\"server\",\"args\":{\"fd\":4,\"client\":\"C\",\"times\":1,\"error\":\"Connection "
                           "reset by peer (ECONNRESET)\"}}"));
    free(trace);
    example_free(example);
}

/* ---- The page ---- */

static void test_page(void **state)
{
    struct example *example = example_odd();
    struct folder *folder = *state;

    assert_true(page_write(&example->record, "demo/page", folder->page));
    char *page = read_path(folder->page), *data = data_of(example);
    assert_true(has(page, data));
    assert_false(has(page, "{{"));
    assert_int_equal(count(page, "</script>"), 2); /* the data's and the scripts' own, and none of the record's */
    assert_int_equal(count(page, "</style>"), 1);
    assert_int_equal(count(page, "src=\""), 0);
    assert_int_equal(count(page, "url(\"#"), count(page, "url(\""));
    free(page);
    free(data);
    example_free(example);
}

/* Standard error, while somebody listens to it. */
struct ear {
    FILE *words;
    int standard_error;
};

static struct ear open_ear(void)
{
    const struct ear ear = {.words = tmpfile(), .standard_error = dup(STDERR_FILENO)};

    assert_non_null(ear.words);
    assert_int_equal(dup2(fileno(ear.words), STDERR_FILENO), STDERR_FILENO);
    return ear;
}

static void assert_heard(struct ear ear, const char *expected)
{
    dup2(ear.standard_error, STDERR_FILENO);
    close(ear.standard_error);
    char *said = read_all(ear.words);
    assert_text("a failure", "standard error", said, expected);
    free(said);
}

static void test_no_room_to_write(void **state)
{
    struct example *example = example_class();
    struct ear ear = open_ear();
    const bool is_written = page_write(&example->record, "demo/page", "/nowhere/demo.html");

    (void)state;
    assert_heard(ear, "demo: cannot write /nowhere/demo.html: No such file or directory\n");
    assert_false(is_written);
    ear = open_ear();
    const bool is_traced = page_write_trace(&example->record, "/nowhere/demo.json");
    assert_heard(ear, "demo: cannot write /nowhere/demo.json: No such file or directory\n");
    assert_false(is_traced);
    example_free(example);
}

/* No room on the disk is noticed only when the buffer is emptied. A limit on the size of files stands in for it. */
static void test_full_disk(void **state)
{
    const struct folder *folder = *state;
    struct rlimit before, none;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    const struct ear ear = open_ear();
    FILE *file = page_file_open(folder->trace);
    assert_non_null(file);
    setrlimit(RLIMIT_FSIZE, &none);
    const bool is_put = fputs("{}", file) >= 0;
    const bool is_written = page_file_close(file, folder->trace, is_put);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_heard(ear, ""); /* standard error was a file here, and there was no room for the complaint either */
    assert_true(is_put);
    assert_false(is_written);
    assert_int_equal(access(folder->trace, F_OK), -1);
}

static void test_no_template(void **state)
{
    struct example *example = example_empty();
    struct folder *folder = *state;
    const struct ear ear = open_ear();
    const bool is_written = page_write(&example->record, "/nowhere", folder->page);

    assert_heard(ear, "demo: cannot read /nowhere/page.html: No such file or directory\n");
    assert_false(is_written);
    assert_int_equal(access(folder->page, F_OK), -1);
    example_free(example);
}

/* A template that names a part that is not there: what was written so far is taken away. */
static void test_missing_part(void **state)
{
    struct example *example = example_empty();
    struct folder *folder = *state;
    struct text path = {0}, expected = {0};

    text_add(&path, "%s/page.html", folder->path);
    text_add(&expected, "demo: cannot read %s/page.css: No such file or directory\n", folder->path);
    assert_true(write_path(path.chars, "<p>{{record}}</p>{{page.css}}"));
    const struct ear ear = open_ear();
    const bool is_written = page_write(&example->record, folder->path, folder->page);
    assert_heard(ear, expected.chars);
    assert_false(is_written);
    assert_int_equal(access(folder->page, F_OK), -1);
    (void)remove(path.chars);
    text_free(&path);
    text_free(&expected);
    example_free(example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_values_and_commas),
        cmocka_unit_test(test_least_record),
        cmocka_unit_test(test_whole_record),
        cmocka_unit_test(test_odd_record),
        cmocka_unit_test_setup_teardown(test_traces, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_trace_in_full, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_page, make_folder, remove_folder),
        cmocka_unit_test(test_no_room_to_write),
        cmocka_unit_test_setup_teardown(test_full_disk, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_no_template, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_missing_part, make_folder, remove_folder),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
