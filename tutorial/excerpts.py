"""excerpts - what a block of the tutorial quotes from a file of the project, and the diffs that change one.

A definition in C is found by its first line and its last, as clang-format lays them out: both begin in the first column. That
is no parser, but it cannot be silently wrong: what it finds must equal what the tutorial shows.
"""

import ast
import re


class Wrong(Exception):
    """What is wrong with a block, in words for its author."""


def read(root, path):
    file = root / path
    if path.startswith("/") or ".." in path or not file.is_file():
        raise Wrong(f"there is no file {path}")
    return file.read_text()


def c_definition(text, name):
    """With the comment directly above it, as lines; None where there is none."""
    comment = r"(?:^/\*(?:(?!\*/)[\s\S])*\*/\n|(?:^//.*\n)+)?"
    begins = (rf"^(?:(?:typedef )?(?:struct|union|enum) {name}(?=[ \t]*(?:\{{.*)?$)|typedef\b.*\b{name}\b(?=.*;)|"
              rf"(?:\w(?:(?!/\*|//).)*[ *])?{name}(?=\(|(?:\[.*\])?(?: =|;)))")
    defined = [rf"^#[ \t]*define {name}\b(?:.*\\\n)*.*$", rf"{begins}.*\{{.*\}}.*$", rf"{begins}[^;{{]*\{{[\s\S]*?^\}}.*$"]
    only_declared = rf"{begins}[^{{]*?;[ \t]*(?:/\*.*\*/|//.*)?$"  # a header has nothing better to show
    found = (re.search(rf"(?m){comment}(?:{'|'.join(defined)})", text) or re.search(rf"(?m){comment}{only_declared}", text))
    return found and found[0].splitlines()


def python_definition(text, name):
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            first = min(part.lineno for part in (node, *node.decorator_list)) - 1
            while first > 0 and lines[first - 1].lstrip().startswith("# "):
                first -= 1
            return lines[first:node.end_lineno]
    return None


def definition(path, text, name):
    found = python_definition(text, name) if path.endswith(".py") else c_definition(text, re.escape(name))
    if not found:
        raise Wrong(f"{path} does not define {name}")
    return found


def between(path, text, first_text, last_text):
    lines = text.splitlines()
    places = [i for i, line in enumerate(lines) if first_text in line]
    if len(places) != 1:
        raise Wrong(f'"{first_text}" is in {len(places) or "no"} lines of {path}, and must be in one')
    for last in range(places[0], len(lines)):
        if last_text in lines[last]:
            return lines[places[0]:last + 1]
    raise Wrong(f'"{last_text}" does not follow "{first_text}" in {path}')


def piece(path, text, words):
    quoted = [word for word, in_quotes in words if in_quotes]
    if not words or len(quoted) > 2 or 0 < len(quoted) < len(words):
        raise Wrong("either names, or one or two texts in quotes")
    if quoted:
        return between(path, text, quoted[0], quoted[-1])
    found = []
    for name, _ in words:
        found += [""] * bool(found) + definition(path, text, name)
    return found


def excerpt(root, path, words):
    """words: the info string after the path, as pairs of a text and whether it is in quotes. A + joins pieces."""
    text = read(root, path)
    if not words:
        return text.splitlines()
    pieces = [[]]
    for word in words:
        if word == ("+", False):
            pieces.append([])
        else:
            pieces[-1].append(word)
    return [line for words in pieces for line in piece(path, text, words)]


def apply(root, shown, path):
    """The text of a file after a diff. A hunk begins with @@ alone, without numbers: its lines say where it belongs."""
    text = read(root, path)
    hunks = re.split(r"(?m)^@@\n", "\n".join(shown))[1:]
    if not hunks:
        raise Wrong("there is no hunk in it: a line with @@ begins one")
    for hunk in hunks:
        lines = hunk.splitlines() or [""]
        old, new = ("".join(f"{line[1:]}\n" for line in lines if line[:1] != other) for other in "+-")
        places = re.findall(rf"(?m)^(?={re.escape(old)})", text)
        if len(places) != 1:
            raise Wrong(f'does not apply: the hunk that begins with "{lines[0]}" fits {len(places)} places in {path}, and must fit one')
        text = re.sub(rf"(?m)^{re.escape(old)}", lambda _: new, text)
    return text
