/* test_rows - are medians, spreads and their comparison what the report says they are, and is every row in the file? */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "player/memory.h"
#include "report/figure.h"
#include "report/file.h"
#include "report/ranking.h"
#include "report/section_parts.h"
#include "rows.h"
#include "unit/must.h"

static const struct setting fifty = {.question = PRICE, .clients = 50, .size = 64},
                            ten = {.question = PRICE, .clients = 10};

static void add(struct rows *rows, size_t subject, int round, double price)
{
    struct row row = {.setting = &fifty, .subject = subject, .round = round, .clients = 50};

    row.figures[PRICE_FLOORS] = price;
    rows_add(rows, &row);
}

static void add_all(struct rows *rows, size_t subject, const double *prices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(rows, subject, (int)i + 1, prices[i]);
}

static void what_is_the_median(void **state)
{
    struct rows rows = {0};

    assert_int_equal(rows_summary(&rows, 0, &fifty, PRICE_FLOORS).rounds, 0);
    add_all(&rows, 0, (const double[]){3, 1, 2}, 3);
    add_all(&rows, 1, (const double[]){4, 1, 2, 30}, 4);
    struct summary summary = rows_summary(&rows, 0, &fifty, PRICE_FLOORS);
    assert_true(summary.median == 2 && summary.low == 1 && summary.high == 3 && summary.rounds == 3);
    summary = rows_summary(&rows, 1, &fifty, PRICE_FLOORS);
    assert_true(summary.median == 3 && summary.low == 1 && summary.high == 30 && summary.rounds == 4);
    assert_int_equal(rows_summary(&rows, 0, &ten, PRICE_FLOORS).rounds, 0);
    rows_free(&rows);
}

/* A row without figures says why, and counts for nothing. */
static void what_if_there_is_no_figure(void **state)
{
    struct rows rows = {0};
    struct row row = {.setting = &fifty, .why_not = memory_string("it serves 1 of 50 clients")};

    add_all(&rows, 0, (const double[]){2, 4}, 2);
    rows_add(&rows, &row);
    assert_true(rows_summary(&rows, 0, &fifty, PRICE_FLOORS).median == 3);
    assert_string_equal(rows_last(&rows, 0, &fifty)->why_not, "it serves 1 of 50 clients");
    assert_null(rows_last(&rows, 1, &fifty));
    rows_free(&rows);
}

static void who_is_equal(void **state)
{
    const struct summary a = {.median = 2, .low = 1, .high = 3}, b = {.median = 3.5, .low = 3, .high = 4},
                         c = {.median = 5, .low = 4.5, .high = 6};

    assert_true(summaries_are_equal(a, a));
    assert_true(summaries_are_equal(a, b) && summaries_are_equal(b, a)); /* they touch */
    assert_false(summaries_are_equal(b, c) || summaries_are_equal(c, b));
}

/* One that overlaps with the second only is not equal to the first. One that is wrong is not ranked. */
static void who_comes_first(void **state)
{
    struct subject subjects[5] = {
        {.name = "dear"}, {.name = "first"}, {.name = "second"}, {.name = "third"}, {.name = "wrong"}};
    struct subjects all = {subjects, 5};
    struct rows rows = {0};
    const struct findings findings = {.rows = &rows, .subjects = &all};
    struct text names = {0};

    add_all(&rows, 0, (const double[]){9, 9.5}, 2);
    add_all(&rows, 1, (const double[]){1, 2}, 2);
    add_all(&rows, 2, (const double[]){1.5, 3}, 2);
    add_all(&rows, 3, (const double[]){2.5, 4}, 2);
    add_all(&rows, 4, (const double[]){0.1, 0.1}, 2);
    rows_withdraw(&rows, 4, "a byte is wrong");
    struct ranking ranking = ranking_make(&findings, &fifty, PRICE_FLOORS);
    assert_int_equal(ranking.count, 4);
    assert_int_equal(ranking_first(&ranking), 2);
    assert_true(ranking_tells(&ranking, &names));
    assert_int_equal(ranking_last(&ranking), 1);
    ranking_add_names(&names, &findings, ranking.items, 3);
    assert_string_equal(names.chars, "first, second and third");
    text_free(&names);
    ranking_add_names(&names, &findings, ranking.items, 7); /* so many are not read */
    assert_string_equal(names.chars, "7 servers");
    text_free(&names);
    ranking_add_ends(&names, &findings, &ranking, "cheapest", "dearest", figure_add_number);
    assert_string_equal(names.chars,
                        "cheapest with first and second, 1.50 (this run cannot tell them apart), and dearest "
                        "with dear, 9.25");
    text_free(&names);
    ranking.count = 2;
    assert_false(ranking_tells(&ranking, &names));
    assert_string_equal(names.chars, "This run cannot tell the servers apart.");
    text_free(&names);
    free(ranking.items);
    rows_free(&rows);
}

