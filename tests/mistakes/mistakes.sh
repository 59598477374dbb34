#!/bin/sh
# mistakes.sh - lists, hands out and checks the mistakes of tests/mistakes/, whose README.md describes them.
#
#     mistakes.sh list [MODEL]   make mistakes: the bug reports for one model, or all
#     mistakes.sh copy NAME      make mistake NAME=...
#     mistakes.sh hint NAME      make hint NAME=..., or make hint in a copy: the next hint, or the answer once it is found
#     mistakes.sh found NAME     make check in a copy, when all scripts end there as they should
#     mistakes.sh check          make check-mistakes: is each caught by the scripts that it names, and by no others?

set -u
export LC_ALL=C # sort and comm agree on the order, and compilers say "error"
cd "$(dirname "$0")/../.." || exit 1

# The tests of this script set these.
mistakes=${MISTAKES:-tests/mistakes}
copies=${COPIES:-build/mistakes} # a copy's Makefile looks for the rest three folders above it
scratch=${SCRATCH:-build/check-mistakes}
HINTS=4 # two scripts to compare, a call to watch, the function, what its author was thinking

names() {
    for patch in "$mistakes"/*.patch; do
        [ -e "$patch" ] || continue # there are none
        patch=${patch##*/}
        echo "${patch%.patch}"
    done
}

field() { # NAME KEY: what the patch's header says, on one line
    awk -v key="$2:" '
        /^$/ { exit }
        /^[^ ]/ { is_wanted = index($0, key) == 1; sub(/^[^:]*: */, "") }
        is_wanted { sub(/^ +/, ""); text = text space $0; space = " " }
        END { if (text != "") print text }' "$mistakes/$1.patch"
}

changed_file() { # NAME: 05-select/server.c
    sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$mistakes/$1.patch"
}

model_of() { # NAME
    file=$(changed_file "$1")
    echo "${file%%/*}"
}

indent() { # what is said, for the reader
    fold -s -w 76 | sed 's/^/    /; s/ *$//'
    echo
}

tell() { # NAME KEY: that part of its header
    field "$1" "$2" | indent
}

# What a copy remembers: how many hints were given, and that its mistake was found.
hints_given() { # NAME
    cat "$copies/$1/.hints" 2>/dev/null || echo 0
}

is_found() { # NAME
    [ -e "$copies/$1/.found" ]
}

progress() { # NAME
    hints=$(hints_given "$1")
    if is_found "$1"; then
        echo ": found, with $hints of $HINTS hints"
    elif [ -d "$copies/$1" ]; then
        echo ": not found yet, $hints of $HINTS hints"
    fi
}

list() { # [MODEL]
    [ -z "$1" ] || [ -e "$1/server.c" ] || complain "There is no model $1."
    found=
    for name in $(names); do
        model=$(model_of "$name")
        [ -z "$1" ] || [ "$1" = "$model" ] || continue
        found=yes
        printf '%s (%s)%s\n' "$name" "$model" "$(progress "$name")"
        tell "$name" Symptom
    done
    if [ -z "$(names)" ]; then
        echo 'There are no mistakes here: only copies were handed out.'
    elif [ -n "$found" ]; then
        echo 'One of them to hunt for: make mistake NAME=...'
    else
        echo "There is no mistake${1:+ for $1}. make mistakes lists those of all models."
    fi
}

# Without fuzz: a change elsewhere in the file does no harm, but each line of a hunk must be there, to the letter.
apply() { # OPTION... FILE PATCH
    patch -f -F 0 "$@"
}

