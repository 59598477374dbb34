/*
 * json - writes JSON (RFC 8259) into a file, value by value; the commas come by themselves.
 *
 * What it writes may stand inside an HTML <script> element, too: no "<" appears in it.
 *
 *     struct json json = {.file = file};
 *     json_open(&json, '{');
 *     json_open(json_key(&json, "names"), '[');
 *     json_text(&json, "A");
 *     json_close(&json, ']');
 *     json_close(&json, '}');                     {"names":["A"]}
 *
 * Nothing here fails: whether all of it could be written, ferror() and fclose() tell.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A place in a text that is being written. Starts with its file and everything else zero. */
struct json {
    FILE *file; /* the caller's */
    bool has_before; /* a sibling stands before what comes next: a comma goes between */
};

/* Begins an object or a list: `bracket` is '{' or '['. */
void json_open(struct json *json, char bracket);

/* Ends what json_open() began: `bracket` is '}' or ']'. */
void json_close(struct json *json, char bracket);

/* The name of the next value, in an object. Returns `json`, for that value. */
struct json *json_key(struct json *json, const char *key);

/*
 * A string. NULL is written as null. Any bytes will do: what is not UTF-8 (RFC 3629) becomes U+FFFD, one for each byte
 * that cannot be read.
 */
void json_text(struct json *json, const char *text);

/* A whole number. */
void json_number(struct json *json, int64_t number);

/* A number with `decimals` places, at most 9. What JSON has no word for (infinity, not a number) is null. */
void json_real(struct json *json, double number, int decimals);

void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* A time given in nanoseconds, in microseconds with three decimals: exactly. */
void json_microseconds(struct json *json, uint64_t nanoseconds);

#endif
