/*
 * network - a network of a process's own, with nothing in it but a loopback: to be made narrow, and to be switched off. Linux
 * only (network_namespaces(7)); elsewhere, and where it is not allowed, there is none.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>

/* This process, and those that it starts, have a network of their own from now on. Returns false if they may not. */
bool network_own(void);

/* Its loopback is up, or down: then nothing arrives, and nobody is told. */
void network_switch(bool on);

/* How long a packet may be, in bytes. Returns false if the kernel refuses. */
bool network_set_mtu(int bytes);

/* Writes to its /proc/sys/net/ipv4/NAME, see ip-sysctl in the kernel's documentation. Returns false if that is not allowed. */
bool network_set(const char *name, const char *value);

#endif
