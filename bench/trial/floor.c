/* floor - see floor.h */
#include "floor.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io_status.h"
#include "machine.h"
#include "net.h"

enum { CONNECTIONS = 50, MAX_SIZE = 64 * 1024, MIN_PASSES = 11, MAX_PASSES = 1000 };

/* Both ends of each. */
struct connections {
    int clients[CONNECTIONS], servers[CONNECTIONS];
    size_t count;
};

static double cpu_time(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static bool connect_one(struct connections *connections, int listener, const struct sockaddr_in *address)
{
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    int server;

    if (client == -1)
        return false;
    if (connect(client, (const struct sockaddr *)address, sizeof *address) != 0 ||
        io_accept(listener, &server).status != IO_SUCCESS) {
        close(client);
        return false;
    }
    net_prepare(client, 60); /* TCP_NODELAY: nothing is held back */
    net_prepare(server, 60);
    connections->clients[connections->count] = client;
    connections->servers[connections->count++] = server;
    return true;
}

static bool connect_all(struct connections *connections)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &size) == 0)
        while (connections->count < CONNECTIONS && connect_one(connections, listener, &address))
            ;
    close(listener);
    return connections->count == CONNECTIONS;
}

static void close_all(const struct connections *connections)
{
    for (size_t i = 0; i < connections->count; i++) {
        close(connections->clients[i]);
        close(connections->servers[i]);
    }
}

/* What was sent is there, but perhaps not in one piece. */
static bool receive(int fd, char *buffer, size_t size)
{
    size_t received = 0;

    while (received < size) {
        const struct io_result result = io_recv(fd, buffer, size - received);
        if (result.status != IO_SUCCESS)
            return false;
        received += result.bytes;
    }
    return true;
}

/* All messages there and back. `*used` is the CPU time of the server's part. */
static bool pass_all(const struct connections *connections, size_t size, double *used)
{
    static char buffer[MAX_SIZE];
    bool works = true;

    machine_use(MACHINE_FOR_LOAD);
    for (size_t i = 0; i < CONNECTIONS && works; i++)
        works = io_send(connections->clients[i], buffer, size).bytes == size;
    machine_use(MACHINE_FOR_SERVER);
    const double before = cpu_time();
    for (size_t i = 0; i < CONNECTIONS && works; i++)
        works = receive(connections->servers[i], buffer, size) &&
                io_send(connections->servers[i], buffer, size).bytes == size;
    *used = cpu_time() - before;
    machine_use(MACHINE_FOR_LOAD);
    for (size_t i = 0; i < CONNECTIONS && works; i++)
        works = receive(connections->clients[i], buffer, size);
    return works;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof numbers[0], compare);
    return numbers[count / 2];
}

/* The median, so that it does not matter if somebody else had the core once or twice. */
double floor_measure(size_t size, double seconds)
{
    struct connections connections = {.count = 0};
    double times[MAX_PASSES], ignored;
    size_t count = 0;
    bool works =
        size <= MAX_SIZE && connect_all(&connections) && pass_all(&connections, size, &ignored); /* to warm up */
    const double end = net_now() + seconds;

    while (works && count < MAX_PASSES && (net_now() < end || count < MIN_PASSES))
        works = pass_all(&connections, size, &times[count++]);
    close_all(&connections);
    if (!works)
        return 0;
    return median(times, count) / CONNECTIONS;
}

double floor_of_late(struct recent_floors *floors, size_t size, double seconds)
{
    double sorted[RECENT_FLOORS];

    do
        floors->items[floors->count++ % RECENT_FLOORS] = floor_measure(size, seconds);
    while (floors->count < RECENT_FLOORS);
    memcpy(sorted, floors->items, sizeof sorted);
    return median(sorted, RECENT_FLOORS);
}
