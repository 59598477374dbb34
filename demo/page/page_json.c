/* page_json - see page_json.h */
#include "page_json.h"

#include "player/memory.h"
#include "player/text.h"

enum {
    LONGEST_CHARACTER = 4, /* bytes, in UTF-8 (RFC 3629) */
    DIGITS = 15 /* a double holds so many: a week in microseconds, with three decimals */
};

static void *allocate(size_t size)
{
    return memory_resized(NULL, size);
}

void page_json_begin(void)
{
    json_set_alloc_funcs(allocate, free);
}

/* How many bytes the character at `text` has; 0: it is none. */
static size_t character_length(const char *text)
{
    for (size_t length = 1; length <= LONGEST_CHARACTER && text[length - 1] != '\0'; length++) {
        json_t *character = json_stringn(text, length);
        json_decref(character);
        if (character != NULL)
            return length;
    }
    return 0;
}

json_t *page_json_text(const char *text)
{
    struct text readable = {0};

    if (text == NULL)
        return json_null();
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    while (*text != '\0') {
        const size_t length = character_length(text);
        if (length > 0)
            text_add(&readable, "%.*s", (int)length, text);
        else
            text_add(&readable, "\uFFFD");
        text += length > 0 ? length : 1;
    }
    string = json_string(readable.chars);
    text_free(&readable);
    return string;
}

/* In a script element "</script" and "<!--" mean something, whatever stands around them. */
static int write_piece(const char *piece, size_t size, void *data)
{
    for (size_t i = 0; i < size; i++)
        if (piece[i] == '<')
            fputs("\\u003c", data);
        else
            putc(piece[i], data);
    return 0;
}

void page_json_write(json_t *value, FILE *file)
{
    json_dump_callback(value, write_piece, file, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    json_decref(value);
}
