/* trial - see trial.h */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "player/memory.h"
#include "player/text.h"

enum {
    PATIENCE_MS = 10000, /* with a client, where the server must go on */
    SHORT_PATIENCE_MS = 800, /* where it cannot, because the fault lasts */
    STOP_MS = 10000 /* from SIGTERM to the end; strace makes everything slower */
};

const char *subject_short_name(const struct subject *subject)
{
    const char *slash = strrchr(subject->model->name, '/');

    return slash != NULL ? slash + 1 : subject->model->name;
}

/* ---- What happens ---- */

static void on_event(struct play *play, const struct play_event *event, void *data)
{
    struct trial *trial = data;

    (void)play;
    if (event->kind == PLAY_READY)
        trial->was_ready = true;
    if (event->actor < 0 || event->actor >= TRIAL_CLIENTS)
        return;
    if (event->kind == PLAY_CONNECTED)
        trial->ports[event->actor] = (int)event->total;
    if (event->kind == PLAY_RECEIVED)
        trial->is_served[event->actor] = true;
    if (event->kind == PLAY_FAILED)
        trial->is_lost[event->actor] = true;
    if (event->kind == PLAY_STALLED)
        trial->is_late[event->actor] = true;
}

/* ---- The verdict ---- */

static enum verdict is_wrong(struct trial *trial, const char *format, const char *detail)
{
    struct text problem = {0};

    text_add(&problem, format, detail);
    trial->problem = text_take(&problem);
    return WRONG;
}

static bool is_newcomer(const struct trial *trial, int client)
{
    return !trial->is_served[client];
}

/* Whoever is lost may be so only if the error costs that. */
static bool may_be_lost(const struct trial *trial, int client, const struct faults_met *faults, size_t lost_before)
{
    if (trial->row == NULL)
        return false;
    switch (trial->row->costs) {
    case COSTS_NOBODY:
        return false;
    case COSTS_CLIENT:
        return faults_have_met(faults, trial->ports[client]);
    case COSTS_NEWCOMER:
        return is_newcomer(trial, client) && lost_before < faults->count;
    case COSTS_NEWCOMERS:
        return is_newcomer(trial, client);
    }
    return false;
}

static enum verdict judge_clients(struct trial *trial, const struct faults_met *faults)
{
    size_t lost = 0;
    enum verdict verdict = GOES_ON;

    for (int i = 0; i < trial->script->actor_count && i < TRIAL_CLIENTS; i++) {
        const char *name = trial->script->actors[i];
        if (trial->is_late[i] && trial->moment != AGAIN)
            return is_wrong(trial, "%s waits on, though the fault is over", name);
        if (trial->is_lost[i] && !may_be_lost(trial, i, faults, lost++))
            return is_wrong(trial, "%s is lost, and the fault was not its own", name);
        if (trial->is_lost[i] && verdict < CLIENT_LOST)
            verdict = CLIENT_LOST;
        if (trial->is_late[i])
            verdict = CLIENTS_WAIT;
    }
    return verdict;
}

static bool is_one_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end != NULL && end != text && end[1] == '\0';
}

static enum verdict judge_refusal(struct trial *trial, const struct play_result *result)
{
    if (strcmp(result->ended, "the server exited with 1") != 0)
        return is_wrong(trial, "%s", result->problem);
    if (!is_one_line(result->said))
        return is_wrong(trial, "it does not say in one line why it does not start, but \"%s\"", result->said);
    return REFUSED;
}

/* Did it end as `how` says, told or not? What follows in `ended` is the time. */
static bool has_ended(const struct play_result *result, const char *how)
{
    const size_t length = strlen(how);

    return strncmp(result->ended, how, length) == 0 && (result->ended[length] == '\0' || result->ended[length] == ',');
}

/* A thread that blocks the signal does not get it, and a process of 07 ends alone: then the others go on. */
static enum verdict judge_stop(struct trial *trial, const struct play_result *result)
{
    if (result->outcome == PLAY_PASSES)
        return GOES_ON;
    if (has_ended(result, "the server exited with 0"))
        return STOPPED;
    if (!trial->was_ready && has_ended(result, "the server was killed by signal 15 (SIGTERM)"))
        return STOPPED;
    return is_wrong(trial, "%s", result->problem);
}

/* A client says what its calls meant, so there is more than one line. What it has printed must be right all the same. */
static enum verdict judge_client(struct trial *trial, const struct play_result *result)
{
    const bool has_printed_wrongly = strstr(result->problem, "standard output") != NULL;

