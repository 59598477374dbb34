/* trial - see trial.h */
#include "trial.h"

#include <stdlib.h>
#include <unistd.h>

#include "calls.h"
#include "load/load.h"
#include "machine.h"
#include "player/memory.h"
#include "player/text.h"

enum {
    STOP_LIMIT_MS = 3000, /* for a server to end */
    TALKERS = 50, /* of the clients in SILENCE; the others are silent */
    VISITORS = 10, /* at a time */
    MANY_CLIENTS = 5000, /* too many for a thread each */
    FEW_CLIENTS = 100 /* enough to see whether there is one */
};

static const double patience = 1; /* seconds; while clients are asked once */
static const double warm_up = 0.3; /* of a setting's time, before it counts */

/* One trial. */
struct trial {
    struct bench *bench;
    struct subject *subject;
    struct row *row;
    const struct setting *setting;
    struct load *load;
};

/* ---- Why there is no figure ---- */

static void give_reason(struct row *row, struct text *words)
{
    free(row->why_not);
    row->why_not = text_take(words);
}

static void note_no_answer(struct row *row)
{
    free(row->why_not);
    row->why_not = memory_string("nothing was answered in the time that counts");
}

/* The last fault counts: that a server has crashed, not that it has closed connections. */
static void blame(struct subject *subject, char *fault)
{
    free(subject->fault);
    subject->fault = fault;
    subject->is_wrong = true;
}

/* Not one is served: that is no limit. */
static void note_no_service(struct trial *trial, size_t asked)
{
    struct text words = {0};

    if (load_gone(trial->load) == asked)
        text_add(&words, "it closes every connection without an answer");
    else
        text_add(&words, "it answers none of %zu clients", asked);
    server_add_last_words(&trial->bench->server, &words);
    blame(trial->subject, text_take(&words));
}

/* With what the server has said itself: "server: cannot start a thread: Resource temporarily unavailable". */
static void note_limit(struct trial *trial, size_t served, size_t asked)
{
    struct subject *subject = trial->subject;
    struct text words = {0};

    text_add(&words, "it serves %zu of %zu clients", served, asked);
    server_add_last_words(&trial->bench->server, &words);
    free(subject->limit);
    subject->at_most = served;
    subject->limit = text_take(&words);
    trial->row->why_not = memory_string(subject->limit);
}

/* It would not be fair to measure what is known not to work, and with thousands of threads not wise. */
static bool is_too_much(struct trial *trial, size_t clients)
{
    const struct subject *subject = trial->subject;
    struct text words = {0};

    if (subject->at_most > 0 && clients > subject->at_most)
        text_add(&words, "%s", subject->limit);
    else if (subject->grows && clients >= MANY_CLIENTS)
        text_add(&words, "it takes a thread or a process for each client, and %zu were not tried", clients);
    else
        return false;
    give_reason(trial->row, &words);
    return true;
}

/* ---- Beginning and end ---- */

static bool start(struct trial *trial, const char *const *runner)
{
    struct bench *bench = trial->bench;

    if (!server_start(&bench->server, &bench->loop, &trial->subject->program, runner))
        return false;
    trial->load = load_new(&bench->loop, process_address(bench->server.process), &bench->server.is_over);
    return true;
}

/* A fault of the server's is a fault of the subject's. */
static void finish(struct trial *trial)
{
    struct bench *bench = trial->bench;
    struct subject *subject = trial->subject;

    if (trial->load != NULL && load_problem(trial->load) != NULL && bench->interrupted_by == 0) {
        struct text words = {0};
        text_add(&words, "%s", load_problem(trial->load));
        server_add_last_words(&bench->server, &words);
        blame(subject, text_take(&words));
    }
    if (trial->load != NULL)
        load_free(trial->load);
    trial->load = NULL;
    server_stop(&bench->server, &bench->loop, subject->is_deaf ? 0 : STOP_LIMIT_MS);
    subject->is_deaf = subject->is_deaf || bench->server.was_killed;
    if (bench->server.problem.chars != NULL && bench->interrupted_by == 0)
        blame(subject, text_take(&bench->server.problem));
    text_free(&bench->server.problem);
}

static bool goes_on(const struct trial *trial)
{
    return load_problem(trial->load) == NULL && !trial->bench->server.is_over;
}

/* All of them connect and begin to talk. */
static bool gather(struct trial *trial, size_t clients)
{
    if (is_too_much(trial, clients))
        return false;
    load_connect(trial->load, clients);
    const size_t served = load_gather(trial->load, 0, clients, trial->setting->size, patience);
    if (served == 0 && goes_on(trial))
        note_no_service(trial, clients);
    else if (served < clients && goes_on(trial))
        note_limit(trial, served, clients);
    return served == clients && goes_on(trial);
}

static double microseconds(const struct load_result *result, double part)
{
    return (double)histogram_quantile(&result->waits, part) / 1e3;
}

