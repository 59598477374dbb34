#!/bin/sh
# test_faults.sh - do the faults see anything? Copies of 05-select with a mistake in the way they take errors: each must be
# called wrong, for its own reason.

set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=build/check-faults

look() { # NAME CALL ERROR REASON SED
    copy=$scratch/$1
    mkdir -p "$copy"
    cp 05-select/* "$copy/"
    sed "$5" 05-select/server.c >"$copy/server.c"
    if cmp -s 05-select/server.c "$copy/server.c"; then
        echo "FAILED: $1: there is nothing to change in 05-select/server.c any more"
    elif ! ${MAKE:-make} -s FOUND="$copy" "$copy" >"$copy.said" 2>&1; then
        echo "FAILED: $1 does not build: $(grep -m 1 error "$copy.said")"
    elif build/tests/faults/faults --model "$copy" --call "$2" --error "$3" >"$copy.said" 2>&1; then
        echo "FAILED: $1: nothing is wrong where $2 says $3"
    elif grep -q "$2.* says $3, .*: .*$4" "$copy.said"; then
        printf '%-24s %s\n' "$1" "$(grep -m 1 -o "says $3, .*" "$copy.said")"
    else
        echo "FAILED: $1: no \"$4\" where $2 says $3, but:"
        cat "$copy.said"
    fi
}

# The copy NAME, whose server.c the command SED has changed, is wrong when CALL says ERROR, for that REASON. All at a time.
try() { # NAME CALL ERROR REASON SED
    look "$@" >"$scratch/$1.result" &
}

# After the headers: what follows takes the place of common/'s.
after_headers='/^#include "upper.h"/a'

strace -f -qqq -o /dev/null -e inject=chdir:error=EACCES true 2>/dev/null ||
    { echo 'No faults are tried: strace is missing (./setup.sh trace installs it) or may not trace here.'; exit 0; }
rm -rf "$scratch"
mkdir -p "$scratch"

try gives-up-on-emfile accept EMFILE 'exited with 1' \
    's/^    log_accept(accepted);/&\n    if (accepted.status == IO_ERROR) _exit(1);/'
try gives-up-on-econnaborted accept ECONNABORTED 'exited with 1' "$after_headers"'\
static struct io_result accept_or_give_up(int listener, int *fd)\
{\
    *fd = accept(listener, NULL, NULL);\
    if (*fd == -1 \&\& errno != EAGAIN)\
        _exit(1);\
    return (struct io_result){.status = *fd == -1 ? IO_NO_DATA : IO_SUCCESS};\
}
s/io_accept(/accept_or_give_up(/'
try interrupted-and-gone recvfrom EINTR 'is lost, and the fault was not its own' "$after_headers"'\
static struct io_result recv_once(int fd, void *buffer, size_t size)\
{\
    const ssize_t n = recv(fd, buffer, size, 0);\
    return io_of_recv(n, errno);\
}
s/io_recv(/recv_once(/'
try hole-in-the-answer sendto ENOBUFS '\(the answer\|waits on\)' '/^static void answer/,/^}/s/hang_up(c);/c->unsent = 0;/'
try takes-a-neighbour-along recvfrom ECONNRESET 'is lost, and the fault was not its own' \
    '/^static void receive/,/^}/s/hang_up(c);/&\n        if (received.status == IO_ERROR \&\& highest >= 0) hang_up(\&connections[highest]);/'
try never-rests select ENOMEM 'never rested' '/nanosleep(&retry_delay/d'
try dies-in-silence bind EADDRINUSE 'does not say in one line' 's/^    const int listener = net_listen/    close(2);\n&/'

wait
cat "$scratch"/*.result
! grep -q '^FAILED' "$scratch"/*.result
