/*
 * cli - the command lines of all servers and clients.
 *
 * Both functions first put right what whoever started the program has left behind (inherited.h). They end the program
 * themselves where there is nothing to run: -h prints the usage to stdout and exits with 0; a bad option, number or argument
 * prints one line that says what is wrong, then the usage, to stderr and exits with 2.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>

/* An option, a number, that a model has beyond those that all programs share. */
struct cli_number {
    char letter; /* 't' for -t; a list of them ends with {0} */
    const char *unit; /* "SECONDS", for the usage */
    const char *purpose; /* for the usage, its default included */
    double min, max; /* what is accepted */
    /* Where it goes, one of these two: holds the default before, and the number given after. */
    double *value;
    int *whole; /* only a whole number is accepted */
};

struct server_options {
    const char *address; /* -b, "127.0.0.1" unless given */
    const char *port; /* -p, "9000" unless given; "0": any free port */
    int dead_peer_seconds; /* -k, seconds until a peer that is unreachable is given up: see net_prepare() */
    bool verbose; /* -v */
};

struct client_options {
    const char *address; /* -b */
    const char *port; /* -p */
    bool verbose; /* -v */
    char **messages; /* the arguments, message_count of them; they belong to argv */
    int message_count;
};

/*
 * Reads a server's command line. `model` says in a few words, for the usage, how it waits; `own` are the model's own
 * options, a list that ends with {0}, or NULL. The strings returned belong to argv or are constants.
 */
struct server_options cli_server(int argc, char **argv, const char *model, const struct cli_number *own);

/* Reads a client's command line in the same way. Every client has a -t, and its model says what that means. */
struct client_options cli_client(int argc, char **argv, const char *model, const struct cli_number *own);

#endif
