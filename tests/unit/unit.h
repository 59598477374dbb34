/*
 * unit - what the unit tests have in common: cmocka with the headers that it wants before it, an end for a test that
 * hangs, tests that ask every model the same, and comparisons whose messages name what was expected.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "results.h"

/* cmocka hands a state to every test, and hardly one has a use for it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* To be called first: ends the program if a test takes a minute, and ignores SIGPIPE as servers and clients do. */
void unit_begin(void);

/* Runs `count` tests as a group of that title. Returns how many have failed. */
int unit_run(const char *title, const struct CMUnitTest *tests, size_t count);

/*
 * Runs `test` for every model that is built below the folder $BUILD; its state is the path of the model's server. Returns
 * how many have failed.
 */
int unit_each_model(const char *title, CMUnitTestFunction test);

/* For the macros below: return whether it is as expected, and print what differs if it is not. */
bool unit_is_io(const char *what, struct io_result got, struct io_result expected);
bool unit_is_text(const char *what, const char *where, const char *got, const char *expected);
bool unit_is_status(const char *what, const struct child *child, int expected);
bool unit_is_child(const char *what, const struct child *child, int status, const char *output, const char *err);

/* fail() names the line at which it stands: that of the test. */
#define unit_fail_unless(is_right) ((is_right) ? (void)0 : fail())

/* Is `got` what was `expected`, with the same bytes and errno? `what`: the situation, for the message. */
#define assert_io(what, got, expected) unit_fail_unless(unit_is_io(what, got, expected))

/* Is the text `got` exactly what was `expected`? `where` it stands ("the name of the peer") is for the message. */
#define assert_text(what, where, got, expected) unit_fail_unless(unit_is_text(what, where, got, expected))

/* Did `child` end with the exit status that was expected? */
#define assert_status(what, child, expected) unit_fail_unless(unit_is_status(what, child, expected))

/* Did `child` end with the exit status, the standard output and the standard error that were expected? */
#define assert_child(what, child, expected_status, expected_output, expected_err)                                      \
    unit_fail_unless(unit_is_child(what, child, expected_status, expected_output, expected_err))

#endif