/* ---- A message's price ---- */

static double in_floors(const struct trial *trial, double seconds)
{
    return trial->bench->floor > 0 ? seconds / trial->bench->floor : 0;
}

static void note_price(struct trial *trial, struct server_costs before, struct server_costs after,
                       const struct load_result *result)
{
    struct row *row = trial->row;
    const double messages = (double)result->messages, cpu = (after.cpu - before.cpu) / messages;

    row->figures[PRICE_CPU] = cpu * 1e6;
    row->figures[PRICE_FLOORS] = in_floors(trial, cpu);
    row->figures[PRICE_FLOOR] = trial->bench->floor * 1e6;
    row->figures[PRICE_RATE] = messages / result->seconds;
    row->figures[PRICE_P50] = microseconds(result, 0.5);
    row->figures[PRICE_P99] = microseconds(result, 0.99);
    row->figures[PRICE_P999] = microseconds(result, 0.999);
    row->figures[PRICE_SWITCHES] = (after.switches - before.switches) / messages;
    row->figures[PRICE_THREADS] = after.threads;
    row->figures[PRICE_PROCESSES] = after.processes;
    row->figures[PRICE_LOAD_CPU] = result->own_cpu / messages * 1e6;
    row->figures[PRICE_LOAD_BUSY] = result->own_cpu / result->seconds;
    if (row->clients >= FEW_CLIENTS && after.threads >= (double)row->clients)
        trial->subject->grows = true;
}

static void ask_price(struct trial *trial)
{
    const struct setting *setting = trial->setting;
    const size_t clients = trial->row->clients;
    struct load_result result;

    if (!gather(trial, clients))
        return;
    load_begin(trial->load, setting->rate);
    load_go_on(trial->load, setting->seconds * warm_up, &result);
    const struct server_costs before = server_costs(&trial->bench->server);
    load_go_on(trial->load, setting->seconds, &result);
    const struct server_costs after = server_costs(&trial->bench->server);
    load_end(trial->load);
    if (result.messages == 0)
        note_no_answer(trial->row);
    else if (goes_on(trial))
        note_price(trial, before, after, &result);
}

/* ---- Silence ---- */

static struct server_memory difference(struct server_memory after, struct server_memory before, double clients)
{
    return (struct server_memory){.resident = (after.resident - before.resident) / clients,
                                  .proportional = (after.proportional - before.proportional) / clients};
}

/* Nobody says anything for a while. */
static void note_idle_cpu(struct trial *trial)
{
    struct load_result nothing;

    load_go_on(trial->load, trial->setting->seconds * warm_up, &nothing);
    const struct server_costs before = server_costs(&trial->bench->server);
    load_go_on(trial->load, trial->setting->seconds, &nothing);
    const struct server_costs after = server_costs(&trial->bench->server);
    trial->row->figures[SILENCE_CPU] = (after.cpu - before.cpu) / nothing.seconds;
    trial->row->figures[SILENCE_BUSY] = (after.busy - before.busy) / nothing.seconds;
    trial->row->figures[SILENCE_THREADS] = after.threads;
    trial->row->figures[SILENCE_PROCESSES] = after.processes;
}

/* Few talk, most are silent. */
static void let_few_talk(struct trial *trial, size_t silent)
{
    struct row *row = trial->row;
    struct load_result result;

    load_connect(trial->load, TALKERS);
    if (load_gather(trial->load, silent, TALKERS, trial->setting->size, patience) < TALKERS) {
        struct text words = {0};
        text_add(&words, "behind %zu silent clients not all who talk are answered", silent);
        give_reason(row, &words);
        return;
    }
    load_begin(trial->load, 0);
    load_go_on(trial->load, trial->setting->seconds * warm_up, &result);
    const double before = server_costs(&trial->bench->server).cpu;
    load_go_on(trial->load, trial->setting->seconds, &result);
    const double after = server_costs(&trial->bench->server).cpu;
    load_end(trial->load);
    if (result.messages == 0) {
        note_no_answer(row);
        return;
    }
    row->figures[SILENCE_FLOORS] = in_floors(trial, (after - before) / (double)result.messages);
    row->figures[SILENCE_P50] = microseconds(&result, 0.5);
    row->figures[SILENCE_P99] = microseconds(&result, 0.99);
}

/* When the last of them has been answered, all were accepted. */
static void ask_silence(struct trial *trial)
{
    struct row *row = trial->row;
    const size_t silent = row->clients - TALKERS;

    if (is_too_much(trial, row->clients))
        return;
    const struct server_memory before = server_memory(&trial->bench->server);
    const double kernel_before = machine_kernel_memory();
    load_connect(trial->load, silent);
    if (load_ask(trial->load, silent - 1, 1, trial->setting->size, patience) < 1) {
        struct text words = {0};
        text_add(&words, "behind %zu silent clients nobody is answered within %.1f s", silent - 1, patience);
        give_reason(row, &words);
        return;
    }
    note_idle_cpu(trial);
    const struct server_memory each = difference(server_memory(&trial->bench->server), before, (double)silent);
    row->figures[SILENCE_MEMORY] = each.proportional;
    row->figures[SILENCE_RESIDENT] = each.resident;
    row->figures[SILENCE_KERNEL] = (machine_kernel_memory() - kernel_before) / (double)silent;
    let_few_talk(trial, silent);
}