    if (result->outcome == PLAY_PASSES)
        return GOES_ON;
    if (result->outcome == PLAY_STALLS && trial->moment == AGAIN)
        return CLIENTS_WAIT;
    if (result->outcome == PLAY_STALLS)
        return is_wrong(trial, "time is up: %s", result->came);
    if (!has_printed_wrongly && result->said[0] != '\0' && has_ended(result, "the client exited with 1"))
        return REFUSED;
    return is_wrong(trial, "%s", result->problem);
}

static enum verdict judge(struct trial *trial)
{
    const struct faults_met faults = faults_read(trial->path);
    const struct play_result *result = play_result(trial->play);

    if (trial->row != NULL && trial->row->is_signal)
        return judge_stop(trial, result);
    if (trial->row != NULL && faults.count == 0 && result->outcome == PLAY_PASSES)
        return NOT_REACHED;
    if (trial->subject->is_client)
        return judge_client(trial, result);
    if (trial->row != NULL && !trial->was_ready)
        return judge_refusal(trial, result);
    if (result->outcome == PLAY_STALLS)
        return is_wrong(trial, "time is up: %s", result->came); /* as the server's: `server rests` */
    if (result->outcome == PLAY_FAILS)
        return is_wrong(trial, "%s", result->problem);
    return judge_clients(trial, &faults);
}

/* Does the model's file `faults` have this program, call and error? */
static bool is_known(const struct trial *trial)
{
    const char *kind = trial->subject->is_client ? "client" : "server";
    char line[200], program[16], call[ERRORS_NAME_SIZE], error[ERRORS_NAME_SIZE];
    struct text path = {0};
    bool is_found = false;

    text_add(&path, "%s/faults", trial->subject->model->name);
    FILE *file = fopen(path.chars, "r");
    while (file != NULL && !is_found && fgets(line, sizeof line, file) != NULL)
        is_found = sscanf(line, "%15s %31s %31s", program, call, error) == 3 && strcmp(program, kind) == 0 &&
                   error_is_of(trial->row, call) && strcmp(trial->row->error, error) == 0;
    if (file != NULL)
        fclose(file);
    text_free(&path);
    return is_found;
}

static void on_done(struct play *play, void *data)
{
    struct trial *trial = data;

    (void)play;
    trial->verdict = judge(trial);
    if (trial->verdict == WRONG && trial->row != NULL && is_known(trial))
        trial->verdict = KNOWN;
    if (trial->row != NULL && trial->verdict != WRONG)
        unlink(trial->path);
    play_free(trial->play);
    trial->play = NULL;
    trial->on_done(trial);
}

/* ---- The start ---- */

/* What strace gets, see strace(1). Without a fault it writes down all calls. */
static void choose_words(struct trial *trial)
{
    const char *again = trial->moment == AGAIN ? "+" : "";
    struct text path = {0}, trace = {0}, inject = {0};

    text_add(&path, "%s/%s-%s", trial->folder, subject_short_name(trial->subject),
             trial->subject->is_client ? "client" : "server");
    text_add(&trace, "trace=%s", trial->row != NULL ? trial->call : "all");
    if (trial->row != NULL) {
        text_add(&path, "-%s-%s-%d%s", trial->call, trial->row->error, trial->place, again);
        text_add(&inject, "inject=%s:%s=%s:when=%d%s", trial->call, trial->row->is_signal ? "signal" : "error",
                 trial->row->error, trial->place, again);
    } else {
        text_add(&inject, "signal=none"); /* said twice, it is still none */
    }
    text_add(&path, ".trace");
    trial->path = text_take(&path);
    trial->trace_words = text_take(&trace);
    trial->inject_words = text_take(&inject);
    const char *const runner[TRIAL_WORDS] = {"strace", "-f",
                                             "-qqq",   "-yy",
                                             "-s",     "64",
                                             "-o",     trial->path,
                                             "-e",     "signal=none",
                                             "-e",     trial->trace_words,
                                             "-e",     trial->inject_words};
    memcpy(trial->runner, runner, sizeof runner);
}

void trial_start(uv_loop_t *loop, struct trial *trial)
{
    const struct model *model = trial->subject->model;
    const char *model_program = trial->subject->is_client ? model->client : model->server;

    choose_words(trial);
    const struct play_options options = {.program = model_program,
                                         .args = trial->subject->args,
                                         .runner = trial->runner,
                                         .others_go_on = true,
                                         .limit_ms = trial->moment == AGAIN ? SHORT_PATIENCE_MS : PATIENCE_MS,
                                         .stop_ms = STOP_MS,
                                         .on_event = on_event,
                                         .on_done = on_done,
                                         .data = trial};

    trial->play = play_start(loop, trial->script, &options);
}

void trial_abort(const struct trial *trial)
{
    if (trial->play != NULL)
        play_abort(trial->play);
}

void trial_free(struct trial *trial)
{
    free(trial->path);
    free(trial->trace_words);
    free(trial->inject_words);
    free(trial->problem);
}
