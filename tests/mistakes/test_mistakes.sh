#!/bin/sh
# test_mistakes.sh - does make check-mistakes see a mistake that is no longer what its header says, does make mistake hand
# out what it should, and does make hint say one thing more each time, and the answer in the end only? The programs must be
# built.

set -u
cd "$(dirname "$0")/../.." || exit 1

export MISTAKES=build/test-mistakes/patches COPIES=build/test-copies SCRATCH=build/test-mistakes/scratch
good=tests/mistakes/takes-everybody-along.patch # one that is caught at once: nothing waits for a time limit
said=build/test-mistakes/said
passed=0 failed=0

verdict() { # STATUS WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAILED: $2; it said:"
    sed 's/^/    /' "$said"
}

says() { # LINE
    grep -qxF -- "$1" "$said"
    verdict $? "it does not say '$1'"
}

status_is() { # STATUS WANTED
    [ "$1" = "$2" ]
    verdict $? "exit status $1, not $2"
}

patch() { # NAME SED-COMMANDS: the good one, changed
    sed "$2" "$good" >"$MISTAKES/$1.patch"
}

checking() {
    patch as-it-is ''
    tests/mistakes/mistakes.sh check >"$said" 2>&1
    status_is $? 0
    says '1 mistakes, each caught by the scripts that it names and by no others'

    patch moved-on 's/^ static void hang_up/ static void hang_on/'
    patch changes-nothing '/^+++/q'
    patch twice '/^+++/q'
    printf '%s\n' '@@ -1 +1 @@' '-        hang_up(c);' '+        c->open = false;' >>"$MISTAKES/twice.patch"
    patch lines-off 's/^@@ -\([0-9]*\)/@@ -1\1/'
    patch two-files 's|^+++.*|&\n+++ b/04-thread-per-client/client.c|'
    patch not-c 's/^+ *exit.*/+ exit(;/'
    patch warned-of 's/^+ *exit.*/+ int n = 1; exit(1);/'
    patch no-such-header '/^Symptom:/d'
    patch compares-nothing '/^Compare:/d'
    patch compares-one 's/^Compare: reset, hello/Compare: reset/'
    patch compares-three 's/^Compare: reset, hello/&, binary/'
    patch compares-what-passes 's/^Compare: reset/Compare: binary/'
    patch compares-what-fails 's/^Compare: reset, hello/Compare: reset, churn/'
    patch compares-what-may-fail 's/^Compare: reset, hello/Compare: reset, stuck-crowd/'
    patch watches-without-command 's/^Watch: make/Watch: look at/'
    patch names-too-many 's/^Caught by: /&binary, /'
    patch names-too-few 's/^Caught by: churn, /Caught by: /'
    patch may-or-may-not 's/^Caught by: churn, \(.*\)/Caught by: \1\nMay also be caught by: churn, binary (now and then)/'
    tests/mistakes/mistakes.sh check >"$said" 2>&1
    status_is $? 1
    grep -q '^FAILED: moved-on: no longer applies: Hunk #1 FAILED at ' "$said"
    verdict $? 'a patch that no longer applies is not noticed'
    says 'FAILED: changes-nothing: no longer applies: patch: **** Only garbage was found in the patch input.'
    says 'FAILED: two-files: it changes not one file, but 2'
    says 'FAILED: twice: no longer applies: FAILED: a hunk fits in more than one place'
    grep -q '^FAILED: not-c: does not build: .*error: expected expression' "$said"
    verdict $? 'what does not build is not noticed'
    grep -q '^FAILED: warned-of: does not build: .*error: unused variable' "$said"
    verdict $? 'a warning is not noticed'
    says 'FAILED: no-such-header: its header has no Symptom:'
    says 'FAILED: compares-nothing: its header has no Compare:'
    for compared in one three what-passes what-fails what-may-fail; do
        says "FAILED: compares-$compared: its Compare: does not begin with a script that catches it and one that never does"
    done
    says 'FAILED: watches-without-command: its Watch: does not begin with a command and a colon'
    says 'FAILED: names-too-many: not caught by binary, against its header'
    says 'FAILED: names-too-few: caught by churn, too, which its header does not name'
    grep -q '^lines-off  *caught by churn ' "$said"
    verdict $? 'line numbers that are off do harm'
    grep -q '^may-or-may-not  *caught by churn ' "$said"
    verdict $? 'what may also catch it is taken for wrong'
    grep -q '^as-it-is  *caught by churn ' "$said"
    verdict $? 'the good one is not in order beside the others'
}

