/* figure - see figure.h */
#include "figure.h"

#include <math.h>

/* So many digits behind the point that three count. */
static int digits_behind(double number)
{
    const double size = fabs(number);

    return size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

static void add_with_unit(struct text *text, double number, const char *unit)
{
    text_add(text, "%.*f %s", digits_behind(number), number, unit);
}

void figure_add_time(struct text *text, double microseconds)
{
    if (microseconds < 999.5)
        add_with_unit(text, microseconds, "us");
    else if (microseconds < 999.5e3)
        add_with_unit(text, microseconds / 1e3, "ms");
    else
        add_with_unit(text, microseconds / 1e6, "s");
}

void figure_add_memory(struct text *text, double kib)
{
    if (kib <= 0)
        return;
    if (kib < 999.5)
        add_with_unit(text, kib, "KiB");
    else
        add_with_unit(text, kib / 1024, "MiB");
}

void figure_add_number(struct text *text, double number)
{
    if (number < 999.5)
        text_add(text, "%.*f", digits_behind(number), number);
    else if (number < 999999.5)
        text_add(text, "%d,%03d", (int)(number + 0.5) / 1000, (int)(number + 0.5) % 1000);
    else
        add_with_unit(text, number / 1e6, "million");
}

void figure_add_count(struct text *text, double count)
{
    if (count < 999.5)
        text_add(text, "%.0f", count);
    else
        figure_add_number(text, count);
}

void figure_add_share(struct text *text, double share)
{
    text_add(text, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
}

void figure_add_spread(struct text *text, struct summary summary)
{
    const int digits = digits_behind(summary.median);

    figure_add_number(text, summary.median);
    if (summary.rounds > 1)
        text_add(text, " (%.*f-%.*f)", digits, summary.low, digits, summary.high);
}
