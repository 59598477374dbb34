/* histogram - see histogram.h */
#include "histogram.h"

#include <math.h>
#include <stddef.h>

/* Below EXACT a bucket is one nanosecond wide; from there on its width doubles every STEPS buckets. */
static size_t bucket_of(uint64_t nanoseconds)
{
    unsigned doublings = 0;

    while (nanoseconds >> doublings >= HISTOGRAM_EXACT)
        doublings++;
    const size_t bucket = (size_t)doublings * HISTOGRAM_STEPS + (size_t)(nanoseconds >> doublings);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The last nanosecond that belongs to it. */
static uint64_t upper_end(size_t bucket)
{
    if (bucket < HISTOGRAM_EXACT)
        return bucket;
    const size_t doublings = bucket / HISTOGRAM_STEPS - 1;
    return (((uint64_t)(bucket % HISTOGRAM_STEPS) + HISTOGRAM_STEPS + 1) << doublings) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
    histogram->counts[bucket_of(nanoseconds)]++;
    histogram->total++;
    if (nanoseconds > histogram->longest)
        histogram->longest = nanoseconds;
}

uint64_t histogram_quantile(const struct histogram *histogram, double part)
{
    const uint64_t wanted = (uint64_t)ceil(part * (double)histogram->total);
    uint64_t seen = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted && seen > 0)
            return upper_end(i) < histogram->longest ? upper_end(i) : histogram->longest;
    }
    return 0;
}