# Neither the patch nor a word of it goes along.
make_copy() { # NAME FOLDER
    patch=$mistakes/$1.patch file=$(changed_file "$1")
    broken=$2/${file#*/}
    mkdir -p "$2" && cp "${file%%/*}"/* "$2/" && rm "$broken" || return
    apply -o "$broken" "$file" "$patch" || return
    again=$(apply --dry-run "$broken" "$patch" | grep -c 'FAILED at') # a hunk that fits nowhere now had one place only
    [ "$again" = "$(grep -c '^@@ ' "$patch")" ] || { echo 'FAILED: a hunk fits in more than one place'; return 1; }
    cat >"$2/Makefile" <<END
# A copy of ${file%%/*} with a mistake in it.
#
#     make                      builds it
#     make check                plays all scripts against it
#     make play SCRIPT=hello    plays one of them and shows every step
#     make trace SCRIPT=hello   the same; the file trace then has the system calls of its server
#     make run ARGS=-v          runs its server, make trace the same under strace
#     make hint                 the next of $HINTS hints
COPY := $copies/$1
include ../../../tests/mistakes/copy.mk
END
}

complain() { # WHAT
    echo "$1" >&2
    exit 1
}

need_patch() {
    command -v patch >/dev/null || complain 'patch is missing. ./setup.sh mistakes installs it.'
}

make_copy_or_complain() { # NAME FOLDER
    make_copy "$@" >/dev/null 2>&1 || complain "Was $(changed_file "$1") changed, in an exercise? \
A mistake is put into the original: git stash, the same once more, git stash pop."
}

is_as_made() { # COPY MADE: whether every file of MADE is in COPY, unchanged
    for file in "$2"/*; do
        cmp -s "$file" "$1/${file##*/}" || return
    done
}

hand_out() { # NAME
    [ -n "$1" ] || complain 'Which one? make mistake NAME=..., and make mistakes lists them.'
    [ -e "$mistakes/$1.patch" ] || complain "There is no mistake $1. make mistakes lists them."
    need_patch
    copy=$copies/$1
    mkdir -p "$copies"
    made=$(mktemp -d) || exit 1
    trap 'rm -rf "$made"' EXIT
    make_copy_or_complain "$1" "$made/copy"
    if [ ! -e "$copy" ]; then
        mv "$made/copy" "$copy"
    elif ! is_as_made "$copy" "$made/copy"; then
        complain "$copy was changed since it was made, and is left as it is. To start over: rm -r $copy"
    fi
    echo "$copy is a copy of $(model_of "$1") with one mistake in it. The bug report:"
    echo
    tell "$1" Symptom
    echo 'Find it, and fix it:'
    echo
    echo "    cd $copy"
    echo '    make check                # plays all scripts: which of them fail?'
    echo '    make play SCRIPT=hello    # one of them, step by step'
    echo "    make hint                 # stuck? There are $HINTS, one a call"
}

# --- Hints, and the answer --------------------------------------------------------------------------------------------

need_copy() { # NAME
    [ -n "$(names)" ] || complain 'There are no hints here: only copies were handed out.'
    [ -n "$1" ] || complain 'A hint for which one? make hint NAME=..., or make hint in the folder of a copy.'
    [ -e "$mistakes/$1.patch" ] || complain "There is no mistake $1 here. make mistakes lists them."
    [ -d "$copies/$1" ] || complain "There is no copy of $1 yet: make mistake NAME=$1"
}

