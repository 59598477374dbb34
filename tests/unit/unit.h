/*
 * unit - what the unit tests have in common: cmocka with the headers that it wants before it, an end for a test that
 * hangs, and comparisons whose messages name what was expected. Only for programs that are linked with cmocka.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "io_status.h"

static inline void unit_hangs(int signal_number)
{
    static const char words[] = "\nThe last test hangs: a call that was meant to return waits for ever.\n";

    (void)signal_number;
    _exit(write(STDERR_FILENO, words, sizeof words - 1) == -1 ? 2 : 1);
}

/* To be called first: ends the program if it takes a minute, and ignores SIGPIPE as servers and clients do. */
static inline void unit_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, unit_hangs);
    alarm(60);
}

/* What can be expected of a call. */
static inline struct io_result success_of(size_t bytes)
{
    return (struct io_result){.status = IO_SUCCESS, .bytes = bytes};
}

static inline struct io_result only(enum io_status status)
{
    return (struct io_result){.status = status};
}

static inline struct io_result error_of(int error)
{
    return (struct io_result){.status = IO_ERROR, .error = error};
}

static inline void unit_assert_io(const char *what, struct io_result got, struct io_result expected, const char *file,
                                  int line)
{
    char is[IO_TEXT_SIZE], should_be[IO_TEXT_SIZE];

    if (got.status == expected.status && got.bytes == expected.bytes && got.error == expected.error)
        return;
    print_error("%s: this must be %s (bytes %zu, errno %d), but it was %s (bytes %zu, errno %d).\n", what,
                io_describe(expected, should_be), expected.bytes, expected.error, io_describe(got, is), got.bytes,
                got.error);
    _fail(file, line);
}

/* Is `got` what was `expected`, with the same bytes and errno? `what`: the situation, for the message. */
#define assert_io(what, got, expected) unit_assert_io(what, got, expected, __FILE__, __LINE__)

static inline void unit_assert_text(const char *what, const char *where, const char *got, const char *expected,
                                    const char *file, int line)
{
    if (strcmp(got, expected) == 0)
        return;
    print_error("%s: %s must be\n\"%s\"\nbut it was\n\"%s\"\n", what, where, expected, got);
    _fail(file, line);
}

/* Is the text `got` exactly what was `expected`? `where` it stands ("the name of the peer") is for the message. */
#define assert_text(what, where, got, expected) unit_assert_text(what, where, got, expected, __FILE__, __LINE__)

static inline void unit_assert_status(const char *what, const struct child *child, int expected, const char *file,
                                      int line)
{
    if (child->status == expected)
        return;
    print_error("%s: the exit status must be %d, but it was %d%s. On standard error it said:\n\"%s\"\n", what, expected,
                child->status, child->status < 0 ? " (ended by that signal)" : "", child->words);
    _fail(file, line);
}

/* Did `child` end with the exit status that was expected? */
#define assert_status(what, child, expected) unit_assert_status(what, child, expected, __FILE__, __LINE__)

/* Did `child` end with the exit status, the standard output and the standard error that were expected? */
#define assert_child(what, child, expected_status, expected_output, expected_words)                                    \
    do {                                                                                                               \
        assert_status(what, child, expected_status);                                                                   \
        assert_text(what, "standard output", (child)->output, expected_output);                                        \
        assert_text(what, "standard error", (child)->words, expected_words);                                           \
    } while (0)

#endif
