/* words - see words.h */
#include "words.h"

#include <stdio.h>
#include <string.h>

void words_add_count(struct text *text, long count)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%ld", count);
    const size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++)
        text_add(text, "%c%s", digits[i], (length - i) % 3 == 1 && i + 1 < length && digits[i] != '-' ? "," : "");
}

void words_add_rough(struct text *text, long count)
{
    long unit = 1;

    while (count / unit >= 100)
        unit *= 10;
    words_add_count(text, count / unit * unit);
}

void words_add_memory(struct text *text, long kib)
{
    if (kib < 1024)
        text_add(text, "%ld KiB", kib);
    else
        text_add(text, "%.1f MiB", (double)kib / 1024);
}

void words_add_share(struct text *text, double share)
{
    text_add(text, share < 0.095 && share >= 0.0005 ? "%.1f %%" : "%.0f %%", share * 100);
}