# The functions that the mistake is in. diff says which lines were changed; a function's body begins with "{" in front.
functions_of() { # NAME
    made=$(mktemp -d) || exit 1
    trap 'rm -rf "$made"' EXIT
    make_copy_or_complain "$1" "$made/copy"
    file=$(changed_file "$1")
    diff -U0 "$file" "$made/copy/${file#*/}" | sed -n 's/^@@ .*+\([0-9]*\).*/\1/p' | awk '
        NR == FNR { changed[$1]; next }
        /^[A-Za-z_].*\(/ { head = $0 }
        /^\{/ { match(head, /[A-Za-z_0-9]+\(/); name = substr(head, RSTART, RLENGTH) ")" }
        FNR in changed && name != "" && !(name in told) { told[name]; print name }
        /^\}/ { name = "" }' - "$made/copy/${file#*/}" | paste -s -d ' ' | sed 's/ /, /g'
}

compared() { # NAME: a script that catches it and one that does not
    field "$1" Compare | sed 's/[.:].*//; s/,/ /g'
}

hint() { # NAME
    need_copy "$1"
    if is_found "$1"; then
        answer "$1"
        return
    fi
    number=$(($(hints_given "$1") + 1))
    if [ "$number" -gt "$HINTS" ]; then
        echo "You have had all $HINTS hints. The answer comes when make check passes in $copies/$1. Once more the last hint:"
        number=$HINTS
    fi
    file=$(changed_file "$1")
    functions=$(functions_of "$1") || exit
    printf 'Hint %d of %d. ' "$number" "$HINTS"
    case $number in
    1)
        echo 'The first of these two fails in the copy, the second does not. Play both: where do they begin to differ?'
        echo
        # shellcheck disable=SC2046 # two words
        printf '    make play SCRIPT=%s\n' $(compared "$1")
        echo
        field "$1" Compare | sed 's/[^.:]*[.:] *//' | indent
        ;;
    2)
        echo 'Run this in the folder of the copy, and watch the calls:'
        [ "${file#*/}" != client.c ] || echo '(The client needs a server: make run-01-blocking, in another terminal, in the project.)'
        echo
        printf '    %s\n\n' "$(field "$1" Watch | sed 's/: .*//')"
        field "$1" Watch | sed 's/[^:]*: //' | indent
        ;;
    3)
        echo "Read this in ${file#*/}. What does each line take for granted, and is one missing?"
        echo
        printf '    %s\n\n' "${functions:-what is declared above the first function}"
        ;;
    4)
        echo 'Its author thought:'
        echo
        tell "$1" Thought
        ;;
    esac
    echo "$number" >"$copies/$1/.hints"
}

