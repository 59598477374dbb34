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