handing_out() {
    copy=$COPIES/as-it-is
    tests/mistakes/mistakes.sh copy as-it-is >"$said" 2>&1
    status_is $? 0
    grep -q 'give_up' "$copy/server.c"
    verdict $? 'the mistake is not in the copy'
    ! grep -rqE 'Symptom|Thought|Answer|Caught|patch' "$copy"
    verdict $? 'there is more in the copy than the mistake'
    cmp -s 04-thread-per-client/client.c "$copy/client.c" && cmp -s 04-thread-per-client/needs "$copy/needs"
    verdict $? 'the rest of the model is not as it was'

    tests/mistakes/mistakes.sh copy as-it-is >"$said" 2>&1
    status_is $? 0

    echo '/* my work */' >>"$copy/server.c"
    cp "$copy/server.c" "$copy.mine"
    tests/mistakes/mistakes.sh copy as-it-is >"$said" 2>&1
    status_is $? 1
    says "$copy was changed since it was made, and is left as it is. To start over: rm -r $copy"
    cmp -s "$copy/server.c" "$copy.mine"
    verdict $? 'somebody lost their work'

    env -u MAKEFLAGS make -C "$copy" check SCRIPT=reset >"$said" 2>&1
    verdict $((! $?)) 'the copy passes its check'
    cp 04-thread-per-client/server.c "$copy/"
    env -u MAKEFLAGS make -C "$copy" check SCRIPT=reset >"$said" 2>&1
    verdict $? 'the copy does not pass its check when it is fixed'
    env -u MAKEFLAGS make -C "$copy" play SCRIPT=reset >"$said" 2>&1
    says 'passes'
    # shellcheck disable=SC2016 # neither the shell's $ nor make's
    env -u MAKEFLAGS make -C "$copy" play ARGS='-k $x' >"$said" 2>&1
    # shellcheck disable=SC2016
    says '  | server: -k takes a whole number from 2 to 32767, not "$x"'
    if command -v strace >/dev/null; then
        env -u MAKEFLAGS make -C "$copy" trace SCRIPT=hello STRACE='-e sendto' >"$said" 2>&1
        grep -q 'sendto(.*"HELLO"' "$copy/trace" && ! grep -q 'recvfrom(' "$copy/trace"
        verdict $? 'the calls in a conversation are not in the file trace'
    fi

    tests/mistakes/mistakes.sh copy moved-on >"$said" 2>&1
    status_is $? 1
    says 'Was 04-thread-per-client/server.c changed, in an exercise? A mistake is put into the original: git stash, the same once more, git stash pop.'

    tests/mistakes/mistakes.sh copy nobodys >"$said" 2>&1
    status_is $? 1
    says 'There is no mistake nobodys. make mistakes lists them.'
}

hint() { # NAME STATUS
    tests/mistakes/mistakes.sh hint "$1" >"$said" 2>&1
    status_is $? "$2"
}

shows_progress() { # WORDS
    tests/mistakes/mistakes.sh list >"$said" 2>&1
    says "$hunted (04-thread-per-client)$1"
}

# Plays a few scripts only: it is the target that is under test.
check_copy() { # ARGUMENT...
    env -u MAKEFLAGS -u MODEL make -C "$copy" check CHECK_ARGS='--script reset --script hello' "$@" >"$said" 2>&1
}

has_no_answer() { # WHEN
    ! grep -qE 'Found|Answer|exit\(\) ends the process' "$said"
    verdict $? "there is an answer $1"
}

