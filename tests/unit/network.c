/* network - see network.h */
#define _GNU_SOURCE /* unshare(), struct ifreq */ // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

#include "network.h"

#if defined(__linux__)

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "must.h"

bool network_own(void)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;
}

void network_switch(bool on)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "lo"};

    must(fd != -1 && ioctl(fd, SIOCGIFFLAGS, &request) == 0, "SIOCGIFFLAGS");
    request.ifr_flags = (short)(on ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "SIOCSIFFLAGS");
    close(fd);
}

bool network_set_mtu(int bytes)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const struct ifreq request = {.ifr_name = "lo", .ifr_mtu = bytes};
    const bool is_set = fd != -1 && ioctl(fd, SIOCSIFMTU, &request) == 0;

    close(fd);
    return is_set;
}

bool network_set(const char *name, const char *value)
{
    char path[128];

    snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    const bool is_written = fputs(value, file) >= 0;
    return fclose(file) == 0 && is_written;
}

#else

bool network_own(void)
{
    return false;
}

void network_switch(bool on)
{
    (void)on;
}

bool network_set_mtu(int bytes)
{
    (void)bytes;
    return false;
}

bool network_set(const char *name, const char *value)
{
    (void)name;
    (void)value;
    return false;
}

#endif
