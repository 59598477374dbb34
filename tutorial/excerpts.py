"""excerpts - what a block of the tutorial quotes from a file of the project, and the diffs that change one.

A definition is found by its first line and its last, as clang-format lays them out: both begin in the first column. That
is no parser of C, but it cannot be silently wrong: what it finds must equal what the tutorial shows.
"""

import re


class Wrong(Exception):
    """What is wrong with a block, in words for its author."""


def read(root, path):
    file = root / path
    if path.startswith("/") or ".." in path or not file.is_file():
        raise Wrong(f"there is no file {path}")
    return file.read_text().splitlines()


def first_lines(path, name):
    """What the first line of a definition looks like."""
    if path.endswith(".py"):
        return rf"\s*(async )?(def|class) {name}\b"
    return (rf"#\s*define {name}\b|(typedef )?(struct|union|enum) {name}\s*(\{{.*)?$|typedef\b.*\b{name}\b.*;$|"
            rf"(\w.*[ *])?{name}\(|(\w.*[ *])?{name}(\[.*\])?( =|;)")


def last_line(path, lines, first):
    """The last line of what begins in the line `first`, and whether it is only a declaration."""
    last = first
    if path.endswith(".py"):
        indent = len(lines[first]) - len(lines[first].lstrip())
        inside = re.compile(rf"\s{{{indent + 1}}}|\)")  # the parenthesis of a signature that was broken into lines
        for i in range(first + 1, len(lines)):
            if lines[i] and not inside.match(lines[i]):
                break
            last = i if lines[i] else last
        return last, False
    if lines[first].startswith("#"):
        while lines[last].endswith("\\"):
            last += 1
        return last, False
    opened = False
    for last in range(first, len(lines)):
        line = lines[last]
        opened = opened or "{" in line
        if not opened and re.search(r";\s*(/\*.*\*/|//.*)?$", line):
            return last, True
        if line.startswith("}") or (last == first and opened and line.count("{") == line.count("}")):
            break
    return last, False


def comment_above(path, lines, first):
    """The first line of the comment directly above the line `first`, or `first` where there is none."""
    if path.endswith((".c", ".h")):
        i = first - 1
        if i >= 0 and lines[i].endswith("*/"):
            while i > 0 and "/*" not in lines[i]:
                i -= 1
            return i if lines[i].lstrip().startswith("/*") else first
        marks = ("//",)
    else:
        marks = ("# ", "@")
    while first > 0 and lines[first - 1].lstrip().startswith(marks):
        first -= 1
    return first


def definition(path, lines, name):
    begins = re.compile(first_lines(path, re.escape(name)))
    declared = None
    for first, line in enumerate(lines):
        if begins.match(line):
            last, only_declared = last_line(path, lines, first)
            found = lines[comment_above(path, lines, first):last + 1]
            if not only_declared:
                return found
            declared = declared or found  # a header has nothing better to show
    if not declared:
        raise Wrong(f"{path} does not define {name}")
    return declared


def between(path, lines, first_text, last_text):
    places = [i for i, line in enumerate(lines) if first_text in line]
    if len(places) != 1:
        raise Wrong(f'"{first_text}" stands in {len(places) or "no"} lines of {path}, and must in one')
    first = places[0]
    for last in range(first, len(lines)):
        if last_text in lines[last]:
            return lines[first:last + 1]
    raise Wrong(f'"{last_text}" does not follow "{first_text}" in {path}')


def piece(path, lines, words):
    texts = [text for text, in_quotes in words if in_quotes]
    if not words or len(texts) > 2 or 0 < len(texts) < len(words):
        raise Wrong("either names, or one or two texts in quotes")
    if texts:
        return between(path, lines, texts[0], texts[-1])
    found = []
    for name, _ in words:
        found += [""] * bool(found) + definition(path, lines, name)
    return found


def excerpt(root, path, words):
    """words: what the info string says behind the path, as pairs of a text and whether it stands in quotes. A + puts pieces
    together."""
    lines = read(root, path)
    if not words:
        return lines
    pieces = [[]]
    for word in words:
        if word == ("+", False):
            pieces.append([])
        else:
            pieces[-1].append(word)
    return [line for words in pieces for line in piece(path, lines, words)]


# --- Diffs ---

NUMBERED = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@(.*)")


def hunks(shown, path):
    """Yields path, place of its header in `shown`, old lines and new lines of each hunk."""
    header = None
    old, new = [], []
    for i, line in enumerate(shown + ["@@"]):
        ends = line.startswith(("@@", "diff --git ")) or (line.startswith("--- ") and shown[i + 1:][:1] and
                                                          shown[i + 1].startswith("+++ "))
        if ends and header is not None:
            yield path, header, old, new
            header = None
        if line.startswith("@@"):
            header, old, new = i, [], []
        elif header is None:
            if line.startswith("+++ "):
                path = re.sub(r"^b/", "", line[4:].split("\t")[0])
        elif not line.startswith("\\"):
            if not line.startswith("+"):
                old.append(line[1:])
            if not line.startswith("-"):
                new.append(line[1:])


def apply(root, shown, named):
    """The files that a diff changes, with their new lines, and the diff itself with its numbers brought up to date. A
    header `@@` without numbers stays one: then its lines say where it belongs."""
    files, fresh, moved = {}, list(shown), {}
    for path, header, old, new in hunks(shown, named):
        lines = read(root, path) if old else []
        if not old and (root / path).exists():
            raise Wrong(f"a hunk without a line of {path} that is there")
        numbers = NUMBERED.match(shown[header])
        places = [i for i in range(len(lines) - len(old) + 1) if lines[i:i + len(old)] == old]
        if numbers and int(numbers[1]) - 1 in places:
            places = [int(numbers[1]) - 1]
        if len(places) != 1:
            which = "is not in" if not places else f"stands {len(places)} times in"
            raise Wrong(f"does not apply: what {shown[header]} begins with {old[:1]} {which} {path}")
        shift = moved.get(path, 0)
        if numbers:
            start = places[0] + bool(old)
            fresh[header] = f"@@ -{start},{len(old)} +{start + shift},{len(new)} @@{numbers[2]}"
        changed = files.setdefault(path, lines)
        files[path] = changed[:places[0] + shift] + new + changed[places[0] + shift + len(old):]
        moved[path] = shift + len(new) - len(old)
    if not files:
        raise Wrong("there is no hunk in it")
    return files, fresh
