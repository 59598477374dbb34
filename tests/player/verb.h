/*
 * verb - one row for each verb of the script language: how it is written, where it makes sense, how it is played.
 *
 * The rows, with their functions, are in verbs_played.c (an end of a connection that we play) and verbs_tested.c (the
 * program under test). A new verb is a row there, the functions that no other verb has, and its line in tests/README.md.
 */
#ifndef VERB_H
#define VERB_H

#include <stdbool.h>

#include "script.h"
#include "text.h"

struct parser;
struct checker;
struct actor;

/* Who can be the subject of a step. */
enum role { PLAYED_CLIENT = 1, PLAYED_SERVER = 2, TESTED_SERVER = 4, TESTED_CLIENT = 8 };
enum { PLAYED = PLAYED_CLIENT | PLAYED_SERVER, TESTED = TESTED_SERVER | TESTED_CLIENT };

/*
 * What a step does to the conversation, for code that follows it without playing it: script_check.c, and the demo's recorder.
 * Where that matters to neither of them, a row leaves it out.
 */
enum effect {
    EFFECT_NONE,
    EFFECT_CONNECTS,
    EFFECT_SENDS, /* sizes[0] bytes */
    EFFECT_ANSWERS, /* everything, to the end */
    EFFECT_EXPECTS, /* sizes[0] bytes */
    EFFECT_EXPECTS_EVERYTHING,
    EFFECT_EXPECTS_END,
    EFFECT_RESETS,
    EFFECT_STOPS_READING,
    EFFECT_READS_ON,
    EFFECT_GIVES_MESSAGES, /* a line for each text; with none, input follows */
    EFFECT_GIVES_INPUT, /* sizes[0] bytes */
    EFFECT_PRINTS,
    EFFECT_STOPS_PROGRAM
};

/* How far a step has come. */
enum step_state { STEP_WAITS, STEP_DONE, STEP_OUT_OF_TIME };

struct verb {
    /* These three come first in a row, and without their names. */
    const char *phrase; /* "expect closed" */
    const char *usage; /* the whole step, for messages: "NAME expect closed [within TIME]" */
    unsigned roles; /* who can do it */

    enum effect effect;

    /* Reads what follows the phrase into `step`: one of script_parts.h. NULL: nothing follows. */
    bool (*read)(struct parser *parser, struct step *step);

    /* Does it make sense after the steps above it? Follows the conversation (script_parts.h). NULL: it always does. */
    bool (*makes_sense)(struct checker *checker);

    /* How is it played (actor.h)? A function that finds the step impossible returns actor_fails(). */
    enum step_state (*begin)(struct actor *actor); /* NULL: there is nothing to do but wait */
    enum step_state (*check)(struct actor *actor); /* is it done, now or after something happened? NULL: it waits on */
    enum step_state (*time_is_up)(struct actor *actor); /* NULL: it stalls */

    /* In words, for the message when the step stalls or fails. */
    const char *expects; /* "a connection" */
    void (*describe_expected)(const struct actor *actor, struct text *expected); /* instead, if the words differ */
    void (*describe_came)(const struct actor *actor, struct text *came); /* NULL, or adds nothing: the usual words */
};

/* Is the step about the program under test? */
static inline bool verb_is_tested(const struct verb *verb)
{
    return (verb->roles & TESTED) != 0;
}

/* The rows; a phrase of NULL ends each table. Of two phrases that begin alike, the longer stands first. */
extern const struct verb played_verbs[];
extern const struct verb tested_verbs[];

#endif
