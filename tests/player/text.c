/* text - see text.h */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void make_room(struct text *text, size_t more)
{
    if (text->room - text->length > more)
        return;
    text->room = (text->length + more + 1) * 2;
    text->chars = memory_resized(text->chars, text->room);
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return; /* not with the formats of this suite: no wide characters, nothing near INT_MAX */

    make_room(text, (size_t)length);
    va_start(arguments, format);
    vsnprintf(text->chars + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

static void add_escaped(struct text *text, unsigned char byte)
{
    static const char named[] = "\n\t\r\"\\";
    static const char names[] = "ntr\"\\";
    const char *found = byte != '\0' ? strchr(named, byte) : NULL;

    if (found != NULL)
        text_add(text, "\\%c", names[found - named]);
    else if (byte >= ' ' && byte < 0x7f)
        text_add(text, "%c", byte);
    else
        text_add(text, "\\%03o", byte); /* three octal digits always: a digit may follow */
}

void text_add_bytes(struct text *text, const char *bytes, size_t size, size_t max)
{
    text_add(text, "\"");
    for (size_t i = 0; i < size && i < max; i++)
        add_escaped(text, (unsigned char)bytes[i]);
    text_add(text, size > max ? "\"..." : "\"");
}

void text_add_byte(struct text *text, unsigned char byte)
{
    if (byte >= ' ' && byte < 0x7f)
        text_add(text, "'%c'", byte);
    else
        text_add(text, "0x%02x", byte);
}

void text_add_quoted(struct text *text, const char *word)
{
    text_add(text, "'");
    for (; *word != '\0'; word++)
        text_add(text, *word == '\'' ? "'\\''" : "%c", *word);
    text_add(text, "'");
}

void text_add_time(struct text *text, uint64_t nanoseconds, enum time_detail detail)
{
    static const struct {
        double below; /* milliseconds */
        int decimals;
        bool in_seconds;
    } forms[][4] = {
        [TIME_EXACT] = {{1, 2, false}, {100, 1, false}, {10000, 0, false}, {INFINITY, 1, true}},
        [TIME_SHORT] = {{9.95, 1, false}, {99.5, 0, false}, {995, 2, true}, {INFINITY, 1, true}},
    };
    const double milliseconds = (double)nanoseconds / 1e6;
    size_t i = 0;

    while (milliseconds >= forms[detail][i].below)
        i++;
    if (forms[detail][i].in_seconds)
        text_add(text, "%.*f s", forms[detail][i].decimals, milliseconds / 1000);
    else
        text_add(text, "%.*f ms", forms[detail][i].decimals, milliseconds);
}

char *text_take(struct text *text)
{
    char *chars = text->chars != NULL ? text->chars : memory_string("");

    *text = (struct text){0};
    return chars;
}

void text_free(struct text *text)
{
    free(text->chars);
    *text = (struct text){0};
}
