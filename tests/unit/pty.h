/* pty - openpty() and login_tty(): no standard has them, but all C libraries do. */
#ifndef PTY_H
#define PTY_H

#ifdef __APPLE__ /* its <util.h> is missing where only the headers are there, to compile for it */
#include <sys/ioctl.h>
#include <termios.h>
int openpty(int *terminal, int *other_end, char *name, struct termios *settings, struct winsize *size);
int login_tty(int terminal);
#else
#include <pty.h>
#include <utmp.h>
#endif

#endif
