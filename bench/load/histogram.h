/*
 * histogram - many times, kept in little room: how many there were of each length, to about 3 %.
 *
 * Its buckets grow with what they hold: 32 of equal width for each doubling ("log-linear", as HdrHistogram has them), so that a
 * microsecond and a minute are told equally well. Times are nanoseconds; what is longer than half an hour counts as that.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_STEPS = 32,
    HISTOGRAM_EXACT = 2 * HISTOGRAM_STEPS, /* shorter times have a bucket each */
    HISTOGRAM_BUCKETS = 37 * HISTOGRAM_STEPS
};

/* Starts as {0}: empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total; /* how many times it holds */
    uint64_t longest;
};

/* Adds one. */
void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/*
 * The time within which a part of all was over: 0.5 for the median, 0.99 for the wait that one in a hundred exceeds. It is
 * the upper end of its bucket, but never more than the longest. 0 if there is none.
 */
uint64_t histogram_quantile(const struct histogram *histogram, double part);

#endif
