#!/bin/bash
# figures.sh [NAME...] - measures again what the tutorial says things cost: writes tutorial/figures/NAME.txt, all of them or
# those. Each begins with the machine and the command, and goes on with what the command printed. Nothing else should run
# on the machine meanwhile.

set -eu
cd "$(dirname "$0")/.."
unset MAKEFLAGS MFLAGS MAKELEVEL # as if typed: a make below another one says more

# NAME and COMMAND. Of the demo the table and the sentences are enough, and once the lanes that go with them.
figures() {
    cat <<'END'
class            make demo MODELS=all | tee build/class | sed -n "/all are/,/^build/p" | head -n -2
class-lanes      sed "/all are/,\$d" build/class # what make demo printed before the table of class.txt
silent-hundreds  build/demo/demo --script silent-hundreds --without-strace | sed -n "/all are/,/^build/p" | head -n -2
busy             build/demo/demo --script busy --without-strace | sed -n "/all are/,/^build/p" | head -n -2
intervals        python3 tutorial/python/02_intervals.py
silent           python3 tutorial/python/09_silent.py
processes        python3 tutorial/python/07_processes.py
nagle            for more in "" nodelay; do build/tests/player/play --server "python3 tutorial/python/03_byte_by_byte.py {port} $more" --script tutorial/five-questions.script | grep -e ^five -e expect; done
calls            python3 tutorial/python/11_calls.py
matrix           make check 2>&1 | sed -n "/^server scripts/,/plays:/p" | grep -we scripts -e s -e plays # what does not pass everywhere
END
}

machine() {
    # shellcheck source=/dev/null # it is the system's
    (. /etc/os-release && echo "# $PRETTY_NAME, $(uname -sr), $(uname -m), $(getconf _NPROCESSORS_ONLN) cores")
}

make --silent
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
figures | while read -r name command; do
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    echo "$name: $command"
    { machine && echo "# $command" && LC_ALL=C.UTF-8 bash -c "$command" 2>&1 </dev/null; } >"$scratch"
    cp "$scratch" "tutorial/figures/$name.txt"
done
