#!/bin/sh
# test_bench.sh - is what the bench measures plausible, and does it say what it could not measure? $BUILD is where all was built.
#
# No speed is checked: a machine may be as slow and as busy as it likes.

set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=0

fail() { # WHAT
    failed=$((failed + 1))
    echo "FAILED: $1; it said:"
    sed 's/^/    /' "$scratch/said"
}

bench() { # ARGUMENT...
    "$build/bench/bench" --build "$build" --time short "$@" >"$scratch/said" 2>&1
    status=$?
}

exits() { # STATUS WHEN
    [ "$status" = "$1" ] || fail "$2: exit status $status, not $1"
}

says() { # TEXT WHEN
    grep -qF -- "$1" "$scratch/said" || fail "$2: it does not say '$1'"
}

says_not() { # TEXT WHEN
    ! grep -qF -- "$1" "$scratch/said" || fail "$2: it says '$1'"
}

# FIGURE of MODEL in QUESTION.csv, nothing if there is none.
figure() { # QUESTION MODEL FIGURE
    awk -F, -v model="\"$2\"" -v figure="$3" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == figure) column = i }
        $1 == model { print $column }' "$build/bench/$1.csv" | tail -n 1
}

is() { # NUMBER CONDITION
    awk -v x="${1:-nothing}" "BEGIN { exit !(x != \"nothing\" && ($2)) }"
}

# --- All models ---

models() {
    for server in [0-9][0-9]-*/server.c; do
        model=${server%/server.c}
        grep -q "^$model " "$build/left-out" || echo "$model"
    done
}

every_model() {
    bench
    exits 0 'all models'
    says_not 'has no figures: a byte' 'all models'
    while read -r model _; do
        says "$model has no figures" 'a model that is left out'
    done <"$build/left-out"
    for model in $(models); do
        says_not "$model has no figures" "$model"
        grep -q "^\"$model\"" "$build/bench/price.csv" || fail "$model has no row in price.csv"
        is "$(figure visits "$model" visits_per_second)" 'x > 0' || fail "$model: nobody came and went"
    done
    grep -q '<table>' "$build/bench.html" || fail 'the page has no table'
}

# What the tutorial says of them, whoever else uses the machine: idle_busy has the time in which others had the core, too.
what_is_known() {
    busy=$(figure silence 02-fcntl-nonblock idle_busy) rests=$(figure silence 05-select idle_busy)
    is "$busy" 'x > 0.9' || fail "02 should be busy while all are silent, and is so for ${busy:-?} of the time"
    is "$rests" 'x < 0.05' || fail "05 should rest while all are silent, and is busy for ${rests:-?} of the time"
    is "$(figure newcomer 01-blocking gave_up)" 'x == 1' || fail '01 should let a newcomer wait behind a silent client'
    is "$(figure newcomer 05-select gave_up)" 'x == 0' || fail '05 should answer a newcomer behind a silent client'
    says '01-blocking: it serves 1 of 50 clients' 'a model that serves one client at a time'
    is "$(figure silence 04-thread-per-client threads)" 'x >= 151' || fail '04 should have a thread for each of 150 clients'
    for model in $(models); do
        price=$(figure price "$model" floors)
        [ -z "$price" ] || is "$price" 'x > 0.5' || fail "$model costs much less than the kernel alone: $price"
    done
}

# --- Servers that are wrong ---

# A server, and what is said of it; test_load has more. All are in one run: nobody spoils it for the others.
serve="$build/bench/tests/test_load serve"
wrong="wrong: $serve wrong {port}|a byte of an answer is
crashes: $serve crashes {port}|it was killed by signal 6 (SIGABRT)
stalls: $serve stalls {port}|it has not answered for two seconds
silent: $serve silent {port}|it answers none of 50 clients
sends-away: $serve sends-away {port}|it closes every connection without an answer
gone: echo no room >&2; exit 3; {port}|it exited with 3 (no room)"

wrong_servers() {
    echo "$wrong" >"$scratch/wrong"
    bench --model 05-select --server "right: $serve right {port}
        deaf: $serve deaf {port}
        $(sed 's/|.*//' "$scratch/wrong")"
    exits 1 'servers that are wrong'
    while IFS='|' read -r server reason; do
        name=${server%%:*}
        says "$name has no figures: $reason" "a server that is wrong: $name"
        ! grep "^\"$name\".*[0-9],\"" "$build"/bench/*.csv >>"$scratch/said" || fail "there are figures of $name"
    done <"$scratch/wrong"
    says 'deaf does not end on SIGTERM' 'a server that ignores SIGTERM'
    for name in right deaf 05-select; do
        says_not "$name has no figures" 'a server that is right'
        is "$(figure price $name cpu_us)" 'x > 0' || fail "$name has no figure beside servers that are wrong"
    done
}

# --- What is missing ---

missing_tools() {
    mkdir "$scratch/bin"
    for tool in sh setpriv true; do
        ln -s "$(command -v $tool)" "$scratch/bin/" || fail "there is no $tool"
    done
    PATH=$scratch/bin bench --model 05-select
    exits 0 'no gnuplot, no strace'
    says 'gnuplot is missing' 'no gnuplot'
    says 'strace is missing' 'no strace'
    grep -q '<table>' "$build/bench.html" || fail 'without gnuplot the page has no table'
    says_not 'CPU time of' 'no gnuplot'
    (
        # shellcheck disable=SC3045 # every shell that there is has it
        ulimit -n 150
        bench --model 05-select
        says '(ulimit -Hn)' 'too few descriptors'
        exit "$failed"
    ) || failed=$((failed + 1))
}

interrupted() {
    timeout --preserve-status -s INT 3 "$build/bench/bench" --build "$build" --model 05-select >"$scratch/said" 2>&1
    status=$?
    exits 130 'Ctrl-C'
    says 'This run was interrupted' 'Ctrl-C'
    says '05-select' 'Ctrl-C keeps what is done'
}

usage() {
    bench --model 99-nobody
    exits 2 'a model that is not there'
    bench --server 'no port'
    exits 2 'a server without {port}'
    bench --time forever
    exits 2 'a time that there is not'
}

every_model
what_is_known
wrong_servers
missing_tools
interrupted
usage
[ $failed = 0 ] && echo 'test_bench: all is as it should be'
[ $failed = 0 ]
