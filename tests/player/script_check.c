/*
 * script_check - follows the conversations of a script, see script_parts.h; each verb checks its own steps (verb.h).
 *
 * No actor may speak before it is connected or after it has closed, or expect what cannot come, and whatever comes must be
 * expected by a step.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "script_parts.h"

bool script_is_wrong(struct checker *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(c->mistake, sizeof c->mistake, format, arguments);
    va_end(arguments);
    return false;
}

bool script_is_owed(const struct conversation *conversation)
{
    return conversation->arrived < conversation->owed.total;
}

struct payload_part script_part(const struct step *step, int text)
{
    return (struct payload_part){.size = step->sizes[text],
                                 .text = step->bytes[text],
                                 .seed = (uint64_t)step->line << 32 | (uint64_t)step->actor,
                                 .piece = step->piece,
                                 .every_ms = step->every_ms};
}

void script_add_input(const struct step *step, struct payload *input)
{
    if (step->verb->effect == EFFECT_GIVES_INPUT)
        payload_add(input, script_part(step, 0));
    if (step->verb->effect != EFFECT_GIVES_MESSAGES)
        return;
    for (int text = 0; text < step->texts; text++) {
        payload_add(input, script_part(step, text));
        payload_add(input, (struct payload_part){.size = 1, .text = "\n"});
    }
}

/* `everything` means what the lines up to the next `sync` give or send: adds up those of the phase that begins here. */
static void add_up_phase(struct checker *c, int first)
{
    const struct script *script = c->script;
    bool expects_everything = false;

    for (int i = first; i < script->step_count && script->steps[i].phase == script->steps[first].phase; i++) {
        const struct step *step = &script->steps[i];
        const enum effect effect = step->verb->effect;
        script_add_input(step, &c->given);
        if (effect == EFFECT_SENDS)
            c->sent += step->sizes[0];
        if (effect == EFFECT_EXPECTS)
            c->used_up += step->sizes[0];
        expects_everything |= effect == EFFECT_EXPECTS_EVERYTHING;
        c->answers |= effect == EFFECT_ANSWERS;
    }
    if (expects_everything)
        c->used_up = c->given.total;
    c->due_output = c->sent + (c->answers ? c->given.total - c->used_up : 0);
}

static bool check_steps(struct checker *c)
{
    struct script *script = c->script;

    for (int i = 0; i < script->step_count; i++) {
        c->step = &script->steps[i];
        c->line = c->step->line;
        c->own = &c->conversations[c->step->actor];
        c->name = script->actors[c->step->actor];
        if (i == 0 || c->step->phase != c->step[-1].phase)
            add_up_phase(c, i);
        if (script->refuses && strcmp(c->name, "server") == 0)
            return script_is_wrong(c, "server does nothing else in a script in which it refuses");
        if (c->step->verb->makes_sense != NULL && !c->step->verb->makes_sense(c))
            return false;
    }
    return true;
}

/* May bytes have come to a played end that no step has expected? Not if it has left, or reads nothing. */
static bool has_leftovers(const struct conversation *own)
{
    return own->connection == OPEN && script_is_owed(own) && (!own->stopped_reading || own->owed_when_stopped);
}

/* What the server sends, the client prints; after a reset it is unknown how much of it. */
static const struct step *find_unprinted(const struct script *script)
{
    const struct step *sends = NULL;

    for (int i = 0; i < script->step_count; i++) {
        const enum effect effect = script->steps[i].verb->effect;
        if (effect == EFFECT_PRINTS || effect == EFFECT_RESETS)
            return NULL;
        if (effect == EFFECT_SENDS || effect == EFFECT_ANSWERS)
            sends = &script->steps[i];
    }
    return sends;
}

/* Bytes that no step expects make a play fail, so they are a mistake in the script. */
static bool check_ends(struct checker *c)
{
    const struct step *unprinted = find_unprinted(c->script);

    for (int i = 0; i < c->script->actor_count && !c->server_stopped; i++) {
        c->line = c->conversations[i].owed_line;
        if (has_leftovers(&c->conversations[i]))
            return script_is_wrong(c, "%s never expects all of what comes to it; add: %s expect everything",
                                   c->script->actors[i], c->script->actors[i]);
    }
    if (c->script->kind == SCRIPT_FOR_SERVERS || unprinted == NULL)
        return true;
    c->line = unprinted->line;
    return script_is_wrong(c, "the client prints what the server sends; add: client prints everything");
}

static bool has_run(const struct script *script)
{
    for (int i = 0; i < script->step_count; i++)
        if (script->steps[i].verb->effect == EFFECT_GIVES_MESSAGES)
            return true;
    return false;
}

bool script_check(struct checker *c)
{
    const struct script *script = c->script;

    if (script->step_count == 0)
        return script_is_wrong(c, "there are no steps in it");
    if (script->kind == SCRIPT_FOR_CLIENTS && !has_run(script))
        return script_is_wrong(c, "the client never runs; add: client run \"TEXT\"");

    c->conversations = memory_zeroed((size_t)script->actor_count, sizeof *c->conversations);
    const bool makes_sense = check_steps(c) && check_ends(c);
    for (int i = 0; i < script->actor_count; i++)
        payload_free(&c->conversations[i].owed);
    free(c->conversations);
    payload_free(&c->given);
    return makes_sense;
}
