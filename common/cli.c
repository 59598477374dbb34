/* cli - see cli.h */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inherited.h"

#define VERSION "1.0"

/* What is being read: for the usage, which every complaint ends with. */
struct command {
    const char *program; /* "server" or "client" */
    const char *model;
    const struct cli_number *own; /* the model's options; the last has no letter */
};

static const double port_max = 65535;
static const double dead_peer_seconds_max = 32767; /* Linux, tcp(7): TCP_KEEPIDLE takes no more */

static void print_usage(const struct command *command, FILE *out)
{
    const bool is_server = strcmp(command->program, "server") == 0;

    fprintf(out, "usage: %s [-b ADDRESS] [-p PORT]", command->program);
    if (is_server)
        fprintf(out, " [-k SECONDS]");
    for (const struct cli_number *own = command->own; own->letter != '\0'; own++)
        fprintf(out, " [-%c %s]", own->letter, own->unit);
    fprintf(out, " [-v] [-h]%s\n", is_server ? "" : " [MESSAGE...]");
    fprintf(out, "io-models " VERSION ", %s\n", command->model);
    if (!is_server)
        fprintf(out,
                "Sends each MESSAGE as a line, or else standard input, and writes the answers to standard output.\n");
    fprintf(out, "  -b ADDRESS       %s (default 127.0.0.1)\n",
            is_server ? "listen on this address" : "the server's address");
    fprintf(out, "  -p PORT          %s (default 9000)\n",
            is_server ? "and on this port; 0: any free one" : "and its port");
    if (is_server)
        fprintf(out, "  -k SECONDS       give up a client that is unreachable for so long (default 60)\n");
    for (const struct cli_number *own = command->own; own->letter != '\0'; own++)
        fprintf(out, "  -%c %-13s %s\n", own->letter, own->unit, own->purpose);
    fprintf(out, "  -v               %s\n",
            is_server ? "say what every call meant" : "say what every send() meant, too");
    fprintf(out, "  -h               print this\n");
}

/* Says what is wrong with the command line, in one line, then the usage, and ends the program. */
static _Noreturn void refuse(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", command->program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    print_usage(command, stderr);
    exit(2);
}

/* Reads a number made of `digits` only: strtod() would also take "0x10", "1e2" and "nan". */
static double read_digits(const struct command *command, char letter, const char *text, const char *digits, double min,
                          double max)
{
    char *end;
    const double value = strtod(text, &end);
    const bool is_number = end != text && *end == '\0' && text[strspn(text, digits)] == '\0';

    if (!is_number || value < min || value > max)
        refuse(command, "-%c takes a %snumber from %g to %g, not \"%s\"", letter,
               strchr(digits, '.') == NULL ? "whole " : "", min, max, text);
    return value;
}

static int read_whole_number(const struct command *command, char letter, const char *text, double min, double max)
{
    return (int)read_digits(command, letter, text, "0123456789", min, max);
}

/* -h, and everything that is not an option of this program. */
static _Noreturn void end_or_refuse(const struct command *command, int option)
{
    if (option == 'h') {
        print_usage(command, stdout);
        exit(0);
    }
    if (option == ':')
        refuse(command, "-%c needs a value", optopt);
    refuse(command, "there is no option -%c", optopt);
}

/* One of the model's own options, or none of this program's. */
static void read_own(const struct command *command, int option)
{
    const struct cli_number *own = command->own;

    while (own->letter != '\0' && own->letter != option)
        own++;
    if (own->letter == '\0')
        end_or_refuse(command, option);
    if (own->whole != NULL)
        *own->whole = read_whole_number(command, own->letter, optarg, own->min, own->max);
    else
        *own->value = read_digits(command, own->letter, optarg, "0123456789.", own->min, own->max);
}

enum { LIST_SIZE = 128 /* enough for every letter */ };

/* The getopt() string: the shared letters, and the model's own. A ':' in front: the complaints are ours. */
static void list_options(const struct command *command, const char *shared, char list[LIST_SIZE])
{
    size_t length = (size_t)snprintf(list, LIST_SIZE, ":%s", shared);

    for (const struct cli_number *own = command->own; own->letter != '\0'; own++) {
        list[length++] = own->letter;
        list[length++] = ':';
    }
    list[length] = '\0';
}

struct server_options cli_server(int argc, char **argv, const char *model, const struct cli_number *own)
{
    static const struct cli_number none = {0};
    const struct command command = {"server", model, own != NULL ? own : &none};
    struct server_options options = {.address = "127.0.0.1", .port = "9000", .dead_peer_seconds = 60};
    char list[LIST_SIZE];
    int option;

    inherited_put_right();
    list_options(&command, "b:p:k:vh", list);
    while ((option = getopt(argc, argv, list)) != -1) {
        if (option == 'b') {
            options.address = optarg;
        } else if (option == 'p') {
            read_whole_number(&command, 'p', optarg, 0, port_max);
            options.port = optarg;
        } else if (option == 'k') {
            options.dead_peer_seconds = read_whole_number(&command, 'k', optarg, 2, dead_peer_seconds_max);
        } else if (option == 'v') {
            options.verbose = true;
        } else {
            read_own(&command, option);
        }
    }
    if (optind < argc)
        refuse(&command, "it takes no arguments, but was given \"%s\"", argv[optind]);
    return options;
}

struct client_options cli_client(int argc, char **argv, const char *model, const struct cli_number *own)
{
    const struct command command = {"client", model, own};
    struct client_options options = {.address = "127.0.0.1", .port = "9000"};
    char list[LIST_SIZE];
    int option;

    inherited_put_right();
    list_options(&command, "b:p:vh", list);
    while ((option = getopt(argc, argv, list)) != -1) {
        if (option == 'b') {
            options.address = optarg;
        } else if (option == 'p') {
            read_whole_number(&command, 'p', optarg, 1, port_max);
            options.port = optarg;
        } else if (option == 'v') {
            options.verbose = true;
        } else {
            read_own(&command, option);
        }
    }
    options.messages = argv + optind;
    options.message_count = argc - optind;
    return options;
}
