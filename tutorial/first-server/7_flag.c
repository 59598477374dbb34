/* first-server - a ladder from here to 01-blocking/server.c: see "Your first server" in TUTORIAL.md. */
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void serve(int client)
{
    static char buffer[900];
    ssize_t n;

    while ((n = recv(client, buffer, sizeof buffer, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            buffer[i] = (char)toupper((unsigned char)buffer[i]);
        for (ssize_t sent = 0, part; sent < n; sent += part) {
            part = send(client, buffer + sent, (size_t)(n - sent), 0);
            if (part == -1)
                return;
        }
    }
}

int main(int argc, char **argv)
{
    const int port = argc > 1 ? atoi(argv[1]) : 9000;
    const struct sigaction action = {.sa_handler = stop};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 100);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (!stopping) {
        const int client = accept(listener, NULL, NULL);
        serve(client);
        close(client);
    }
    return 0;
}
