/* page_json - what page and trace need around jansson, whose values they are made of: any text, and JSON inside HTML. */
#ifndef PAGE_JSON_H
#define PAGE_JSON_H

#include <jansson.h>
#include <stdio.h>

/* To be called before the first value is made: out of memory, jansson ends the program then, as memory.h does. */
void page_json_begin(void);

/*
 * A string; null for NULL. Any bytes will do: where they are not UTF-8, which is all that jansson takes, each byte that
 * cannot be read becomes U+FFFD.
 */
json_t *page_json_text(const char *text);

/*
 * Writes `value` into `file`, and frees it. No "<" is written, so that it may stand inside an HTML <script> element.
 * Whether all of it could be written, ferror() and fclose() tell.
 */
void page_json_write(json_t *value, FILE *file);

#endif