/* Who cannot do the second thing is named, too; who is left out or wrong is not. */
static void who_pays_for_more(void **state)
{
    struct subject subjects[5] = {
        {.name = "pays"}, {.name = "first"}, {.name = "second"}, {.name = "full"}, {.name = "wrong"}};
    struct subjects all = {subjects, 5};
    struct rows rows = {0};
    const struct findings findings = {.rows = &rows, .subjects = &all};
    const struct change change = {&ten, PRICE_CPU, &fifty, PRICE_FLOORS};
    static const double floors[][2] = {{3, 3.2}, {1, 1.5}, {1.05, 1.06}};

    subjects[4].fault = memory_string("a byte is wrong");
    for (size_t i = 0; i < 5; i++)
        for (int round = 1; round <= 2; round++)
            rows_add(&rows, &(struct row){.setting = &ten, .subject = i, .round = round, .figures = {[PRICE_CPU] = 1}});
    for (size_t i = 0; i < 3; i++)
        add_all(&rows, i, floors[i], 2);
    for (size_t i = 3; i < 5; i++)
        rows_add(&rows, &(struct row){.setting = &fifty, .subject = i, .why_not = memory_string("it is full")});
    char *words = change_say(&findings, &change, "With more a message");
    assert_string_equal(words, "With more a message costs more: pays 3.1 times. With the others it costs the same. So "
                               "many are not served by full.");
    free(words);
    free(subjects[4].fault);
    rows_free(&rows);
}

static void is_every_row_in_the_file(void **state)
{
    static const char *const names[] = {"05-select", "python3 \"my, server.py\" {port}"};
    char folder[] = "/tmp/test_rows-XXXXXX";
    struct text path = {0};
    struct rows rows = {0};

    must(mkdtemp(folder) != NULL, "a folder");
    add(&rows, 0, 1, 1.5);
    rows_add(&rows, &(struct row){.setting = &fifty, .subject = 1, .round = 2, .why_not = memory_string("it crashed")});
    assert_true(rows_write(&rows, names, folder));
    text_add(&path, "%s/price.csv", folder);
    char *file = file_read(path.chars);
    assert_non_null(file);
    assert_non_null(strstr(file, "server,round,clients,bytes,rate,cpu_us,floors,"));
    assert_non_null(strstr(file, "\n\"05-select\",1,50,64,0,0,1.5,"));
    assert_non_null(strstr(file, "\n\"python3 \"\"my, server.py\"\" {port}\",2,0,64,0,,,,,,,,,,,,,\"it crashed\"\n"));
    free(file);
    text_free(&path);
    rows_free(&rows);
    for (int question = 0; question < QUESTIONS; question++) {
        text_add(&path, "%s/%s.csv", folder, rows_title((enum question)question));
        must(remove(path.chars) == 0, "a file of each question");
        text_free(&path);
    }
    must(rmdir(folder) == 0, "nothing else");
}

static void how_are_figures_written(void **state)
{
    struct text text = {0};

    figure_add_time(&text, 4.708);
    text_add(&text, "|");
    figure_add_time(&text, 233.4);
    text_add(&text, "|");
    figure_add_time(&text, 999.9);
    text_add(&text, "|");
    figure_add_time(&text, 1.2e6);
    text_add(&text, "|");
    figure_add_number(&text, 9.999);
    text_add(&text, "|");
    figure_add_number(&text, 89538.7);
    text_add(&text, "|");
    figure_add_number(&text, 999.9);
    text_add(&text, "|");
    figure_add_memory(&text, 2048);
    text_add(&text, "|");
    figure_add_share(&text, 0.034);
    text_add(&text, "|");
    figure_add_share(&text, 0.954);
    text_add(&text, "|");
    figure_add_spread(&text, (struct summary){1.45, 1.411, 1.523, 3});
    assert_string_equal(text.chars,
                        "4.71 us|233 us|1.00 ms|1.20 s|10.0|89,539|1,000|2.00 MiB|3.4 %|95 %|1.45 (1.41-1.52)");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_median),
        cmocka_unit_test(what_if_there_is_no_figure),
        cmocka_unit_test(who_is_equal),
        cmocka_unit_test(who_comes_first),
        cmocka_unit_test(who_pays_for_more),
        cmocka_unit_test(is_every_row_in_the_file),
        cmocka_unit_test(how_are_figures_written),
    };

    unit_begin();
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
