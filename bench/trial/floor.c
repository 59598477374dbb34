/* floor - see floor.h */
#include "floor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io_status.h"
#include "net.h"

enum { ROUND_TRIPS = 100, MESSAGES = 2 * ROUND_TRIPS /* between two looks at the clock */ };

static double cpu_time(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Both ends of a connection. */
static bool connect_to_self(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);

    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ends[1] = -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
        connect(ends[0], (struct sockaddr *)&address, size) == 0)
        (void)io_accept(listener, &ends[1]);
    close(listener);
    if (ends[1] == -1)
        return false;
    net_prepare(ends[0], 60); /* TCP_NODELAY: nothing is held back */
    net_prepare(ends[1], 60);
    return true;
}

/* What is sent is there at once on loopback, but perhaps not in one piece. */
static bool pass(int from, int to, char *buffer, size_t size)
{
    size_t received = 0;

    if (io_send(from, buffer, size).bytes != size)
        return false;
    while (received < size) {
        const struct io_result result = io_recv(to, buffer, size - received);
        if (result.status != IO_SUCCESS)
            return false;
        received += result.bytes;
    }
    return true;
}

static bool pass_many(const int ends[2], char *buffer, size_t size)
{
    for (int i = 0; i < ROUND_TRIPS; i++)
        if (!pass(ends[0], ends[1], buffer, size) || !pass(ends[1], ends[0], buffer, size))
            return false;
    return true;
}

double floor_measure(size_t size, double seconds)
{
    static char buffer[64 * 1024];
    const double end = net_now() + seconds;
    uint64_t messages = 0;
    int ends[2];
    bool works = connect_to_self(ends) && size <= sizeof buffer && pass_many(ends, buffer, size); /* to warm up */

    const double before = cpu_time();
    while (works && net_now() < end) {
        works = pass_many(ends, buffer, size);
        messages += MESSAGES;
    }
    const double used = cpu_time() - before;
    close(ends[0]);
    if (ends[1] != -1)
        close(ends[1]);
    return works && messages > 0 ? used / (double)messages : 0;
}
