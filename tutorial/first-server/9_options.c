/* first-server - a ladder from here to 01-blocking/server.c: see "Your first server" in TUTORIAL.md. */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_int stopping, listener, client = -1; /* what the handler reads: C11 7.14.1.1 */

static void stop(int signal_number)
{
    const int error = errno; /* of the call that we interrupt */

    (void)signal_number;
    if (!stopping) {
        stopping = 1;
        close(listener);
        shutdown(client, SHUT_RDWR);
    }
    errno = error;
}

static void serve(void)
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
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 100);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (!stopping) {
        const int accepted = accept(listener, NULL, NULL);
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        client = accepted;
        if (!stopping) /* a signal from here on finds `client` */
            serve();
        client = -1; /* first: a closed number may be reused */
        close(accepted);
    }
    return 0;
}
