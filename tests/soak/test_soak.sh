#!/bin/sh
# test_soak.sh - does soak find what it looks for? Servers that are wrong in one way each (faulty.c). $BUILD is where all was built.

set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
failed=0

finds() { # FAULT TEXT [STATUS [SECONDS]]: soak says this of a server with that fault, and exits with 1, or with STATUS
    said=$("$build/tests/soak/soak" --time "${4:-1}" --server "$build/tests/soak/faulty $1 {port}" 2>&1)
    status=$?
    case $status,$said in
    "${3:-1},"*"$2"*) return ;;
    esac
    failed=$((failed + 1))
    echo "FAILED: $1: exit status $status; it should have said '$2', but said:"
    echo "$said" | sed 's/^/    /'
}

finds nothing ' ms' 0
finds memory 'it leaks memory in KiB: at rest'
finds descriptor 'it leaks descriptors: at rest'
finds thread 'it leaks threads: at rest'
finds join 'it leaks memory in KiB: at rest' 1 3 # a little for each connection
finds process 'it leaks processes: at rest'
finds byte 'of the answer'
finds end 'it exited with 3 by itself'
finds stop 'it did not stop within 5 s of SIGTERM'

[ $failed = 0 ] && echo 'soak finds every fault'
exit $failed
