/* test_view - does every picture fit, whatever is in the record and whatever the size? And does it show what it should? */
/* NOLINTNEXTLINE(bugprone-reserved-identifier, cert-dcl37-c, cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700 /* declares wcwidth() */
#include "story.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "browser/example.h"
#include "record/words.h"
#include "terminal/canvas.h"
#include "terminal/lanes.h"
#include "terminal/table.h"
#include "terminal/view.h"

static struct view view_of(int width, int height)
{
    return (struct view){.style = {.width = width, .line_end = "\n"}, .height = height};
}

/* ---- Reading a picture ---- */

/* Columns of the line that begins at `line`; escape sequences take none. */
static int columns_of(const char *line)
{
    int columns = 0;

    while (*line != '\0' && *line != '\n' && *line != '\r') {
        wchar_t character;
        if (*line == '\033') {
            line += strcspn(line, "mKH") + 1;
            continue;
        }
        const int length = mbtowc(&character, line, MB_LEN_MAX);
        assert_true(length > 0);
        columns += wcwidth(character);
        line += length;
    }
    return columns;
}

static void assert_fits(const char *picture, int width)
{
    for (const char *line = picture; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (columns_of(line) > width)
            fail_msg("wider than %d: %.*s", width, (int)strcspn(line, "\n"), line);
    }
}

static int count(const char *picture, char what)
{
    int times = 0;

    for (; *picture != '\0'; picture++)
        times += *picture == what;
    return times;
}

static size_t count_of(const char *picture, const char *what)
{
    size_t times = 0;

    for (const char *at = strstr(picture, what); at != NULL; at = strstr(at + 1, what))
        times++;
    return times;
}

static void assert_shows(const char *picture, const char *what)
{
    if (strstr(picture, what) == NULL)
        fail_msg("\"%s\" should be in\n%s", what, picture);
}

/* The lanes as text, the caller's to free(). */
static char *lanes_of(const struct record *record, const struct view *view)
{
    struct text out = {0};

    view_lanes(view, record, &out);
    return text_take(&out);
}

static char *frame_of(const struct record *record, const struct view *view)
{
    struct text out = {0};

    view_frame(view, record, &out);
    return text_take(&out);
}

/* ---- Sizes ---- */

static void test_lanes_fit(void **state)
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct example *example = example_kinds[i].make();
        for (int width = VIEW_MIN_WIDTH; width <= 500; width += width < 130 ? 7 : 90) {
            struct view view = view_of(width, 24);
            view.style.is_utf8 = width % 2 == 0;
            view.style.colours = (enum canvas_colours)(width % 3);
            char *lanes = lanes_of(&example->recorder.record, &view);
            assert_fits(lanes, width);
            free(lanes);
        }
        example_free(example);
    }
}

static void test_tables_fit(void **state)
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct example *example = example_kinds[i].make();
        for (int width = VIEW_MIN_WIDTH; width <= 120; width++) {
            const struct view view = view_of(width, 24);
            struct text table = {0};
            table_add(&example->recorder.record, &view.style, &table);
            assert_fits(table.chars, width);
            text_free(&table);
        }
        example_free(example);
    }
}

/* A picture on a terminal has as many rows as that, never more: the last has no line's end. */
static void test_frames_fit(void **state)
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct example *example = example_kinds[i].make();
        for (int height = 4; height <= 60; height += 4) {
            struct view view = view_of(80, height);
            view.has_keys = height % 8 == 0;
            char *frame = frame_of(&example->recorder.record, &view);
            assert_int_equal(count(frame, '\n'), height - 1);
            assert_fits(frame, 80);
            free(frame);
        }
        example_free(example);
    }
}

