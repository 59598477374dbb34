/* first-server - a ladder from here to 01-blocking/server.c: see "Your first server" in TUTORIAL.md. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int client)
{
    static char buffer[900];
    const ssize_t n = recv(client, buffer, sizeof buffer, 0);

    for (ssize_t i = 0; i < n; i++)
        buffer[i] = (char)toupper((unsigned char)buffer[i]);
    send(client, buffer, (size_t)n, 0);
}

int main(int argc, char **argv)
{
    const int port = argc > 1 ? atoi(argv[1]) : 9000;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 100);
    const int client = accept(listener, NULL, NULL);
    serve(client);
    close(client);
    return 0;
}
