/* pty - where openpty() and login_tty() are declared: in no standard, but in all C libraries. */
#ifndef PTY_H
#define PTY_H

#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#include <utmp.h>
#endif

#endif