answer() { # NAME
    file=$(changed_file "$1")
    echo "Found, with $(hints_given "$1") of $HINTS hints. The answer:"
    echo
    tell "$1" Answer
    echo "Yours (+) against the original (-), diff -u $file $copies/$1/${file#*/}:"
    echo
    diff -u "$file" "$copies/$1/${file#*/}" | sed 1,2d
    [ -n "$(diff "$file" "$copies/$1/${file#*/}")" ] || echo '    no difference'
}

found() { # NAME
    [ -e "$mistakes/$1.patch" ] || return 0 # handed out without the answers
    touch "$copies/$1/.found"
    echo
    answer "$1"
}

# --- Checking ---------------------------------------------------------------------------------------------------------

words() { # one a line, sorted; text in brackets is for the reader
    sed 's/([^)]*)//g' | tr -s ', ' '[\n*]' | sed '/^$/d' | sort
}

scripts() {
    for script in tests/scripts/servers/*.script tests/scripts/clients/*.script; do
        script=${script##*/}
        echo "${script%.script}"
    done | sort
}

# In the Test Anything Protocol a play is one line: "ok 7 - MODEL: SCRIPT" or "not ok 7 - MODEL: SCRIPT".
plays() { # FOLDER SCRIPTS OPTION...
    folder=$1 scripts=$2
    shift 2
    # shellcheck disable=SC2046 # two words for each script
    CMOCKA_MESSAGE_OUTPUT=TAP build/tests/player/check --model "$folder" "$@" $(sed 's/^/--script /' "$scripts") 2>>"$folder.why"
}

failed() { # reads such lines, writes the scripts of those that failed
    sed -n 's/^not ok [0-9]* - .*: //p' | sort
}

# One line on what is wrong with a mistake; nothing if all is well.
objection() { # NAME FOLDER
    for key in Symptom Thought 'Caught by' Compare Watch Answer; do
        [ -n "$(field "$1" "$key")" ] || { echo "its header has no $key:"; return; }
    done
    field "$1" 'Caught by' | words >"$2.must"
    field "$1" 'May also be caught by' | words | cat - "$2.must" | sort >"$2.may"
    scripts | comm -23 - "$2.may" >"$2.never"
    # shellcheck disable=SC2046 # its words
    set -- "$1" "$2" $(compared "$1")
    if [ $# -ne 4 ] || ! grep -qxF -- "$3" "$2.must" || ! grep -qxF -- "$4" "$2.never"; then
        echo 'its Compare: does not begin with a script that catches it and one that never does'
        return
    fi
    if ! field "$1" Watch | grep -q '^[^:]*\(make\|strace\) [^:]*: '; then
        echo 'its Watch: does not begin with a command and a colon'
        return
    fi
    if [ "$(changed_file "$1" | wc -l)" -ne 1 ]; then
        echo "it changes not one file, but $(changed_file "$1" | wc -l)"
        return
    fi
    if ! make_copy "$1" "$2" >"$2.said" 2>&1; then
        echo "no longer applies: $(grep -m 1 'FAILED\|[*]' "$2.said")"
        return
    fi
    if ! ${MAKE:-make} -s WERROR=1 FOUND="$2" "$2" >"$2.said" 2>&1; then
        echo "does not build: $(grep -m 1 'error' "$2.said")"
        return
    fi
    # Most scripts that catch it only wait for their time limit, some of them for a server that spins: not for too long.
    plays "$2" "$2.may" --jobs 24 --patience 2000 >"$2.said"
    plays "$2" "$2.never" >>"$2.said"
    if [ "$(grep -c '^\(not \)*ok ' "$2.said")" != "$(cat "$2.may" "$2.never" | wc -l)" ]; then
        echo "could not be played: $(tail -n 1 "$2.why")"
        return
    fi
    failed <"$2.said" >"$2.failed"
    comm -13 "$2.failed" "$2.must" >"$2.missed"
    comm -12 "$2.failed" "$2.never" >"$2.others"
    # On a busy machine both may be chance. A script that catches a mistake does so when it is played alone.
    missed='' others=''
    if [ -s "$2.missed" ]; then
        plays "$2" "$2.missed" --jobs 1 --patience 2000 | failed >"$2.caught"
        missed=$(comm -23 "$2.missed" "$2.caught" | xargs)
    fi
    [ ! -s "$2.others" ] || others=$(plays "$2" "$2.others" --jobs 1 | failed | xargs)
    [ -z "$missed" ] || echo "not caught by $missed, against its header"
    [ -z "$others" ] || echo "caught by $others, too, which its header does not name"
}

check_one() { # NAME
    folder=$scratch/$1
    objections=$(objection "$1" "$folder")
    if [ -z "$objections" ]; then
        printf '%-24s caught by %s\n' "$1" "$(comm -12 "$folder.failed" "$folder.may" | xargs)"
        return
    fi
    printf '%s\n' "$objections" | sed "s/^/FAILED: $1: /"
    return 1
}

checkable() { # the names, without those of models that are left out
    for name in $(names); do
        model=$(model_of "$name")
        if reason=$(grep -s "^$model " build/left-out); then
            echo "$name is not checked: $model is left out: ${reason#* }" >&2
        else
            echo "$name"
        fi
    done
}

check_all() {
    need_patch
    rm -rf "$scratch"
    mkdir -p "$scratch"
    checkable >"$scratch/names"
    xargs -P 3 -n 1 tests/mistakes/mistakes.sh check-one <"$scratch/names" || return 1
    echo "$(wc -l <"$scratch/names") mistakes, each caught by the scripts that it names and by no others"
}

case ${1-} in
list) list "${2-}" ;;
copy) hand_out "${2-}" ;;
hint) hint "${2-}" ;;
found) found "$2" ;;
check) check_all ;;
check-one) check_one "$2" ;;
*) complain 'usage: mistakes.sh list [MODEL] | copy NAME | hint NAME | found NAME | check' ;;
esac
