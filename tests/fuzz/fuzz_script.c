/*
 * fuzz_script - what if a script is anything at all? Either it is read, and then its parts fit together, or there is a message
 * that begins with its path. A program for clang's libFuzzer, which also sees memory errors and leaks; see fuzz.sh.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "player/script.h"

static const char path[] = "tests/scripts/x.script";

static void must_hold(int holds)
{
    if (!holds)
        abort();
}

static void check_step(const struct script *script, const struct step *step)
{
    must_hold(step->line >= 1 && step->line <= script->line_count);
    must_hold(step->actor >= 0 && step->actor < script->actor_count);
    must_hold(step->phase >= 0 && step->phase < script->phase_count);
    must_hold(step->verb != NULL && strcmp(step->text, script->lines[step->line - 1]) == 0);
}

static void read_as(enum script_kind kind, const char *source)
{
    char error[200] = "";
    struct script *script = script_parse(path, kind, source, error, sizeof error);

    must_hold((script == NULL) == (strncmp(error, path, sizeof path - 1) == 0));
    for (int i = 0; script != NULL && i < script->step_count; i++)
        check_step(script, &script->steps[i]);
    script_free(script);
}

/* Hundreds of clients and of repetitions are right, but reading them takes long and shows nothing new: two digits must do. */
static void shorten_numbers(char *source, const char *phrase, const char *skipped)
{
    for (char *at = source; (at = strstr(at, phrase)) != NULL;) {
        at += strlen(phrase);
        at += strspn(at, skipped);
        const size_t digits = strspn(at, "0123456789");
        if (digits == 3 || digits == 4) /* more are too many, anyhow */
            memmove(at + 2, at + digits, strlen(at + digits) + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *source = memory_zeroed(size + 1, 1);

    memcpy(source, bytes, size);
    shorten_numbers(source, "..", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    shorten_numbers(source, "repeat", " \t");
    read_as(SCRIPT_FOR_SERVERS, source);
    read_as(SCRIPT_FOR_CLIENTS, source);
    free(source);
    return 0;
}

/* ---- How libFuzzer gets on: changed bytes leave hardly a script right; words and lines that change places do ---- */

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t max_size); /* libFuzzer's own way */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed);

/* A number below `limit`, which must not be 0: POSIX.1-2017 rand(). */
static size_t roll(unsigned *dice, size_t limit)
{
    *dice = *dice * 1103515245u + 12345u;
    return *dice / 65536 % limit;
}

/* The beginning of some word or line, or the end of all. */
static size_t roll_place(unsigned *dice, const uint8_t *bytes, size_t size, uint8_t separator)
{
    const size_t from = roll(dice, size);
    const uint8_t *found = memchr(bytes + from, separator, size - from);

    return found == NULL ? size : (size_t)(found - bytes) + 1;
}

/* Takes some words or lines out, or puts them in once more, somewhere else. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed)
{
    unsigned dice = seed;

    if (size == 0 || roll(&dice, 2) == 0)
        return LLVMFuzzerMutate(bytes, size, max_size);
    const uint8_t separator = roll(&dice, 2) == 0 ? ' ' : '\n';
    const size_t one = roll_place(&dice, bytes, size, separator), other = roll_place(&dice, bytes, size, separator);
    const size_t begin = one < other ? one : other, end = one < other ? other : one, length = end - begin;
    if (roll(&dice, 2) == 0 || size + length > max_size) {
        memmove(bytes + begin, bytes + end, size - end);
        return size - length;
    }
    const size_t place = roll_place(&dice, bytes, size, separator);
    uint8_t *piece = memory_zeroed(length, 1);
    memcpy(piece, bytes + begin, length);
    memmove(bytes + place + length, bytes + place, size - place);
    memcpy(bytes + place, piece, length);
    free(piece);
    return size + length;
}
