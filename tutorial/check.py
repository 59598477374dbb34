#!/usr/bin/env python3
"""check - is what the tutorial says still so?

    check.py [--update] [--section WORDS] [FILE.md]

Compares the excerpts with the files, applies the diffs, runs the commands and compares what they print, and looks for
what the links, names and figures mean. Each finding is a line `FILE:LINE: what is wrong`; the exit status is 1 if there
is one. With --update the excerpts, outputs and numbers of diffs are replaced by the present ones instead.

Sections (## headings) run side by side, each in a copy of the project of its own. Where the system allows it, a section
has its own network, so that every one can use port 9000, and its own processes: none can outlive it.
"""

import argparse
import concurrent.futures
import difflib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

sys.dont_write_bytecode = True  # nothing is left in a source folder

import excerpts
from console import GAP, Session, is_gap

SIDE_BY_SIDE = 4
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
TOOLS = {"cmark-gfm": "cmark-gfm", "nc": "netcat-openbsd", "strace": "strace", "git": "git", "make": "make"}
FIGURES = "tutorial/figures/"
NEED_A_PATH = ("c", "python")
PATH_ENDINGS = (".c", ".h", ".script", ".md", ".py", ".txt", ".sh", ".patch", ".mk", ".html", ".json")
CALLS = set("""accept4 bind clock_gettime connect dup2 epoll_create1 epoll_ctl epoll_wait execve exit fork getsockopt kevent
    kqueue listen mmap nanosleep pipe ppoll pselect read readv recvfrom recvmsg sendfile sendmsg sendto setsockopt shutdown
    sigaction socketpair splice wait waitpid write writev""".split())
NUMBER = re.compile(r"(?<![\w.,-])\d[\d.,]*(?<=\d)(?![\w])")


class Finding(NamedTuple):
    line: int
    text: str
    diff: list


class Item(NamedTuple):
    """A piece of the text, in the order of reading."""
    kind: str  # heading, block, link, image, code, text
    line: int
    text: str
    level: int = 0  # of a heading
    target: str = ""  # of a link or an image


class Block(NamedTuple):
    line: int  # of its first fence
    end: int  # of its last one
    indent: str
    language: str
    words: list  # (text, whether it stands in quotes)
    lines: list


# --- Reading ---

def text_of(node):
    return "".join(node.itertext())


def items_of(node, line, lines, found):
    """Appends the items and blocks below a node of cmark-gfm's tree. Not every inline node says in which line it is."""
    line = int(node.get("sourcepos", f"{line}:").split(":")[0])
    if node.tag == "code_block":
        last = int(node.get("sourcepos").split("-")[1].split(":")[0])
        fence = re.match(r"([\s>]*)(?:[-*+]\s+|\d+[.)]\s+)?(```+|~~~+)\s*(.*)", lines[line - 1])
        info = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', fence[3] if fence else "")
        words = [(quoted.replace('\\"', '"') or plain, not plain) for quoted, plain in info]
        language = words.pop(0)[0] if words else ""
        body = (node.text or "").split("\n")[:-1]
        found.append(Block(line, last, fence[1] if fence else "", language, words, body))
    elif node.tag in ("heading", "link", "image", "code", "text", "html_block", "html_inline"):
        level, target = int(node.get("level", 0)), node.get("destination", "")
        found.append(Item(node.tag, line, re.sub(r"\s+", " ", text_of(node)), level, target))
    if node.tag == "heading":  # its text is one item, what else is in it follows
        children = [child for child in node.iter() if child.tag in ("link", "code")]
    else:
        children = node
    for child in children:
        if node.tag != "link" or child.tag != "text":
            items_of(child, line, lines, found)