hunting() {
    hunted=as-it-is copy=$COPIES/as-it-is
    rm -rf "$copy"
    hint $hunted 1
    says "There is no copy of $hunted yet: make mistake NAME=$hunted"
    hint nobodys 1
    says 'There is no mistake nobodys here. make mistakes lists them.'
    hint '' 1
    says 'A hint for which one? make hint NAME=..., or make hint in the folder of a copy.'
    shows_progress ''

    tests/mistakes/mistakes.sh copy $hunted >"$said" 2>&1
    shows_progress ': not found yet, 0 of 4 hints'
    env -u MAKEFLAGS make -C "$copy" hint >"$said" 2>&1
    grep -q '^Hint 1 of 4\.' "$said"
    verdict $? 'make hint in the copy is not the first hint'
    says '    make play SCRIPT=reset'
    says '    make play SCRIPT=hello'
    hint $hunted 0
    says 'Hint 2 of 4. Run this in the folder of the copy, and watch the calls:'
    says '    make trace SCRIPT=reset'
    hint $hunted 0
    says '    receive(), answer()'
    has_no_answer 'in the third hint'
    shows_progress ': not found yet, 3 of 4 hints'
    hint $hunted 0
    says 'Hint 4 of 4. Its author thought:'
    hint $hunted 0
    says "You have had all 4 hints. The answer comes when make check passes in $copy. Once more the last hint:"
    says 'Hint 4 of 4. Its author thought:'
    has_no_answer 'in the last hint'

    check_copy
    verdict $((! $?)) 'the copy passes its check'
    has_no_answer 'although scripts fail'
    cp 04-thread-per-client/server.c "$copy/"
    echo '/* my work */' >>"$copy/server.c"
    check_copy SCRIPT=hello
    has_no_answer 'although one script passes only'
    check_copy ARGS=-v
    has_no_answer 'although the scripts for clients were not played'
    shows_progress ': not found yet, 4 of 4 hints'

    check_copy
    verdict $? 'the copy does not pass its check when it is fixed'
    says 'Found, with 4 of 4 hints. The answer:'
    grep -q 'exit() ends the process' "$said"
    verdict $? 'the answer is not given'
    says '+/* my work */'
    shows_progress ': found, with 4 of 4 hints'
    hint $hunted 0
    says 'Found, with 4 of 4 hints. The answer:'

    rm -rf "$copy"
    tests/mistakes/mistakes.sh copy $hunted >"$said" 2>&1
    sed -i 's/^ static void hang_up/ static void hang_on/' "$MISTAKES/$hunted.patch"
    hint $hunted 1
    grep -q '^Was 04-thread-per-client/server.c changed, in an exercise?' "$said"
    verdict $? 'it does not say why there is no hint for a model that was changed'
    shows_progress ': not found yet, 0 of 4 hints'
}

# What if the patches were not handed out, for an examination?
without_patches() {
    cp 04-thread-per-client/server.c "$copy/"
    hidden=$MISTAKES
    MISTAKES=build/test-mistakes/none
    hint as-it-is 1
    says 'There are no hints here: only copies were handed out.'
    tests/mistakes/mistakes.sh list >"$said" 2>&1
    says 'There are no mistakes here: only copies were handed out.'
    check_copy
    verdict $? 'the copy does not pass its check when it is fixed'
    has_no_answer 'without a patch'
    MISTAKES=$hidden
}

telling() {
    rm -rf "$COPIES"
    tests/mistakes/mistakes.sh list >"$said" 2>&1
    says 'as-it-is (04-thread-per-client)'
    ! grep -qE 'reset|churn|exit|ECONNRESET' "$said"
    verdict $? 'the list spoils the hunt'

    sed 's|04-thread-per-client/|05-select/|' "$good" >"$MISTAKES/of-select.patch"
    listing MODEL=05-select
    says 'of-select (05-select)'
    ! grep -q '(04-' "$said"
    verdict $? 'with a model, the mistakes of others are listed, too'
    listing
    says 'of-select (05-select)'
    says 'as-it-is (04-thread-per-client)'
    tests/mistakes/mistakes.sh list 01-blocking >"$said" 2>&1
    status_is $? 0
    says 'There is no mistake for 01-blocking. make mistakes lists those of all models.'
    tests/mistakes/mistakes.sh list 05-selekt >"$said" 2>&1
    status_is $? 1
    says 'There is no model 05-selekt.'
    [ "$(wc -l <"$said")" = 1 ]
    verdict $? 'of an unknown model it says more than one line'
}

listing() { # [MODEL=...]: as it is called by hand
    env -u MAKEFLAGS -u MODEL make -s mistakes "$@" >"$said" 2>&1
}

rm -rf build/test-mistakes "$COPIES"
mkdir -p "$MISTAKES"
checking
handing_out
telling
hunting
without_patches
echo "test_mistakes: $passed passed, $failed failed"
[ $failed = 0 ]