/* Do the pages show each model once, and no model cut in two? */
static void test_pages_show_every_model(void **state)
{
    struct example *example = example_class();

    for (int height = 12; height <= 100; height += 11) {
        struct view view = view_of(80, height);
        while (view.first < example->recorder.record.model_count) {
            const size_t page = view_page(&view, &example->recorder.record);
            char *frame = frame_of(&example->recorder.record, &view);
            assert_true(page >= 1 && view.first + page <= example->recorder.record.model_count);
            for (size_t i = view.first; i < view.first + page; i++)
                assert_shows(frame, example->recorder.record.models[i].name);
            view.first += page;
            free(frame);
        }
    }
    example_free(example);
}

/* What if not all models fit? Each is to be seen all the same, those that are not drawn in full in a row of their own. */
static void test_all_models_are_to_be_seen(void **state)
{
    struct example *example = example_class();
    const struct record *record = &example->recorder.record;

    for (int height = 24; height <= 50; height += 13) {
        struct view view = view_of(120, height);
        if (height == 24) /* 19 rows for models, of which 2 have 6, and 7 have one each */
            assert_int_equal(view_page(&view, record), 2);
        while (view.first < record->model_count) {
            const size_t page = view_page(&view, record);
            const bool shows_last = view.first + page == record->model_count; /* it has no lanes: it did not start */
            char *frame = frame_of(record, &view);
            for (size_t i = 0; i < record->model_count; i++)
                assert_shows(frame, record->models[i].name);
            assert_int_equal(count_of(frame, "\n  B "), page - shows_last);
            assert_shows(frame, "Address already in use");
            assert_shows(frame, "with all lanes");
            view.first += page;
            free(frame);
        }
    }
    example_free(example);
}

/* ---- Characters ---- */

static void test_plain_text_is_plain(void **state)
{
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct example *example = example_kinds[i].make();
        const struct view view = view_of(100, 24);
        char *lanes = lanes_of(&example->recorder.record, &view);
        for (const char *c = lanes; *c != '\0'; c++)
            if ((*c < ' ' && *c != '\n') || (unsigned char)*c >= 0x7f)
                fail_msg("byte 0x%02x in\n%s", (unsigned char)*c, lanes);
        free(lanes);
        example_free(example);
    }
}

static void assert_canvas(const char *text, bool is_utf8, const char *expected)
{
    const struct canvas_style style = {.width = 12, .is_utf8 = is_utf8, .line_end = "|"};
    struct canvas canvas;
    struct text out = {0};

    canvas_begin(&canvas, &out, &style);
    canvas_put_cut(&canvas, 0, 10, text, TINT_PLAIN);
    canvas_end_row(&canvas);
    canvas_end(&canvas);
    assert_text(text, "the row", out.chars, expected);
    text_free(&out);
}

static void test_characters(void **state)
{
    assert_canvas("plain", false, "plain|");
    assert_canvas("0123456789", false, "0123456789|");
    assert_canvas("0123456789a", false, "01234567..|");
    assert_canvas("\033[31mred\n", false, "?[31mred?|");
    assert_canvas("gr\u00fc\u00df", true, "gr\u00fc\u00df|");
    assert_canvas("gr\u00fc\u00df", false, "gr??|");
    assert_canvas("\xff\xc3", true, "??|");
    assert_canvas("\xf0\x9f\x98\x80", false, "?|");
    assert_canvas("\x80\xed\xa0\x80", true, "????|");
    /* a space without a width, and what turns the direction of a row round */
    assert_canvas("abc\u200b \xe2\x80\xae.", true, "abc? ?.|"); // NOLINT(misc-misleading-bidirectional)
    assert_canvas("", true, "|");
}

static void test_characters_of_two_columns(void **state)
{
    assert_canvas("\u4f60\u597d", true, "\u4f60\u597d|");
    assert_canvas("\u4f60\u597d\u4f60\u597d\u4f60", true, "\u4f60\u597d\u4f60\u597d\u4f60|");
    assert_canvas("\u4f60\u597d\u4f60\u597d\u4f60a", true, "\u4f60\u597d\u4f60\u597d..|");
    assert_canvas("a\u4f60\u597d\u4f60\u597d\u4f60", true, "a\u4f60\u597d\u4f60 ..|"); /* its half would be left */
    assert_canvas("\u4f60", false, "?|");
}

