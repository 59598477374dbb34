#!/usr/bin/env python3
"""check - is what the tutorial says still true?

    check.py [--update] [--section WORDS] [FILE.md]

Compares excerpts with the files, tries the diffs, runs the commands and compares what they print, and looks up links,
names and figures. Each finding is a line `FILE:LINE: what is wrong`; the exit status is 1 if there is one.
With --update, excerpts and outputs are replaced by the present ones.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in a source folder

import document
import excerpts
import project
import rules
import section
from console import GAP, is_gap

TOOLS = ("cmark-gfm", "git", "ip", "nc", "patch", "ps", "ss", "strace")
NEED_A_PATH = ("c", "python", "diff")


def is_runnable(block):
    return block.language in ("console", "diff")


def left_out(part, models):
    """The first of these models that stands in what is run of the section, or in what that prints."""
    run = "\n".join(line for block in part.blocks if is_runnable(block) for line in [word for word, _ in block.words] + block.lines)
    return next((model for model in models if model in run), None)


def check_wildcards(block, find):
    for number, line in enumerate(block.lines, block.line + 1):
        if GAP in line and not is_gap(line) and not line.startswith("$ ") and not re.search(r"\w", line):
            find(number, f"a line with nothing but {GAP} and punctuation says nothing: {line.strip()}")


def present(root, block):
    """What an excerpt should be by now; other blocks are what they should be if they are not wrong."""
    path = block.words[0][0] if block.words else None
    if block.language in NEED_A_PATH and not path:
        raise excerpts.Wrong(f"```{block.language} needs a path after it")
    if block.language == "diff":
        excerpts.apply(root, block.lines, path)
    return excerpts.excerpt(root, path, block.words[1:]) if path and not is_runnable(block) else block.lines


def check_blocks(options, blocks, find):
    """Compares blocks with the files. Returns, by the line of a block, the lines that it should have."""
    updates = {}
    for block in blocks:
        try:
            fresh = present(options.root, block)
        except excerpts.Wrong as wrong:
            find(block.line, str(wrong))
            continue
        if block.language == "console":
            check_wildcards(block, find)
        elif fresh != block.lines and options.update:
            updates[block.line] = fresh
        elif fresh != block.lines:
            diff = difflib.unified_diff(block.lines, fresh, lineterm="", n=2)
            find(block.line, f"differs from {block.words[0][0]}", list(diff)[2:])
    return updates


def write_updates(path, blocks, updates):
    """From the end, so that earlier lines keep their numbers."""
    lines = path.read_text().split("\n")
    for block in sorted(blocks, key=lambda block: -block.line):
        if block.line in updates:
            lines[block.line:block.end - 1] = [block.indent + line if line else "" for line in updates[block.line]]
    path.write_text("\n".join(lines))


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", metavar="FILE.md", help="otherwise TUTORIAL.md")
    parser.add_argument("--update", action="store_true", help="replace excerpts and outputs by the present ones")
    parser.add_argument("--section", default="", metavar="WORDS", help="only sections (## headings) with WORDS in the title")
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, type=Path, help="of the project")
    parser.add_argument("--run", type=int, metavar="LINE", help=argparse.SUPPRESS)  # of a section: section.py calls us so
    options = parser.parse_args(arguments)
    options.file = Path(options.file) if options.file else options.root / "TUTORIAL.md"
    return options


def main(arguments):
    started = time.monotonic()
    options = parse_options(arguments)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        sys.exit(f"check.py: missing: {', '.join(missing)}. ./setup.sh tutorial trace installs that.")
    if not options.file.is_file():
        sys.exit(f"check.py: there is no {options.file}")
    items = document.parse(options.file)
    sections = document.sections(items)
    if options.run:
        part = next(part for part in sections if part.first == options.run)
        section.run(options.root, filter(is_runnable, part.blocks), options.update)
    chosen = [part for part in sections if part.items and options.section.lower() in part.title.lower()]
    if not chosen:
        sys.exit(f"check.py: no section of {options.file} has {options.section} in its title")
    if subprocess.run(["make", "--silent", f"-j{os.cpu_count()}"], cwd=options.root, env=project.environment()).returncode != 0:
        return 1
    reasons = project.left_out(options.root)
    for part in list(chosen):
        model = left_out(part, reasons)
        if not model:
            continue
        chosen.remove(part)
        print(f"{options.file.name}: not checked, because {model} is left out ({reasons[model]}): the section {part.title}")

    findings = []

    def find(line, text, diff=()):
        if any(part.first <= line <= part.last for part in chosen):
            findings.append((line, text, list(diff)))

    results = section.run_all(options, [part.first for part in chosen if any(map(is_runnable, part.blocks))])
    blocks = [block for part in chosen for block in part.blocks]
    updates = check_blocks(options, blocks, find)
    names = project.Names(options.root)
    for result in results:
        names.paths.update(result["made"])
        updates.update({int(line): lines for line, lines in result["updated"].items()})
        for line, text, diff in result["findings"]:
            find(line, text, diff)
    rules.check_text(options.root, items, names, find)
    if options.update:
        write_updates(options.file, blocks, updates)

    for line, text, diff in sorted(findings):
        print(f"{options.file.name}:{line}: {text}", *diff, sep="\n    ")
    not_allowed = [line for result in results for line in result["left_out"]]
    if not_allowed:
        print(f"{options.file.name}: not run, because unshare is not allowed here: the commands in lines {', '.join(map(str, not_allowed))}")
    commands = sum(line.startswith("$ ") for block in blocks if block.language == "console" for line in block.lines)
    print(f"{options.file.name}: {len(chosen)} sections, {len(blocks)} blocks, {commands} commands: {len(findings)} findings "
          f"in {time.monotonic() - started:.0f} s")
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads has read enough
        os._exit(1)
