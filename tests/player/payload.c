/* payload - see payload.h */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "upper.h"

enum { SHOWN = 60 /* bytes in a message */ };

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

static void read_cased(const struct payload *payload, size_t place, bool in_upper_case, char *buffer, size_t size)
{
    payload_read(payload, place, buffer, size);
    if (in_upper_case)
        upper(buffer, size);
}

/* How many of these bytes, which all exist, are right? */
static size_t count_right(const struct payload *payload, size_t place, bool in_upper_case, const char *came,
                          size_t size)
{
    char due[4096] = {0};
    size_t done = 0;
    size_t same = 0;

    for (size_t now = 0; done < size && same == now; done += same) {
        now = size - done < sizeof due ? size - done : sizeof due;
        read_cased(payload, place + done, in_upper_case, due, now);
        same = first_difference(due, came + done, now);
    }
    return done;
}

size_t payload_compare(const struct payload *payload, size_t place, bool in_upper_case, const char *came, size_t size,
                       struct wrong_byte *wrong)
{
    const size_t left = payload->total - place;
    const size_t right = count_right(payload, place, in_upper_case, came, size < left ? size : left);
    char due = '\0';

    if (right == size || wrong == NULL)
        return right;
    if (right < left)
        read_cased(payload, place + right, in_upper_case, &due, 1);
    *wrong = (struct wrong_byte){place + right, right == left, (unsigned char)due, (unsigned char)came[right]};
    return right;
}

void payload_free(struct payload *payload)
{
    free(payload->parts);
    *payload = (struct payload){0};
}

/* ---- What comes ---- */

size_t incoming_add(struct incoming *incoming, const char *bytes, size_t size)
{
    const size_t right =
        payload_compare(incoming->due, incoming->received, incoming->in_upper_case, bytes, size, &incoming->wrong);

    incoming->is_wrong = right < size;
    incoming->received += right;
    return right;
}

size_t incoming_unexpected(const struct incoming *incoming)
{
    return incoming->received - incoming->expected;
}

bool incoming_is(const struct incoming *incoming, const char *bytes, size_t size)
{
    return payload_compare(incoming->due, incoming->expected, incoming->in_upper_case, bytes, size, NULL) == size;
}

bool incoming_expect(struct incoming *incoming, size_t size)
{
    if (incoming_unexpected(incoming) < size)
        return false;
    incoming->expected += size;
    return true;
}

void incoming_describe(const struct incoming *incoming, struct text *text)
{
    char bytes[SHOWN + 1]; /* one more than is shown: then "..." says that there are more */
    const size_t size = incoming_unexpected(incoming);
    const size_t read = size < sizeof bytes ? size : sizeof bytes;

    if (size == 0) {
        text_add(text, "nothing");
        return;
    }
    read_cased(incoming->due, incoming->expected, incoming->in_upper_case, bytes, read);
    text_add(text, "%zu byte%s: ", size, size == 1 ? "" : "s");
    text_add_bytes(text, bytes, read, SHOWN);
}

void incoming_describe_wrong(const struct incoming *incoming, const char *whole, struct text *text)
{
    const struct wrong_byte *wrong = &incoming->wrong;

    if (wrong->is_too_much) {
        text_add(text, "%s should end after %zu byte%s, but ", whole, wrong->at, wrong->at == 1 ? "" : "s");
        text_add_byte(text, wrong->is);
        text_add(text, " follows");
        return;
    }
    text_add(text, "byte %zu of %s should be ", wrong->at, whole);
    text_add_byte(text, wrong->should_be);
    text_add(text, " and is ");
    text_add_byte(text, wrong->is);
}