def parse(path):
    command = "cmark-gfm -t xml --sourcepos --full-info-string -e table -e autolink -e strikethrough -e tasklist"
    xml = subprocess.run([*command.split(), path], check=True, capture_output=True, text=True).stdout
    tree = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"| xml:space="[^"]*"', "", xml))
    for node in tree.iter():
        if node.tag not in ("text", "code", "code_block", "html_block", "html_inline"):
            node.text = " " if node.tag in ("softbreak", "linebreak") else None
        node.tail = None
    found = []
    items_of(tree, 1, path.read_text().splitlines(), found)
    return found


def slugs(items):
    """The anchors that GitHub gives to headings."""
    found, times = set(), {}
    for item in items:
        if isinstance(item, Item) and item.kind == "heading":
            slug = re.sub(r"[^\w\- ]", "", item.text.strip().lower()).replace(" ", "-")
            found.add(f"{slug}-{times[slug]}" if slug in times else slug)
            times[slug] = times.get(slug, 0) + 1
        elif isinstance(item, Item) and item.kind.startswith("html"):
            found.update(re.findall(r'(?:id|name)="([^"]+)"', item.text))
    return found


def sections(items):
    """(title, items) for each ## heading, and for what comes before the first."""
    found = [("", [])]
    for item in items:
        if isinstance(item, Item) and item.kind == "heading" and item.level == 2:
            found.append((item.text, []))
        found[-1][1].append(item)
    return found


# --- The project ---

def output_of(root, *command):
    return subprocess.run(command, cwd=root, env=environment(None), capture_output=True, text=True).stdout


def environment(home):
    """What a command finds, whoever runs the check, from make or not."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def source_files(root):
    listed = output_of(root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted(path for path in set(listed) - {""} if (root / path).is_file())


def copy_project(root, to):
    """The sources and what make builds of them, which build/ keeps under the same names, with their times: nothing is
    built again."""
    files = source_files(root)
    for path in files:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, to / path)
    for folder in {path.split("/")[0] for path in files if "/" in path}:
        if (root / "build" / folder).is_dir():
            shutil.copytree(root / "build" / folder, to / "build" / folder, symlinks=True)


def paths_below(folder):
    """All files and folders."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


class Project:
    """What names in the text may mean."""

    def __init__(self, root):
        self.root = root
        files = source_files(root)
        self.paths = {str(path) for file in files for path in [Path(file), *Path(file).parents]}
        self.paths |= {"build", *(f"build/{path}" for path in paths_below(root / "build") if path.split("/")[0] in self.paths)}
        database = output_of(root, "make", "--question", "--print-data-base", "--no-builtin-rules")
        model_make = root / "common/model.mk"
        database += model_make.read_text() if model_make.exists() else ""
        self.targets = {target for line in re.findall(r"^\.PHONY:(.*)", database, re.M) for target in line.split()}
        self.models = sorted(path.parent.name for path in root.glob("[0-9][0-9]-*/server.c"))
        self.names = {"MODEL": self.models, "MODELS": self.models,
                      "SCRIPT": [path.stem for path in root.glob("tests/scripts/*/*.script")],
                      "NAME": [path.stem for path in root.glob("tests/mistakes/*.patch")]}
        self.words = CALLS.union(*(re.findall(r"\w+", (root / path).read_text(errors="ignore"))
                                   for path in files if not path.endswith((".md", ".png"))))

    def has_path(self, path):
        return path in self.paths or any(known.endswith("/" + path) for known in self.paths)


# --- Rules for the text ---

def check_headings(items, find):
    level = 0
    for item in items:
        if item.kind == "heading":
            if item.level > level + 1:
                find(item.line, f"a heading of level {item.level} below one of level {level}: {item.text}")
            level = item.level


def check_link(item, project, anchors, find):
    parts = urllib.parse.urlsplit(item.target)
    if parts.scheme:
        if parts.scheme in ("http", "https") and not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc):
            find(item.line, f"no address: {item.target}")
        return
    path = urllib.parse.unquote(parts.path).rstrip("/")
    if path and (path not in project.paths or path.split("/")[0] == "build"):
        find(item.line, f"a link to what is not there: {item.target}")
        return
    if parts.fragment and (not path or path.endswith(".md")):
        known = slugs(parse(project.root / path)) if path else anchors
        if urllib.parse.unquote(parts.fragment) not in known:
            find(item.line, f"a link to a heading that is not there: {item.target}")
    if path.startswith(FIGURES) and item.kind == "link":
        words = r"\s+".join(map(re.escape, item.text.split()))
        if not re.search(rf"(?<![\w.,]){words}(?![\w])", (project.root / path).read_text()):
            find(item.line, f'"{item.text}" does not stand in {path}')


def check_code(item, project, find):
    """What is written as code in the running text: paths, targets of make, scripts and models, functions."""
    text = item.text
    if text.startswith("make ") or text == "make":
        for word in re.sub(r"#.*|[A-Z_]+=('[^']*'|\S+)|-\S+( \S*/\S*)?", "", text).split()[1:]:
            if word.replace("MODEL", (project.models or [""])[0]) not in project.targets | {GAP, "..."}:
                find(item.line, f"make has no target {word}: {text}")
    for variable, values in re.findall(r"\b(MODELS?|SCRIPT|NAME)=('[^']*'|\S+)", text):
        for value in values.strip("'").split():
            if value not in project.names[variable] and "/" not in value and not re.fullmatch(r"[A-Z]+|…|\.\.\.", value):
                find(item.line, f"there is no {variable} {value}: {text}")
    called = re.fullmatch(r"(\w+)\(\)", text)
    if called and called[1] not in project.words:
        find(item.line, f"no file of the project knows {text}")
    is_path = not re.search(r"[\s*{}()<>$=…]|://|\.\.\.", text) and not text.startswith(("/", "~", "."))
    path = re.sub(r":\d+$", "", text).rstrip("/")
    if is_path and ("/" in text or text.endswith(PATH_ENDINGS)) and text not in PATH_ENDINGS and not project.has_path(path):
        find(item.line, f"there is no {text}")


