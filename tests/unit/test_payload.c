/* test_payload - are the bytes that are described the same ones whenever they are made, and readable in messages? */
#include "unit.h"

#include <stdbool.h>

#include "player/payload.h"
#include "player/text.h"

static void test_seeded_bytes(void **state)
{
    struct payload payload = {0};
    char first[4096], again[4096];
    bool seen[256] = {false};

    payload_add(&payload, (struct payload_part){.size = 3, .text = "abc"});
    payload_add(&payload, (struct payload_part){.size = 4093, .seed = 42});
    payload_read(&payload, 0, first, sizeof first);
    assert_memory_equal(first, "abc", 3);
    for (int i = 3; i < 3 + 256; i++)
        seen[(unsigned char)first[i]] = true;
    for (int i = 0; i < 256; i++)
        assert_true(seen[i]);
    for (size_t start = 0; start < sizeof again; start += 7) { /* from anywhere, in any portions */
        payload_read(&payload, start, again, sizeof again - start);
        assert_memory_equal(again, first + start, sizeof again - start);
    }
    assert_int_equal(payload_compare(&payload, 0, false, first, sizeof first, NULL), sizeof first);
    first[4000] ^= 1;
    assert_int_equal(payload_compare(&payload, 0, false, first, sizeof first, NULL), 4000);
    payload_free(&payload);
}

static void test_echo_payload(void **state)
{
    struct payload said = {0}, echo = {0};
    char bytes[5];

    payload_add(&said, (struct payload_part){.size = 5, .text = "hello"});
    payload_add(&echo, (struct payload_part){.size = 2, .echo = &said, .echo_start = 1});
    payload_add(&echo, (struct payload_part){.size = 2, .echo = &said, .echo_start = 3});
    assert_int_equal(echo.count, 1);
    assert_int_equal(echo.total, 4);
    payload_read(&echo, 0, bytes, 4);
    assert_memory_equal(bytes, "ELLO", 4);
    assert_int_equal(payload_compare(&said, 1, true, "ELLO", 4, NULL), 4);
    payload_free(&said);
    payload_free(&echo);
}

static void test_bytes_in_words(void **state)
{
    struct text text = {0};

    text_add_bytes(&text,
                   "a\"\\\n\0"
                   "1\xff",
                   7, 100);
    text_add_bytes(&text, "abcdef", 6, 3);
    text_add_byte(&text, 'A');
    text_add_byte(&text, 0);
    assert_string_equal(text.chars, "\"a\\\"\\\\\\n\\0001\\377\"\"abc\"...'A'0x00");
    text_free(&text);
}

static void test_times_in_words(void **state)
{
    static const struct {
        uint64_t nanoseconds;
        const char *exact, *brief;
    } times[] = {
        {0, "0.00 ms", "0.0 ms"},          {999999, "1.00 ms", "1.0 ms"},  {1234567, "1.2 ms", "1.2 ms"},
        {9950000, "9.9 ms", "10 ms"},      {12345678, "12.3 ms", "12 ms"}, {99500000, "99.5 ms", "0.10 s"},
        {123456789, "123 ms", "0.12 s"},   {995000000, "995 ms", "1.0 s"}, {1234567890, "1235 ms", "1.2 s"},
        {10000000000, "10.0 s", "10.0 s"},
    };

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct text text = {0};
        text_add_time(&text, times[i].nanoseconds, TIME_EXACT);
        assert_string_equal(text.chars, times[i].exact);
        text_free(&text);
        text_add_time(&text, times[i].nanoseconds, TIME_SHORT);
        assert_string_equal(text.chars, times[i].brief);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeded_bytes),
        cmocka_unit_test(test_echo_payload),
        cmocka_unit_test(test_bytes_in_words),
        cmocka_unit_test(test_times_in_words),
    };

    unit_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
