/*
 * rows - every single measurement of a run, and what they come to: the median of all rounds, and their spread from the lowest
 * to the highest. Two whose spreads overlap are equal, as far as this run can tell.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* What is asked. */
enum question {
    PRICE, /* what does a message cost, and how long does it take? */
    CALLS, /* how many system calls is that? */
    SILENCE, /* what do clients cost that say nothing? */
    NEWCOMER, /* how long does a newcomer wait behind silent clients? */
    VISITS /* what does it cost that a client comes and goes? */
};

enum { QUESTIONS = VISITS + 1 };

/* The figures that answer it. Times are microseconds, memory is KiB. */
enum price {
    PRICE_CPU, /* of the server a message */
    PRICE_FLOORS, /* the same as a multiple of the kernel's floor */
    PRICE_FLOOR, /* in the same round */
    PRICE_RATE, /* messages a second */
    PRICE_P50, /* waits */
    PRICE_P99,
    PRICE_P999,
    PRICE_SWITCHES, /* context switches of the server a message */
    PRICE_THREADS,
    PRICE_PROCESSES,
    PRICE_LOAD_CPU, /* of this program a message */
    PRICE_LOAD_BUSY /* which part of the time it was busy; near 1 it, not the server, set the pace */
};
enum calls { CALLS_A_MESSAGE };
enum silence {
    SILENCE_MEMORY, /* a client, proportional */
    SILENCE_RESIDENT, /* a client */
    SILENCE_KERNEL, /* a client with both ends of its connection, and what else the system did meanwhile */
    SILENCE_THREADS,
    SILENCE_PROCESSES,
    SILENCE_CPU, /* of a core, while all are silent; */
    SILENCE_BUSY, /* the same with the time in which it had to leave the core to others */
    SILENCE_FLOORS, /* the price of a message of those few who talk, in floors; */
    SILENCE_P50, /* and their waits */
    SILENCE_P99
};
enum newcomer { NEWCOMER_WAIT, NEWCOMER_GAVE_UP /* 1: that was all the time it had */ };
enum visits { VISITS_RATE /* a second */, VISITS_CPU, VISITS_P50, VISITS_P99 };

enum { MAX_FIGURES = PRICE_LOAD_BUSY + 1 };

/* What is measured once a round for each server. */
struct setting {
    enum question question;
    size_t clients; /* 0: as many as it serves, where it could not serve more */
    size_t size; /* of a message, in bytes */
    double rate; /* messages a second in the open loop; 0: closed loop */
    double seconds; /* for how long */
    int rounds;
};

/* One measurement. */
struct row {
    const struct setting *setting;
    size_t subject;
    int round;
    size_t clients; /* as many as there really were */
    char *why_not; /* there are no figures, and this is why; or NULL */
    char *note; /* in words, or NULL */
    double figures[MAX_FIGURES];
};

/* Starts as {0}. */
struct rows {
    struct row *items;
    size_t count;
};

/* What the rounds come to. */
struct summary {
    double median, low, high;
    int rounds; /* 0: there are no figures */
};

/* The names of a question's figures, up to a NULL, and of the question; constants. */
const char *const *rows_names(enum question question);
const char *rows_title(enum question question);

/* Adds a copy; the strings are ours then. */
void rows_add(struct rows *rows, const struct row *row);

/* All figures of a server are taken back: it has turned out to be wrong. */
void rows_withdraw(struct rows *rows, size_t subject, const char *why_not);

/* What a server's figure comes to in one setting. */
struct summary rows_summary(const struct rows *rows, size_t subject, const struct setting *setting, int figure);

/* Its last row in that setting, or NULL. */
const struct row *rows_last(const struct rows *rows, size_t subject, const struct setting *setting);

/* Do their spreads overlap? */
bool summaries_are_equal(struct summary a, struct summary b);

/* Writes every row to FOLDER/QUESTION.csv; `names`: of the servers. Returns false, and says so on stderr, if it cannot. */
bool rows_write(const struct rows *rows, const char *const *names, const char *folder);

/* Frees all rows. */
void rows_free(struct rows *rows);

#endif