def check_costs(items, find):
    """What it costs is measured: a number comes from a file of figures, by a link or an excerpt."""
    level, shown, numbers = 0, set(), []

    def compare():
        for line, number in numbers:
            is_small = number.isdigit() and int(number) <= 10
            if not is_small and number not in shown:
                find(line, f"{number} comes from no file in {FIGURES}")

    for item in items:
        if isinstance(item, Block):
            if item.words and item.words[0][0].startswith(FIGURES):
                shown.update(NUMBER.findall("\n".join(item.lines)))
        elif item.kind == "heading" and (not level or item.level <= level):
            compare()
            level, shown, numbers = (item.level if item.text.startswith("What it costs") else 0), set(), []
        elif level and item.kind == "text":
            numbers += [(item.line, number) for number in NUMBER.findall(item.text)]
    compare()


def check_figures(root, find):
    """A file of figures says which machine and which command it is of, and the command is one that makes it."""
    maker = root / "tutorial/figures.sh"
    for file in sorted((root / FIGURES).glob("*.txt")):
        head = file.read_text().splitlines()[:2]
        if len(head) < 2 or not all(line.startswith("# ") for line in head):
            find(1, f"{FIGURES}{file.name} does not begin with the machine and the command")
        elif not maker.exists() or head[1][2:] not in maker.read_text():
            find(1, f"{FIGURES}{file.name} is of a command that make tutorial-figures does not know: {head[1][2:]}")


def check_text(items, project, find):
    inline = [item for item in items if isinstance(item, Item)]
    anchors = slugs(items)
    for item in inline:
        if item.kind in ("link", "image"):
            check_link(item, project, anchors, find)
        elif item.kind == "code":
            check_code(item, project, find)
    check_headings(inline, find)
    check_costs(items, find)


# --- Rules for blocks ---

def check_block(root, block, find):
    """Compares an excerpt. Returns the lines that the block should have, if others."""
    paths = [text for text, in_quotes in block.words[:1]]
    try:
        if block.language == "diff":
            if not paths:
                raise excerpts.Wrong("a diff needs a model or a path: ```diff 05-select")
            _, fresh = excerpts.apply(root, block.lines, paths[0])
            if fresh != block.lines:
                find(block.line, "the numbers of the diff are not those of the file any more", difference(block.lines, fresh))
                return fresh
        elif block.language == "console":
            for number, line in enumerate(block.lines, block.line + 1):
                if GAP in line and not is_gap(line) and not line.startswith("$ ") and not re.search(r"\w", line):
                    find(number, f"a line of which only {GAP} is left says nothing: {line.strip()}")
        elif paths:
            fresh = excerpts.excerpt(root, paths[0], block.words[1:])
            if fresh != block.lines:
                find(block.line, f"differs from {paths[0]}", difference(block.lines, fresh))
                return fresh
        elif block.language in NEED_A_PATH:
            raise excerpts.Wrong(f"{block.language} without a path: ```{block.language} PATH [NAME...], or ```text")
    except excerpts.Wrong as wrong:
        find(block.line, str(wrong))
    return None


def difference(shown, present):
    return list(difflib.unified_diff(shown, present, "shown", "present", lineterm="", n=2))[2:]


