/* test_upper - does the job change a to z, and nothing else? */
#include "unit.h"

#include <locale.h>
#include <stdbool.h>

#include "upper.h"

enum { BYTES = 256 };

/* Compares with a table that is made without any of the C library's ideas about letters. */
static void assert_all_bytes(void)
{
    char bytes[BYTES];

    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)i;
    upper(bytes, sizeof bytes);
    for (int i = 0; i < BYTES; i++) {
        const int expected = i >= 0x61 && i <= 0x7a ? i - 0x20 : i;
        if ((unsigned char)bytes[i] != expected)
            fail_msg("byte 0x%02x must become 0x%02x, but became 0x%02x", (unsigned)i, (unsigned)expected,
                     (unsigned)(unsigned char)bytes[i]);
    }
}

static void is_each_of_the_256_bytes_right(void **state)
{
    assert_all_bytes();
}

/* What if there are no bytes, or others behind them? */
static void are_the_bytes_around_left_alone(void **state)
{
    char bytes[] = "abcdef";

    upper(bytes + 2, 0);
    assert_text("upper() of no bytes", "the text", bytes, "abcdef");
    upper(bytes + 2, 2);
    assert_text("upper() of two bytes", "the text", bytes, "abCDef");
}

/* A NUL ends a string, but no message. */
static void what_if_there_is_a_nul_between(void **state)
{
    char bytes[] = "ab\0cd";

    upper(bytes, sizeof bytes);
    assert_memory_equal(bytes, "AB\0CD", sizeof bytes);
}

/* What if the text is UTF-8? Its bytes outside ASCII are not letters to us: "ä" stays. */
static void what_if_the_text_is_utf_8(void **state)
{
    char bytes[] = "stra\xc3\x9f"
                   "e \xc3\xa4";

    upper(bytes, sizeof bytes);
    assert_string_equal(bytes, "STRA\xc3\x9f"
                               "E \xc3\xa4");
}

/* What if the locale has more letters, such as the 0xe4 of ISO-8859-1, or a dotted capital I, as Turkish does? */
static void does_the_locale_change_nothing(void **state)
{
    static const char *const locales[] = {"de_DE.ISO-8859-1", "de_DE.ISO8859-1", "de_DE",       "tr_TR.ISO-8859-9",
                                          "tr_TR.ISO8859-9",  "tr_TR",           "tr_TR.UTF-8", "C.UTF-8"};
    bool any = false;

    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        any = true;
        assert_all_bytes();
    }
    (void)setlocale(LC_ALL, "C");
    if (!any) {
        print_message("skipped: no locale but C is installed\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_each_of_the_256_bytes_right), cmocka_unit_test(are_the_bytes_around_left_alone),
        cmocka_unit_test(what_if_there_is_a_nul_between), cmocka_unit_test(what_if_the_text_is_utf_8),
        cmocka_unit_test(does_the_locale_change_nothing),
    };

    unit_begin();
    return cmocka_run_group_tests_name("upper", tests, NULL, NULL);
}