static void test_accents(void **state)
{
    assert_canvas("e\u0301x", true, "e\u0301x|");
    assert_canvas("012345678e\u0301", true, "012345678e\u0301|");
    assert_canvas("\u0301x", true, "x|"); /* on nothing */
    assert_canvas("\u4f60\u0301x", true, "\u4f60\u0301x|");
    assert_canvas("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301x", true,
                  "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301x|"); /* as many as there is room for */
}

/* What if something is drawn over one half of a character? */
static void test_half_of_a_character(void **state)
{
    static const char *const rows[] = {"x \u597d|", "x \u597d|", " x\u597d|", "\u4f60x|", "\u4f60 x|"};

    for (int column = -1; column < 4; column++) {
        const struct canvas_style style = {.width = 4, .is_utf8 = true, .line_end = "|"};
        struct canvas canvas;
        struct text out = {0};
        canvas_begin(&canvas, &out, &style);
        canvas_put(&canvas, 0, "\u4f60\u597d", TINT_PLAIN);
        canvas_put(&canvas, column, column < 0 ? "ax" : "x", TINT_PLAIN);
        canvas_end_row(&canvas);
        canvas_end(&canvas);
        assert_text("an x over \u4f60\u597d", "the row", out.chars, rows[column + 1]);
        text_free(&out);
    }
}

static void test_words_are_wrapped(void **state)
{
    const struct canvas_style style = {.width = 12, .line_end = "\n"};
    struct canvas canvas;
    struct text out = {0};

    canvas_begin(&canvas, &out, &style);
    canvas_put(&canvas, 0, "01", TINT_STRONG);
    canvas_wrap(&canvas, 4, "one two three averyveryverylongword end", TINT_PLAIN);
    canvas_end(&canvas);
    assert_string_equal(out.chars, "01  one two\n    three\n    averyver\n    end\n");
    text_free(&out);
}

static void test_colours(void **state)
{
    struct canvas_style style = {.width = 12, .line_end = "", .colours = CANVAS_16_COLOURS};
    struct canvas canvas;
    struct text out = {0};

    canvas_begin(&canvas, &out, &style);
    canvas_put(&canvas, 0, "a", TINT_PLAIN);
    canvas_put(&canvas, 1, "bb", TINT_STRONG);
    canvas_put(&canvas, 3, "c", TINT_WAIT);
    canvas_end_row(&canvas);
    canvas_end(&canvas);
    assert_string_equal(out.chars, "a\033[1mbb\033[0;33mc\033[m"); /* and all is as it was */
    text_free(&out);
}

/* ---- What is to be seen ---- */

static const char two[] = "A connect\nA send \"x\"\nA expect \"X\"\nB connect\nB wait 1s\nB close\n";

static void tell_two(void)
{
    story_begin(two);
    story_connect(0, 1);
    story_connect(0, 4);
    story_tell(1, 2, PLAY_SENT, success_of(1)); /* not to be seen: the same cell shows that it connected */
    story_tell(1, 5, PLAY_WAITING, only(IO_NO_DATA));
    story_trace("7 " STORY_SECONDS ".000100 accept(3, NULL, NULL) = 4 <0.000100>\n"
                "7 " STORY_SECONDS ".000300 recvfrom(4, \"\", 9, 0, NULL, NULL) = 0 <0.700000>\n");
    story_expect(3, 200, 700, 1);
    story_tell(900, 6, PLAY_LEFT, success_of(0));
    story_end(1000, PLAY_PASSES, "");
}

static void test_a_picture(void **state)
{
    struct view view = view_of(60, 24);

    tell_two();
    char *lanes = lanes_of(&story.recorder.record, &view);
    assert_text("two clients", "the picture", lanes,
                "            |0       |0.2 s   |0.4 s    |0.6 s   |0.8 s\n"
                "05-mine  somebody's own                 longest wait 0.50 s\n"
                "  A         (........======= 0.50 s ========#..............\n"
                "  B         (.........................................)\n"
                "  server    |recv fd 4 (A), 0.70 s-----------\n"
                "\n"
                ". wants nothing   = waits   ( connects   > sends\n"
                "# answered   ) leaves\n");
    free(lanes);
}

