#!/bin/sh
# fuzz.sh BUILD SECONDS - runs the fuzzers in BUILD/tests/fuzz, half of the time each. They begin with what is there, scripts and
# files `expected`, and remember in BUILD/tests/fuzz/corpus-* what leads them on.

set -u
cd "$(dirname "$0")/../.." || exit 1
folder=$1/tests/fuzz seconds=$(($2 / 2))

run() { # NAME FILE...: the files to begin with
    name=$1
    shift
    mkdir -p "$folder/corpus-$name" "$folder/seeds-$name"
    number=0
    for file; do
        number=$((number + 1))
        cp "$file" "$folder/seeds-$name/$number"
    done
    if ! "$folder/fuzz_$name" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$folder/found-in-$name-" "$folder/corpus-$name" "$folder/seeds-$name" \
        >"$folder/$name.log" 2>&1; then
        sed -n '/ERROR: \|runtime error: /,$p' "$folder/$name.log" | head -n 60
        echo "$name: the input is in $folder/found-in-$name-*; $folder/fuzz_$name FILE reads it again" >&2
        return 1
    fi
    sed -n "s/^stat::number_of_executed_units: *\([0-9]*\)/$name: \1 inputs, nothing found/p" "$folder/$name.log"
}

run script tests/scripts/*/*.script && run expected [0-9][0-9]-*/expected
