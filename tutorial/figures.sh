#!/bin/bash
# figures.sh [NAME...] - measures again what the tutorial says things cost: writes tutorial/figures/NAME.txt, all of them or
# those, where "bench" stands for all whose names begin with it. Each begins with the machine and the command, and goes on with
# what the command printed. Nothing else should run on the machine meanwhile. What the bench has written is used as it is.

set -eu
cd "$(dirname "$0")/.."
unset MAKEFLAGS MFLAGS MAKELEVEL # as if typed: a make below another one says more

# NAME and COMMAND. Of the demo the table and the sentences are enough, and once the lanes that go with them.
figures() {
    cat <<'END'
class            make demo MODELS=all | tee build/class | sed -n "/all are/,/^build/p" | head -n -2
class-lanes      sed "/all are/,\$d" build/class # what make demo printed before the table of class.txt
intervals        python3 tutorial/python/02_intervals.py
nagle            for more in "" nodelay; do build/tests/player/play --server "python3 tutorial/python/03_byte_by_byte.py {port} $more" --script tutorial/five-questions.script | grep -e ^five -e expect; done
matrix           make check 2>&1 | sed -n "/^server scripts/,/plays:/p" | grep -we scripts -e s -e plays # what does not pass everywhere
bench-price      python3 tutorial/costs.py price # after make bench TIME=long
bench-newcomer   python3 tutorial/costs.py newcomer # after make bench TIME=long
bench-crowd      python3 tutorial/costs.py crowd # after make bench TIME=long
bench-growth     python3 tutorial/costs.py growth # after make bench TIME=long
bench-silence    python3 tutorial/costs.py silence # after make bench TIME=long
bench-loops      python3 tutorial/costs.py loops # after make bench TIME=long
bench-visits     python3 tutorial/costs.py visits # after make bench TIME=long
END
}

is_wanted() {
    [ $# = 1 ] || [[ " ${*:2} " == *" $1 "* || " ${*:2} " == *" ${1%%-*} "* ]]
}

# In its own size, and on paper of its own: its colours follow the system, and the page around it may follow somebody else.
picture() {
    local paper='svg { background: #fff; }\n@media (prefers-color-scheme: dark) { svg { background: #161b22; } }'
    sed "s|viewBox=\"0 0 \([0-9]*\) \([0-9]*\)\"|width=\"\1\" height=\"\2\" &|; s|^<style>|&\n$paper|" "build/bench/$1.svg" >"tutorial/figures/bench-$1.svg"
}

machine() {
    # shellcheck source=/dev/null # it is the system's
    (. /etc/os-release && echo "# $PRETTY_NAME, $(uname -sr), $(uname -m), $(getconf _NPROCESSORS_ONLN) cores")
}

make --silent
[ -e build/bench/price.csv ] || ! is_wanted bench "$@" || make bench TIME=long
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
figures | while read -r name command; do
    is_wanted "$name" "$@" || continue
    echo "$name: $command"
    { machine && echo "# $command" && LC_ALL=C.UTF-8 bash -c "$command" 2>&1 </dev/null; } >"$scratch"
    cp "$scratch" "tutorial/figures/$name.txt"
done
if is_wanted bench "$@"; then
    for plot in price newcomer growth silence; do
        picture "$plot"
    done
fi