/* A row for all: who waits is seen, and whether the server is busy while nobody does. */
static void test_a_model_in_a_row(void **state)
{
    const struct canvas_style style = {.width = 60, .line_end = "\n"};
    const struct axis axis = {
        .from = story_time(STORY_BEGAN_MS), .to = story_time(STORY_BEGAN_MS + 1000), .left = 8, .width = 50};
    struct canvas canvas;
    struct text out = {0};

    story_begin(two);
    story_connect(0, 1);
    story_connect(0, 4);
    story_tell(1, 5, PLAY_WAITING, only(IO_NO_DATA));
    for (int ms = 50; ms <= 950; ms += 50)
        story_see(7, CALL_SPINS, -1, 0, ms);
    story_expect(3, 200, 700, 1);
    story_tell(900, 6, PLAY_LEFT, success_of(0));
    story_end(1000, PLAY_PASSES, "");
    canvas_begin(&canvas, &out, &style);
    lanes_draw_all_clients(&canvas, story.model, &axis);
    canvas_end_row(&canvas);
    canvas_end(&canvas);
    assert_text("a server that spins", "the row", out.chars,
                "        **********======== 0.50 s =========#************..\n");
    text_free(&out);
}

static void test_utf8_picture(void **state)
{
    struct view view = view_of(60, 24);

    tell_two();
    view.style.is_utf8 = true;
    char *lanes = lanes_of(&story.recorder.record, &view);
    assert_shows(lanes, "\u2588\u2588 0.50 s \u2588\u2588");
    assert_shows(lanes, "\u251crecv fd 4 (A), 0.70 s\u2500");
    free(lanes);
}

/* What if there are 50 clients? The row that many of them share says how many. */
static void test_a_crowd(void **state)
{
    struct view view = view_of(80, 24);

    story_begin("C1..C50 connect\nC1..C50 wait 1s\n");
    for (int i = 0; i < 50; i++) {
        const struct play_event event = {.kind = PLAY_CONNECTED, .actor = i, .step = i};
        recorder_event(&story.recorder, 0, &event, story_time(STORY_BEGAN_MS));
    }
    story_end(1000, PLAY_PASSES, "");
    char *lanes = lanes_of(&story.recorder.record, &view);
    assert_shows(lanes, "\n  C6        ");
    assert_shows(lanes, "\n  +44 more  ");
    assert_null(strstr(lanes, "C7"));
    free(lanes);
    view.height = 10;
    char *frame = frame_of(&story.recorder.record, &view);
    assert_shows(frame, "  +47 more ");
    free(frame);
}

static void test_live_words(void **state)
{
    struct view view = view_of(80, 24);

    story_begin(two);
    story_connect(0, 1);
    story_tell(1, 3, PLAY_WAITING, only(IO_NO_DATA));
    recorder_grow(&story.recorder, story_time(STORY_BEGAN_MS + 701));
    view.has_keys = view.is_paused = true;
    char *frame = frame_of(&story.recorder.record, &view);
    assert_shows(frame, "plays, longest wait 0.70 s");
    assert_shows(frame, "(drawing is paused)  0.70 s");
    assert_shows(frame, "model 1 of 1   space: go on   q: end");
    free(frame);
}

