"""rules - what must hold in the running text: headings, links, names in code, and measured numbers.

find(line, what) takes what is wrong.
"""

import re
import urllib.parse

import document

FIGURES = "tutorial/figures/"
PATH_ENDINGS = (".c", ".h", ".script", ".md", ".py", ".txt", ".sh", ".patch", ".mk", ".html", ".json")
NUMBER = re.compile(r"(?<![\w.,-])\d[\d.,]*(?<=\d)")


def check_text(root, items, names, find):
    inline = [item for item in items if isinstance(item, document.Item)]
    anchors = document.anchors(items)
    for item in inline:
        if item.kind in ("link", "image"):
            check_link(root, item, names, anchors, find)
        elif item.kind == "code":
            check_code(item, names, find)
    check_headings(inline, find)
    check_costs(items, find)
    check_figures(root, find)


def check_headings(items, find):
    level = 0
    for item in items:
        if item.kind == "heading":
            if item.level > level + 1:
                find(item.line, f"a heading of level {item.level} below one of level {level}: {item.text}")
            level = item.level


def check_link(root, item, names, anchors, find):
    parts = urllib.parse.urlsplit(item.target)
    path = urllib.parse.unquote(parts.path).rstrip("/")
    fragment = urllib.parse.unquote(parts.fragment)
    if parts.scheme in ("http", "https"):
        if not re.fullmatch(r"[\w.-]+(:\d+)?|\[[\da-f:]+\](:\d+)?", parts.netloc):
            find(item.line, f"not an address: {item.target}")
    elif path and path not in names.sources:
        find(item.line, f"a dead link: {item.target}")
    elif fragment and (not path or path.endswith(".md")):
        if fragment not in (document.anchors(document.parse(root / path)) if path else anchors):
            find(item.line, f"a link to a missing heading: {item.target}")
    elif path.startswith(FIGURES) and re.search(r"\d", item.text):
        words = r"\s+".join(map(re.escape, item.text.split()))
        if not re.search(rf"(?<![\w.,]){words}(?!\w)", (root / path).read_text()):
            find(item.line, f'"{item.text}" is not in {path}')


def check_code(item, names, find):
    """Paths, targets of make, scripts and models, and functions, where they can be told from other code."""
    text = item.text
    if re.match(r"make\b", text):
        for word in re.sub(r"[#&|;>].*|(?<!\S)([A-Z_]+=('[^']*'|\S*)|-\S+)", "", text).split()[1:]:
            if word not in ("…", "...") and not names.has_target(word):
                find(item.line, f"make has no target {word}: {text}")
    for variable, values in re.findall(r"\b(MODELS?|SCRIPT|NAME)=('[^']*'|\S+)", text):
        for value in values.strip("'").split():
            if value not in names.values(variable) and "/" not in value and not re.fullmatch(r"[A-Z]+|all|…|\.\.\.", value):
                find(item.line, f"there is no {variable} {value}: {text}")
    called = re.fullmatch(r"(\w+)\(\)", text)
    if called and not names.has_function(called[1]):
        find(item.line, f"neither the project nor the C library has {text}")
    path = re.sub(r"^\./|:\d+$", "", text).rstrip("/")
    is_other = re.search(r"[\s*{}()<>$=…]|://|\.\.|\b(NAME|MODEL|NN)\b", path) or path.startswith(("/", "~"))
    if not is_other and ("/" in text or path.endswith(PATH_ENDINGS)) and path not in PATH_ENDINGS and not names.has_path(path):
        find(item.line, f"there is no {text}")


def check_costs(items, find):
    """Costs are measured: a number comes from a file of figures, by a link or by an excerpt."""
    level, shown, numbers = 0, set(), []

    def compare():
        for line, number in numbers:
            if number not in shown and not (number.isdigit() and int(number) <= 10):
                find(line, f"{number} comes from no file in {FIGURES}")

    for item in items:
        if isinstance(item, document.Block):
            if item.words and item.words[0][0].startswith(FIGURES):
                shown.update(NUMBER.findall("\n".join(item.lines)))
        elif item.kind == "heading" and (not level or item.level <= level):
            compare()
            level, shown, numbers = (item.level if item.text.startswith("What it costs") else 0), set(), []
        elif level and item.kind == "text":
            numbers += [(item.line, number) for number in NUMBER.findall(item.text)]
    compare()


def check_figures(root, find):
    """A file of figures says on which machine it was measured and by which command, which figures.sh must know."""
    maker = root / "tutorial/figures.sh"
    commands = maker.read_text() if maker.exists() else ""
    for file in sorted((root / FIGURES).glob("*.txt")):
        head = file.read_text().splitlines()[:2]
        if len(head) < 2 or not all(line.startswith("# ") for line in head):
            find(1, f"{FIGURES}{file.name} must begin with the machine and the command")
        elif head[1][2:] not in commands:
            find(1, f"{FIGURES}{file.name} comes from a command that tutorial/figures.sh does not run: {head[1][2:]}")