def check_solution(root, folder, block, find):
    """A diff is a solution: what it changes must build without a warning and, if it says so, pass the checks."""
    try:
        files, _ = excerpts.apply(root, block.lines, block.words[0][0])
    except (excerpts.Wrong, IndexError):
        return  # is reported already
    copy_project(root, folder)
    for path, lines in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("\n".join(lines) + "\n")
    model = block.words[0][0].split("/")[0]
    only_model = all(path.startswith(model + "/") for path in files) and (folder / model / "server.c").exists()
    goals = [model] if only_model else ["all"]
    if ("check", False) in block.words:
        goals.append("check-" + model)
    for goal in goals:
        made = subprocess.run(["make", "--silent", "WERROR=1", goal], cwd=folder, env=environment(folder), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if made.returncode != 0:
            find(block.line, f"with this diff, make {goal} fails", made.stdout.splitlines()[-12:])
            return


# --- Sections ---

def run_section(root, blocks, is_update):
    """Runs in a process, and if possible in namespaces, of its own. What it has found goes to standard output as JSON."""
    folder = Path(tempfile.mkdtemp(prefix="tutorial-"))
    findings, solutions = [], []
    (folder / "home").mkdir()
    session = Session(folder / "io-models", environment(folder / "home"), lambda *what: findings.append(what), is_update)

    def stop_with_the_checker():
        sys.stdin.read()  # ends when the process that began this one has ended, however it did
        session.stop()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=stop_with_the_checker, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # in a shell's background it is ignored, and so it would be by all commands
    if os.getpid() == 1:  # the network is new, and even its loopback is down
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
    try:
        copy_project(root, folder / "io-models")
        for block in blocks:
            if block.language == "console":
                session.run(block)
            else:
                solutions.append(folder / f"solution-{len(solutions)}")
                check_solution(root, solutions[-1], block, lambda *what: findings.append(what))
        session.end()
        made = sorted(paths_below(folder / "io-models"))
    finally:
        session.stop()
        shutil.rmtree(folder, ignore_errors=True)
    json.dump({"findings": findings, "made": made, "updated": session.updated() if is_update else {}}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # not waiting for the thread


def run_elsewhere(options, number, children):
    """Starts run_section() and returns what it found."""
    command = [sys.executable, __file__, "--root", options.root, "--run", str(number), *["--update"] * options.update, options.file]
    child = subprocess.Popen(options.namespaces + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             start_new_session=True)
    children.append(child)
    said = child.stdout.read()
    child.wait()
    child.stdin.close()
    return json.loads(said or '{"findings": [[1, "the check of a section broke off"]], "made": [], "updated": {}}')


def run_all(options, numbers):
    children = []
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE if options.namespaces else 1) as pool:
        try:
            return list(pool.map(lambda number: run_elsewhere(options, number, children), numbers))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                child.stdin.close()
            raise


def write_updates(path, replacements):
    """replacements: pairs of a block and its lines. From the end, so that the lines before keep their numbers."""
    lines = path.read_text().split("\n")
    for block, fresh in sorted(replacements, key=lambda pair: -pair[0].line):
        lines[block.line:block.end - 1] = [(block.indent + line).rstrip() for line in fresh]
    path.write_text("\n".join(lines))


# --- From here on in order ---

def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", metavar="FILE.md", help="otherwise TUTORIAL.md")
    parser.add_argument("--update", action="store_true", help="replace excerpts and outputs by the present ones")
    parser.add_argument("--section", default="", metavar="WORDS", help="only the sections whose title contains WORDS")
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, type=Path, help="of the project")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)  # how this program calls itself, see run_elsewhere()
    options = parser.parse_args(arguments)
    options.file = Path(options.file) if options.file else options.root / "TUTORIAL.md"
    return options


def main(arguments):
    started = time.monotonic()
    options = parse_options(arguments)
    missing = [TOOLS[tool] for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"check.py: {', '.join(missing)} missing. ./setup.sh tutorial trace installs that.", file=sys.stderr)
        return 1
    if not options.file.is_file():
        print(f"check.py: there is no {options.file}", file=sys.stderr)
        return 1
    items = parse(options.file)
    parts = sections(items)
    runnable = [[item for item in part if isinstance(item, Block) and item.language in ("console", "diff")] for _, part in parts]
    if options.run is not None:
        run_section(options.root, runnable[options.run], options.update)

    findings = []

    def find(line, text, diff=()):
        if any(part[0].line <= line <= part[-1].line for _, part in map(parts.__getitem__, chosen)) or not options.section:
            findings.append(Finding(line, text, list(diff)))

    chosen = [i for i, (title, part) in enumerate(parts) if options.section.lower() in title.lower() and part]
    if not chosen:
        print(f"check.py: no section has {options.section} in its title", file=sys.stderr)
        return 1
    built = subprocess.run(["make", "--silent", f"-j{os.cpu_count()}"], cwd=options.root, env=environment(None))
    if built.returncode != 0:
        return 1
    options.namespaces = NAMESPACES if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode == 0 else []
    results = run_all(options, [i for i in chosen if runnable[i]])

    project = Project(options.root)
    project.paths.update(*(result["made"] for result in results))
    replacements = {}
    blocks = [item for i in chosen for item in parts[i][1] if isinstance(item, Block)]
    by_line = {block.line: block for block in blocks}
    for result in results:
        for what in result["findings"]:
            find(*what)
        replacements.update({int(line): lines for line, lines in result["updated"].items()})
    for block in blocks:
        count = len(findings)
        fresh = check_block(options.root, block, find)
        if options.update and fresh is not None:
            del findings[count:]
            replacements[block.line] = fresh
    check_text(items, project, find)
    check_figures(options.root, find)
    if options.update:
        write_updates(options.file, [(by_line[line], lines) for line, lines in replacements.items()])

    for finding in sorted(findings):
        print(f"{options.file.name}:{finding.line}: {finding.text}")
        for line in finding.diff:
            print(f"    {line}")
    commands = sum(line.startswith("$ ") for block in blocks if block.language == "console" for line in block.lines)
    print(f"{options.file.name}: {len(chosen)} sections, {len(blocks)} blocks, {commands} commands, {len(findings)} findings "
          f"in {time.monotonic() - started:.0f} s")
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