static void test_the_table(void **state)
{
    struct view view = view_of(80, 24);
    struct text table = {0};

    tell_two();
    story.model->costs = (struct costs){.cpu_seconds = 1.25,
                                        .cpu_share = 0.5,
                                        .system_calls = 92417,
                                        .threads = 1,
                                        .context_switches = 1234,
                                        .memory_kib = 1741,
                                        .calls_are_more = true};
    table_add(&story.recorder.record, &view.style, &table);
    assert_shows(table.chars, "\n05-mine  0.70 s  0.50 s   1.2 s   50 %  >92,000        1    1,234  1.7 MiB\n");
    text_free(&table);
    story.model->costs.calls_are_more = false;
    story.model->costs.calls_are_batches = true;
    story.model->costs.processes = story.model->costs.threads = 4;
    table_add(&story.recorder.record, &view.style, &table);
    assert_shows(table.chars, " 92,417*   4 proc  ");
    assert_shows(table.chars, "* one io_uring_enter() hands in many operations: ");
    text_free(&table);
    story.model->costs.threads = 9;
    table_add(&story.recorder.record, &view.style, &table);
    assert_shows(table.chars, "  9 in 4 ");
    text_free(&table);
    story.model->costs = COSTS_UNKNOWN;
    table_add(&story.recorder.record, &view.style, &table);
    assert_shows(table.chars, "\n05-mine  0.70 s  0.50 s       -      -        -        -        -        -\n");
    text_free(&table);
}

/* What are a server's lanes called that has several threads, processes, or both? */
static void test_names_of_lanes(void **state)
{
    static const struct {
        struct thread_lane lanes[4];
        const char *names[4];
    } rows[] = {
        {{{.thread = 7, .process = 7}}, {"server"}},
        {{{.thread = 7, .process = 7}, {.thread = 9, .process = 7}}, {"thread 1", "thread 2"}},
        {{{.thread = 7, .process = 7}, {.thread = 9, .process = 9}}, {"process 1", "process 2"}},
        {{{.thread = 7, .process = 7},
          {.thread = 9, .process = 9},
          {.thread = 10, .process = 9},
          {.thread = 8, .process = 8}},
         {"process 1", "process 2.1", "process 2.2", "process 3"}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct model_record model = {0};
        struct thread_lane lanes[4];
        memcpy(lanes, rows[i].lanes, sizeof lanes);
        model.threads = lanes;
        while (model.thread_count < 4 && rows[i].names[model.thread_count] != NULL)
            model.thread_count++;
        for (size_t k = 0; k < model.thread_count; k++) {
            struct text name = {0};
            words_add_lane(&name, &model, k);
            assert_string_equal(name.chars, rows[i].names[k]);
            text_free(&name);
        }
    }
}

/* ---- Words ---- */

static void test_words(void **state)
{
    static const struct {
        void (*add)(struct text *words, long number);
        long number;
        const char *words;
    } rows[] = {
        {words_add_count, 0, "0"},           {words_add_count, 999, "999"}, {words_add_count, 1843211, "1,843,211"},
        {words_add_rough, 92417, "92,000"},  {words_add_rough, 7, "7"},     {words_add_memory, 1023, "1023 KiB"},
        {words_add_memory, 1741, "1.7 MiB"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text words = {0};
        rows[i].add(&words, rows[i].number);
        assert_string_equal(words.chars, rows[i].words);
        text_free(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes_fit),
        cmocka_unit_test(test_tables_fit),
        cmocka_unit_test(test_frames_fit),
        cmocka_unit_test(test_pages_show_every_model),
        cmocka_unit_test(test_all_models_are_to_be_seen),
        cmocka_unit_test(test_plain_text_is_plain),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_characters_of_two_columns),
        cmocka_unit_test(test_accents),
        cmocka_unit_test(test_half_of_a_character),
        cmocka_unit_test(test_words_are_wrapped),
        cmocka_unit_test(test_colours),
        STORY_TEST(test_a_picture),
        STORY_TEST(test_a_model_in_a_row),
        STORY_TEST(test_utf8_picture),
        STORY_TEST(test_a_crowd),
        STORY_TEST(test_live_words),
        STORY_TEST(test_the_table),
        cmocka_unit_test(test_names_of_lanes),
        cmocka_unit_test(test_words),
    };

    unit_begin();
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        assert_non_null(setlocale(LC_CTYPE, "en_US.UTF-8"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
