# awk -f apply.awk x.patch server.c - prints server.c as x.patch changes it.
#
# Stricter than patch(1), which counts lines and guesses where that fails: a hunk belongs where its text stands, to the
# letter, and that must be one place only. So a change elsewhere in the file does no harm, and nothing fits by mistake.

FNR == 1 { file++ }

file == 1 && /^@@ / {
    hunks++
    next
}
file == 1 {
    if (hunks > 0 && /^( |-|$)/)
        old[hunks] = old[hunks] substr($0, 2) "\n"
    if (hunks > 0 && /^( |\+|$)/)
        new[hunks] = new[hunks] substr($0, 2) "\n"
    next
}

{ text = text "\n" $0 }

function complain(what) {
    print what " in " FILENAME >"/dev/stderr"
    exit 1
}

END {
    text = text "\n"
    if (hunks == 0)
        complain("there is nothing to change")
    for (i = 1; i <= hunks; i++) {
        place = index(text, "\n" old[i])
        if (place == 0)
            complain("the text of hunk " i " is not found")
        after = substr(text, place + 1 + length(old[i]))
        if (index(substr(text, place + 1), "\n" old[i]) > 0)
            complain("the text of hunk " i " is found more than once")
        text = substr(text, 1, place) new[i] after
    }
    printf "%s", substr(text, 2)
}
