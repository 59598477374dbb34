#!/bin/sh
# permitted.sh MODEL SERVER - does this system permit what the model is made of? Where it does not, the server says so in
# one line and exits with 77 before it listens. Then this prints MODEL and the reason, otherwise nothing.

set -u
scratch=$(mktemp -d) || exit 1
server=
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

mkfifo "$scratch/output"
"$2" -p 0 >"$scratch/output" 2>"$scratch/said" </dev/null &
server=$!
read -r _ <"$scratch/output" # until it listens, or has ended
kill $server 2>/dev/null
wait $server
if [ $? = 77 ]; then
    echo "$1 $(tail -n 1 "$scratch/said" | sed 's/^server: //')"
fi
