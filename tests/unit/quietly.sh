#!/bin/sh
# quietly.sh PROGRAM - runs a cmocka program; prints one line if all its tests pass, and everything it said if not.

if said=$("$1" 2>&1); then
    printf '%-24s %s\n' "${1##*/}" "$(printf '%s\n' "$said" | sed -n 's/^\[  PASSED  \] \([0-9]* test.*\)\.$/\1 passed/p')"
else
    printf '%s\n' "$said"
    exit 255 # xargs starts no further program then
fi
