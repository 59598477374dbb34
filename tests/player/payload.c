/* payload - see payload.h */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "upper.h"

static bool goes_on(const struct payload_part *last, const struct payload_part *next)
{
    return next->echo != NULL && last->echo == next->echo && last->echo_start + last->size == next->echo_start;
}

void payload_add(struct payload *payload, struct payload_part part)
{
    if (part.size == 0)
        return;
    part.start = payload->total;
    payload->total += part.size;
    if (payload->count > 0 && goes_on(&payload->parts[payload->count - 1], &part)) {
        payload->parts[payload->count - 1].size += part.size;
        return;
    }
    payload->parts = memory_grown(payload->parts, payload->count, sizeof payload->parts[0]);
    payload->parts[payload->count++] = part;
}

const struct payload_part *payload_part_at(const struct payload *payload, size_t place)
{
    size_t low = 0;
    size_t high = payload->count;

    while (high - low > 1) { /* the part is one of low..high-1 */
        const size_t middle = low + (high - low) / 2;
        if (payload->parts[middle].start <= place)
            low = middle;
        else
            high = middle;
    }
    return &payload->parts[low];
}

/* splitmix64: a number's well mixed successor; any place can be computed without those before it. */
static uint64_t noise(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void read_seeded(uint64_t seed, size_t place, char *buffer, size_t size)
{
    const uint64_t order = noise(seed, UINT64_MAX); /* an odd factor makes i * factor + start reach every value once */
    const size_t end = place + size;
    uint64_t word = noise(seed, place / 8);

    for (; place < end && place < 256; place++)
        *buffer++ = (char)(unsigned char)(place * (order | 1) + (order >> 8));
    for (; place < end; place++) {
        if (place % 8 == 0)
            word = noise(seed, place / 8);
        *buffer++ = (char)(unsigned char)(word >> place % 8 * 8);
    }
}

static void read_part(const struct payload_part *part, size_t offset, char *buffer, size_t size)
{
    if (part->text != NULL) {
        memcpy(buffer, part->text + offset, size);
    } else if (part->echo != NULL) {
        payload_read(part->echo, part->echo_start + offset, buffer, size);
        upper(buffer, size);
    } else {
        read_seeded(part->seed, offset, buffer, size);
    }
}

void payload_read(const struct payload *payload, size_t place, char *buffer, size_t size)
{
    while (size > 0) {
        const struct payload_part *part = payload_part_at(payload, place);
        const size_t offset = place - part->start;
        const size_t here = size < part->size - offset ? size : part->size - offset;

        read_part(part, offset, buffer, here);
        place += here;
        buffer += here;
        size -= here;
    }
}

static size_t first_difference(const char *a, const char *b, size_t size)
{
    size_t i = 0;

    if (memcmp(a, b, size) == 0)
        return size;
    while (a[i] == b[i])
        i++;
    return i;
}

size_t payload_compare(const struct payload *payload, size_t place, bool in_upper_case, const char *came, size_t size)
{
    char due[4096] = {0};

    for (size_t done = 0; done < size;) {
        const size_t now = size - done < sizeof due ? size - done : sizeof due;

        payload_read(payload, place + done, due, now);
        if (in_upper_case)
            upper(due, now);
        const size_t same = first_difference(due, came + done, now);
        done += same;
        if (same != now)
            return done;
    }
    return size;
}

void payload_free(struct payload *payload)
{
    free(payload->parts);
    *payload = (struct payload){0};
}
