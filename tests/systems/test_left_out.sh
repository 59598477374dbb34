#!/bin/sh
# test_left_out.sh - what if this system lacks what a model needs, or forbids it? It is left out, with its reason, by
# everything that would play it, and nothing else fails. The programs must be built.
#
# All happens in a copy of the project, to which a model 97-x is added. At the end it is asked of 11-io_uring. The unit tests
# are not run there.

set -u
cd "$(dirname "$0")/../.." || exit 1

project=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
said=$scratch/said
model=97-x before=
passed=0 failed=0

copy_project() {
    mkdir -p "$scratch/copy/build"
    for file in *; do
        [ "$file" = build ] || cp -a "$file" "$scratch/copy/" || exit 1
    done
    for file in [0-9][0-9]-* common tests demo bench; do # with their times, so that there is nothing to build
        cp -a "build/$file" "$scratch/copy/build/" || exit 1
    done
    cd "$scratch/copy" || exit 1
    echo 'exit 0' >tests/unit/quietly.sh
    make >/dev/null || exit 1
    models=$(find [0-9][0-9]-*/server.c | wc -l)
    models=$((models - $(grep -c . build/left-out)))
    cp -a 01-blocking 97-x
}

needs() { # WORD...: what 97-x does
    question="a model needs $*"
    echo "$*" >97-x/needs
}

run() { # COMMAND..., by the program $before, if any
    command=$*
    $before "$@" >"$said" 2>&1 </dev/null
    status=$?
}

verdict() { # STATUS WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAILED: $question: $command: $2; it said:"
    sed 's/^/    /' "$said"
}

succeeds() {
    [ "$status" = 0 ]
    verdict $? "exit status $status, not 0"
}

fails() {
    [ "$status" != 0 ]
    verdict $? 'it succeeds'
}

says() { # LINE
    grep -qxF -- "$1" "$said"
    verdict $? "it does not say '$1'"
}

says_nothing_of() { # TEXT
    ! grep -qF -- "$1" "$said"
    verdict $? "it says '$1'"
}

is_left_out() { # REASON
    run make
    succeeds
    says "$model is left out: $1"

    run make check SCRIPT=hello
    succeeds
    says "$model is left out: $1"
    says "$models plays: $models passed, 0 stalled as expected, 0 FAILED"

    run make check-models SCRIPT=hello
    succeeds
    says "$model is left out: $1"

    run make "check-$model" SCRIPT=hello
    fails
    grep -q "^$model is left out: $1" "$said"
    verdict $? "it does not say why: $1"

    run make demo SCRIPT=hello
    succeeds
    tr -s ' \n' ' ' <"$said" | grep -qF "${model%%-*} Left out: $1."
    verdict $? "it does not say why: $1"

    run make play "MODEL=$model"
    fails
    says "play: $model is left out: $1"

    run make play MODEL=05-select
    succeeds
}

is_not_built() { # REASON
    run make "$model"
    fails
    says "$model is left out: $1"
}

is_played() {
    run make
    succeeds
    says_nothing_of '97-x is left out'
    run make check-97-x SCRIPT=hello
    succeeds
}

what_is_missing() {
    needs nosuchword
    is_left_out 'nosuchword is missing'
    is_not_built 'nosuchword is missing'

    needs threads libnowhere
    is_not_built 'libnowhere is missing'
    run make
    says './setup.sh installs the libraries that it knows.'

    needs threads
    is_played
    run make
    grep -q 'is missing' build/left-out || says_nothing_of './setup.sh installs'

    needs nosuchword # although there are programs now
    is_left_out 'nosuchword is missing'
}

other_systems() {
    needs ucontext
    question='a function is missing in a C library'
    run make ucontext='makecontext_of_nobody ucontext.h'
    succeeds
    says '97-x is left out: makecontext_of_nobody() is missing'

    question='ucontext in musl'
    command -v musl-gcc >/dev/null || return
    run make CC=musl-gcc OTHER_SYSTEM=musl BUILD=build/musl PKG_CONFIG=false
    succeeds
    says '97-x is left out: makecontext() is missing for musl'
    says_nothing_of './setup.sh installs the libraries'
    run build/tests/player/check --build build/musl --script hello
    succeeds
    says '97-x is left out: makecontext() is missing for musl'
}

what_is_forbidden() {
    needs permission
    is_played

    question='a server says that what it needs is forbidden'
    sed -i 's/^#include "upper.h"/#include <stdio.h>\n&/
        s/^    struct connection connection = .*/&\n\
    fputs("server: cannot use io_uring: Operation not permitted\\n", stderr);\
    return 77;/' 97-x/server.c
    is_left_out 'cannot use io_uring: Operation not permitted'
    run make 97-x
    succeeds

    question='a server that needs permission fails for another reason'
    sed -i 's/return 77;/return 1;/' 97-x/server.c
    run make
    succeeds
    says_nothing_of '97-x is left out'
    run make check-97-x SCRIPT=hello
    fails
}

no_ring() {
    model=11-io_uring
    [ -d $model ] && ! grep -q "^$model " build/left-out || return
    rm -rf 97-x
    models=$((models - 1))

    question='io_uring is forbidden, by a filter like that of a container'
    ${CC:-cc} -o "$scratch/forbid_io_uring" tests/systems/forbid_io_uring.c || exit 1
    before=$scratch/forbid_io_uring
    is_left_out 'cannot use io_uring: Operation not permitted'
    before=

    question='there is no liburing'
    printf '%s\n' '#!/bin/sh' 'case $* in *liburing*) exit 1 ;; *) exec pkg-config "$@" ;; esac' >"$scratch/pkg-config"
    chmod +x "$scratch/pkg-config"
    export PKG_CONFIG="$scratch/pkg-config"
    is_left_out 'liburing is missing'
    is_not_built 'liburing is missing'
    run make
    says './setup.sh installs the libraries that it knows.'
    unset PKG_CONFIG

    question='liburing for musl'
    command -v musl-gcc >/dev/null || return
    run make CC=musl-gcc OTHER_SYSTEM=musl BUILD=build/musl PKG_CONFIG=false
    succeeds
    says '11-io_uring is left out: liburing is missing for musl'
}

incomplete() {
    mkdir 96-empty 98-half 95-other
    touch 98-half/server.c 95-other/client.c
    question='a folder has a number, but not all of a model'
    for target in 98-half check-98-half run-98-half trace-98-half; do
        run make $target
        fails
        says '98-half lacks client.c: a model is a server and its client'
    done
    run make 95-other
    fails
    says '95-other lacks server.c: a model is a server and its client'
    run make 96-empty
    fails
    says '96-empty lacks server.c and client.c: a model is a server and its client'
    run make check SCRIPT=hello
    succeeds
    rmdir 96-empty && rm -r 98-half 95-other
}

races() {
    question='there are no threads'
    run make SANITIZE=thread 01-blocking
    fails
    says '01-blocking is left out: it has no threads'
}

copy_project
incomplete
what_is_missing
other_systems
what_is_forbidden
races
no_ring
cd "$project" || exit 1
echo "test_left_out: $passed passed, $failed failed"
[ $failed = 0 ]
