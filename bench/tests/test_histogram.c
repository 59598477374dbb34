/* test_histogram - are many times told as they were, to about 3 %? */
#include "unit/unit.h"

#include <stdlib.h>

#include "load/histogram.h"

static const double parts[] = {0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1};

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Of all magnitudes: from nanoseconds to minutes. */
static void are_quantiles_right(void **state)
{
    enum { COUNT = 20000 };
    struct histogram *histogram = calloc(1, sizeof *histogram);
    uint64_t *times = calloc(COUNT, sizeof times[0]), noise = 1;

    assert_non_null(histogram);
    assert_non_null(times);
    for (size_t i = 0; i < COUNT; i++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        times[i] = noise >> (24 + i % 40);
        histogram_add(histogram, times[i]);
    }
    qsort(times, COUNT, sizeof times[0], compare);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const double is = (double)histogram_quantile(histogram, parts[i]);
        const double should_be = (double)times[(size_t)(parts[i] * COUNT) - 1];
        if (is < should_be || is > should_be * (1 + 1.0 / HISTOGRAM_STEPS))
            fail_msg("%.3f of all times are within %.0f ns, and it says %.0f ns.", parts[i], should_be, is);
    }
    free(times);
    free(histogram);
}

/* What if there is only one, or none? */
static void what_if_there_are_few(void **state)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);

    assert_non_null(histogram);
    assert_int_equal(histogram_quantile(histogram, 0.5), 0);
    histogram_add(histogram, 1234567);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_int_equal(histogram_quantile(histogram, parts[i]), 1234567);
    assert_int_equal(histogram->total, 1);
    free(histogram);
}

/* Short times are told exactly, and one that is longer than all buckets is not lost. */
static void what_is_at_both_ends(void **state)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);

    assert_non_null(histogram);
    histogram_add(histogram, 0);
    for (uint64_t time = 1; time < HISTOGRAM_EXACT; time++)
        histogram_add(histogram, time);
    assert_int_equal(histogram_quantile(histogram, 0.5), HISTOGRAM_STEPS - 1);
    histogram_add(histogram, UINT64_MAX);
    assert_true(histogram->longest == UINT64_MAX);
    assert_int_equal(histogram->total, HISTOGRAM_EXACT + 1);
    assert_int_equal(histogram->counts[HISTOGRAM_BUCKETS - 1], 1);
    free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_quantiles_right),
        cmocka_unit_test(what_if_there_are_few),
        cmocka_unit_test(what_is_at_both_ends),
    };

    unit_begin();
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
