#!/bin/sh
# quietly.sh PROGRAM - runs a cmocka program; prints one line if all its tests pass, and everything it said if not.

if said=$("$1" 2>&1); then
    printf '%s\n' "$said" | awk -v program="${1##*/}" '
        /^\[  (PASSED|SKIPPED) +\] [0-9]+ test/ { tests[$2] += $4 }
        END {
            skipped = tests["SKIPPED"] ? ", " tests["SKIPPED"] " skipped" : ""
            printf "%-24s %d test(s) passed%s\n", program, tests["PASSED"], skipped
        }'
else
    printf '%s\n' "$said"
    exit 255 # xargs starts no further program then
fi
