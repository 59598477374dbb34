/* json - see json.h */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void begin_value(struct json *json)
{
    if (json->has_before)
        putc(',', json->file);
    json->has_before = true;
}

void json_open(struct json *json, char bracket)
{
    begin_value(json);
    putc(bracket, json->file);
    json->has_before = false;
}

void json_close(struct json *json, char bracket)
{
    putc(bracket, json->file);
    json->has_before = true;
}

struct json *json_key(struct json *json, const char *key)
{
    json_text(json, key);
    putc(':', json->file);
    json->has_before = false;
    return json;
}

/* How many bytes a UTF-8 character has that begins with `first`, or 0 if none does. */
static size_t length_from(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/*
 * How many bytes the UTF-8 character at `text` has, or 0 if there is none: a stray or a missing byte, more bytes than
 * needed, half of a surrogate pair, or beyond U+10FFFF (the table in RFC 3629, 4). Reads no further than the NUL.
 */
static size_t character_length(const unsigned char *text)
{
    const size_t length = length_from(text[0]);
    const unsigned char least = text[0] == 0xE0 ? 0xA0 : text[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = text[0] == 0xED ? 0x9F : text[0] == 0xF4 ? 0x8F : 0xBF;

    if (length >= 2 && (text[1] < least || text[1] > most))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

/* In an HTML script element "</script" and "<!--" mean something, whatever stands around them. */
static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\' || byte == '<';
}

/* One character of a string, or one byte that is none. Returns how many bytes it was. */
static size_t write_character(FILE *file, const unsigned char *text)
{
    const size_t length = character_length(text);

    if (length == 0)
        fputs("\xEF\xBF\xBD", file); /* U+FFFD, "replacement character" */
    else if (needs_escape(text[0]))
        fprintf(file, "\\u%04x", text[0]);
    else
        (void)fwrite(text, 1, length, file);
    return length > 0 ? length : 1;
}

void json_text(struct json *json, const char *text)
{
    if (text == NULL) {
        json_null(json);
        return;
    }
    begin_value(json);
    putc('"', json->file);
    for (const unsigned char *next = (const unsigned char *)text; *next != '\0';)
        next += write_character(json->file, next);
    putc('"', json->file);
}

void json_number(struct json *json, int64_t number)
{
    begin_value(json);
    fprintf(json->file, "%" PRId64, number);
}

void json_real(struct json *json, double number, int decimals)
{
    if (!isfinite(number)) {
        json_null(json);
        return;
    }
    begin_value(json);
    fprintf(json->file, "%.*f", decimals, number);
}

void json_bool(struct json *json, bool value)
{
    begin_value(json);
    fputs(value ? "true" : "false", json->file);
}

void json_null(struct json *json)
{
    begin_value(json);
    fputs("null", json->file);
}

void json_microseconds(struct json *json, uint64_t nanoseconds)
{
    begin_value(json);
    fprintf(json->file, "%" PRIu64 ".%03u", nanoseconds / 1000, (unsigned)(nanoseconds % 1000));
}
