/*
 * payload - the bytes that one side of a conversation sends, described instead of stored.
 *
 * So 64 MiB that are sent, come back and are compared need no memory: the bytes at any place can be made again whenever they
 * are needed, to be sent or to be compared.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* One run of bytes within a payload. Exactly one of: a text, the echo of another payload, or seeded bytes. */
struct payload_part {
    size_t start; /* its place in the payload; payload_add() sets it */
    size_t size;
    const char *text; /* not NULL: these bytes; they must outlive the payload */
    const struct payload *echo; /* not NULL: bytes of that payload from `echo_start` on, in upper case */
    size_t echo_start;
    uint64_t seed; /* otherwise: bytes that follow from this number, see payload_read() */
    size_t piece; /* to be sent in pieces of so many bytes; 0: as it comes */
    uint64_t every_ms; /* pause between pieces */
};

/* Starts as {0}: nothing. */
struct payload {
    struct payload_part *parts;
    size_t count;
    size_t total; /* bytes in all parts */
};

/* Appends a copy of `part`. Parts without bytes are left out; an echo that goes on where the last one ended is joined. */
void payload_add(struct payload *payload, struct payload_part part);

/* The part in which the byte at `place` (less than the total) is. */
const struct payload_part *payload_part_at(const struct payload *payload, size_t place);

/*
 * Writes `size` bytes from `place` on into `buffer`; all of them must exist. Seeded bytes are the same on every run: the
 * first 256 are every byte value once, in an order that the seed decides; the rest is noise, so that bytes that are lost,
 * doubled or swapped do not look right by chance.
 */
void payload_read(const struct payload *payload, size_t place, char *buffer, size_t size);

/* The first byte that is not as it should be. */
struct wrong_byte {
    size_t at; /* its place in the payload */
    bool is_too_much; /* the payload ends before it; otherwise: */
    unsigned char should_be;
    unsigned char is;
};

/*
 * Compares `size` bytes that came with those from `place` on, in upper case if `in_upper_case`. Returns how many are right:
 * `size`, or less and the first one that is not in `*wrong` (if it is not NULL).
 */
size_t payload_compare(const struct payload *payload, size_t place, bool in_upper_case, const char *came, size_t size,
                       struct wrong_byte *wrong);

/* Frees the parts; the payload is empty again. */
void payload_free(struct payload *payload);

/* What has come to us so far, and what is due. */
struct incoming {
    const struct payload *due; /* may grow */
    bool in_upper_case; /* what is due comes in upper case */
    size_t received; /* bytes that are right */
    size_t expected; /* of these, those that a step has expected */
    bool is_wrong;
    struct wrong_byte wrong; /* then: the first one */
};

/* More bytes have come. Returns how many of them are right; the rest does not count. */
size_t incoming_add(struct incoming *incoming, const char *bytes, size_t size);

/* How many bytes has no step expected yet? */
size_t incoming_unexpected(const struct incoming *incoming);

/* Are the next bytes these? So many must have come. */
bool incoming_is(const struct incoming *incoming, const char *bytes, size_t size);

/* A step expects the next `size` bytes. Returns false as long as fewer have come. */
bool incoming_expect(struct incoming *incoming, size_t size);

/* Appends what no step has expected, for a message: "3 bytes: \"HEL\"", or "nothing". Shows the first bytes only. */
void incoming_describe(const struct incoming *incoming, struct text *text);

/* Appends what is wrong: "byte 7 of the answer should be 'A' and is 0x00"; `whole` is "the answer". */
void incoming_describe_wrong(const struct incoming *incoming, const char *whole, struct text *text);

#endif