/* ---- The newcomer, and visits ---- */

static void ask_newcomer(struct trial *trial)
{
    const struct setting *setting = trial->setting;
    const size_t silent = trial->row->clients;

    load_connect(trial->load, silent);
    const uint64_t came_at = uv_hrtime();
    load_connect(trial->load, 1);
    const bool was_answered = load_ask(trial->load, silent, 1, setting->size, setting->seconds) == 1;
    trial->row->figures[NEWCOMER_WAIT] = was_answered ? (double)(uv_hrtime() - came_at) / 1e3 : setting->seconds * 1e6;
    trial->row->figures[NEWCOMER_GAVE_UP] = was_answered ? 0 : 1;
}

static void ask_visits(struct trial *trial)
{
    const struct setting *setting = trial->setting;
    struct load_result result;

    load_begin_visits(trial->load, VISITORS, setting->size);
    load_go_on(trial->load, setting->seconds * warm_up, &result);
    const double before = server_costs(&trial->bench->server).cpu;
    load_go_on(trial->load, setting->seconds, &result);
    const double after = server_costs(&trial->bench->server).cpu;
    load_end(trial->load);
    const double visits = (double)result.messages;
    trial->row->figures[VISITS_RATE] = visits / result.seconds;
    trial->row->figures[VISITS_CPU] = visits > 0 ? (after - before) / visits * 1e6 : 0;
    trial->row->figures[VISITS_P50] = microseconds(&result, 0.5);
    trial->row->figures[VISITS_P99] = microseconds(&result, 0.99);
}

/* ---- System calls ---- */

/* Counts all calls of a server that is asked for so long (0: once). Returns how many messages that were; 0: it did not work. */
static double count_calls(struct trial *trial, double seconds, struct calls_count *count)
{
    const size_t clients = trial->row->clients;
    const char *runner[CALLS_WORDS];
    struct load_result result = {0};
    struct text path = {0};
    double messages = 0;

    text_add(&path, "%s/calls.strace", trial->bench->folder);
    calls_runner(path.chars, runner);
    if (start(trial, runner) && gather(trial, clients)) {
        load_begin(trial->load, 0);
        load_go_on(trial->load, seconds, &result);
        load_end(trial->load);
        messages = (double)load_messages(trial->load);
    }
    finish(trial);
    const bool is_read = messages > 0 && calls_read(path.chars, count);
    unlink(path.chars);
    text_free(&path);
    return is_read ? messages : 0;
}

/* What it does at its start, at its end and for its clients' coming and going is in both counts, and so in neither. */
static void ask_calls(struct trial *trial)
{
    struct calls_count once, often;
    struct text words = {0};
    const double few = count_calls(trial, 0, &once);
    const double many = few > 0 ? count_calls(trial, trial->setting->seconds, &often) : 0;

    if (many <= few) {
        if (trial->row->why_not == NULL)
            trial->row->why_not = memory_string("its calls could not be counted");
        return;
    }
    trial->row->figures[CALLS_A_MESSAGE] = calls_a_message(&often, &once, many - few, &words);
    trial->row->note = text_take(&words);
}

/* ---- Any ---- */

static void ask(struct trial *trial)
{
    switch (trial->setting->question) {
    case PRICE:
        ask_price(trial);
        break;
    case SILENCE:
        ask_silence(trial);
        break;
    case NEWCOMER:
        ask_newcomer(trial);
        break;
    case VISITS:
        ask_visits(trial);
        break;
    case CALLS:
        break; /* it starts servers of its own */
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* `clients` are the setting's, but where it asks for as many as there can be, or where a few less do as well. */
static size_t clients_for(const struct setting *setting, const struct subject *subject)
{
    if (setting->question == PRICE && setting->clients == 0)
        return subject->at_most;
    if ((setting->question == CALLS || setting->rate > 0) && subject->at_most > 0)
        return smaller(setting->clients, subject->at_most);
    return setting->clients;
}

void trial_run(struct bench *bench, struct subject *subject, struct row *row)
{
    struct trial trial = {.bench = bench, .subject = subject, .row = row, .setting = row->setting};

    row->clients = clients_for(row->setting, subject);
    if (row->setting->question == CALLS) {
        ask_calls(&trial);
    } else {
        if (start(&trial, NULL))
            ask(&trial);
        finish(&trial);
    }
}
