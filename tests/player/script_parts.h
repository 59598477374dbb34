/*
 * script_parts - what a verb (verb.h) uses to read a line, and to check whether the step makes sense in the conversation.
 */
#ifndef SCRIPT_PARTS_H
#define SCRIPT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "payload.h"
#include "script.h"
#include "verb.h"

/* ---- script.c: readers of what follows a phrase. They return false after a mistake. `within` is read after them. ---- */

bool read_nonempty_text(struct parser *parser, struct step *step); /* "TEXT" */
bool read_texts(struct parser *parser, struct step *step); /* "TEXT" [or "TEXT" ...] */
bool read_messages(struct parser *parser, struct step *step); /* ["TEXT" ...], also empty ones */
bool read_text_or_size(struct parser *parser, struct step *step); /* "TEXT" or SIZE */
bool read_text_or_size_in_pieces(struct parser *parser, struct step *step); /* and [in pieces of SIZE [every TIME]] */
bool read_duration(struct parser *parser, struct step *step); /* TIME */
bool read_for_duration(struct parser *parser, struct step *step); /* for TIME */
bool read_growth(struct parser *parser, struct step *step); /* by at most SIZE or NUMBER threads */
bool read_exit_status(struct parser *parser, struct step *step); /* NUMBER */

/* ---- script_check.c: what a step sends; played, too ---- */

/* The bytes that the step sends or inputs; `text` is which of its texts. */
struct payload_part script_part(const struct step *step, int text);

/* Appends what the step gives the client under test: each message as a line, or input. Other verbs give it nothing. */
void script_add_input(const struct step *step, struct payload *input);

/* ---- script_check.c: does a conversation make sense? ---- */

/* One actor's, as far as the steps have come. The client under test has one too: it runs, then it exits. */
struct conversation {
    enum { NOT_YET, OPEN, OVER } connection;
    const char *over; /* the phrase of the verb that ended it */
    bool half_closed;
    bool stopped_reading;
    bool owed_when_stopped;
    size_t unanswered; /* bytes sent since it last expected all answers */
    bool saw_end; /* the other side's end of stream */
    bool input_is_given; /* of the client under test: its messages, or its standard input, are complete */
    int owed_line; /* the last step that made bytes owed */
    struct payload owed; /* all that must arrive, as it is sent */
    size_t arrived; /* bytes of it that steps have expected; of the client under test: bytes that it has printed */
};

/* Goes through the steps in the file's order, and follows every actor's conversation. */
struct checker {
    struct script *script;
    int line; /* of a mistake; 0: the file as a whole */
    char mistake[300];

    struct conversation *conversations; /* one for each actor */
    bool server_stopped; /* somewhere above */
    bool server_is_down;
    struct payload given; /* to the client under test, up to the next sync */
    size_t due_output; /* what it must print, up to the next sync */
    size_t sent, used_up; /* by the server: bytes that it sends, and bytes of the given ones that it expects */
    bool answers; /* it also sends the given bytes that it does not expect */

    struct step *step; /* the present one */
    const char *name; /* of its actor */
    struct conversation *own; /* its actor's */
};

/* Notes the first mistake. Returns false: what every function returns that has found one. */
bool script_is_wrong(struct checker *checker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Will more come to this one than it has expected? */
bool script_is_owed(const struct conversation *conversation);

/* The second half of script_parse(). Also writes down what `everything` is: the step's sizes[0]. */
bool script_check(struct checker *checker);

#endif
