/* text - strings that grow, and bytes and times made readable: what messages are made of. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A string that grows. Starts as {0}; `chars` is NULL as long as nothing was added, then NUL-terminated. */
struct text {
    char *chars;
    size_t length;
    size_t room;
};

/* Appends as printf() would write it. */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Appends `size` bytes as a C string literal with its quotes: "HELLO\n\0". Shows at most `max` of them, then "..." after
 * the closing quote.
 */
void text_add_bytes(struct text *text, const char *bytes, size_t size, size_t max);

/* Appends one byte: 'A' if it can be printed, otherwise 0x00. */
void text_add_byte(struct text *text, unsigned char byte);

/* Appends `word` so that a shell reads it as one word, whatever is in it. */
void text_add_quoted(struct text *text, const char *word);

enum time_detail {
    TIME_EXACT, /* "0.04 ms", "12.3 ms", "400 ms", "10.0 s" */
    TIME_SHORT /* "0.0 ms", "12 ms", "0.40 s", "10.0 s" */
};

/* Appends a time given in nanoseconds. */
void text_add_time(struct text *text, uint64_t nanoseconds, enum time_detail detail);

/* The string, the caller's to free(); never NULL. `text` is empty again. */
char *text_take(struct text *text);

/* Frees the string; `text` is empty again. */
void text_free(struct text *text);

#endif
