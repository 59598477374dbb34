"""document - the tutorial as GitHub's own parser reads it: headings, blocks, links, code in the running text."""

import re
import subprocess
import sys
from typing import NamedTuple
from xml.etree import ElementTree

CMARK = "cmark-gfm -t xml --sourcepos --full-info-string -e table -e autolink -e strikethrough -e tasklist"
KINDS = ("heading", "link", "image", "code", "text", "html_block", "html_inline")


class Item(NamedTuple):
    """A piece of the running text."""
    kind: str  # one of KINDS
    line: int
    text: str
    level: int  # of a heading
    target: str  # of a link or an image


class Block(NamedTuple):
    """A fenced block."""
    line: int  # of its first fence
    end: int  # of its last fence
    indent: str
    language: str
    words: list  # the rest of the info string, as pairs: a text, and whether it is in quotes
    lines: list


class Section(NamedTuple):
    """A ## heading and what follows it, or what comes before the first one."""
    title: str
    first: int
    last: int
    items: list
    blocks: list


def text_of(node):
    return re.sub(r"\s+", " ", "".join(node.itertext()))


def block_of(node):
    first, column, last, _ = map(int, re.findall(r"\d+", node.get("sourcepos")))
    words = [(quoted or plain, not plain) for quoted, plain in re.findall(r'"(.*?)"|(\S+)', node.get("info", ""))]
    language = words.pop(0)[0] if words else ""
    return Block(first, last, " " * (column - 1), language, words, (node.text or "").split("\n")[:-1])


def collect(node, line, found):
    """Appends what is in a node of the parser's tree. Not every inline node says in which line it is."""
    line = int(node.get("sourcepos", f"{line}:").split(":")[0])
    if node.tag == "code_block":
        found.append(block_of(node))
    elif node.tag in KINDS:
        found.append(Item(node.tag, line, text_of(node), int(node.get("level", 0)), node.get("destination", "")))
    for child in node:
        if node.tag not in ("heading", "link") or child.tag != "text":  # that is in its own text already
            collect(child, line, found)


def parse(path):
    """All items and blocks, in the order of reading."""
    xml = subprocess.run([*CMARK.split(), path], check=True, capture_output=True, text=True).stdout
    tree = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", xml))
    for node in tree.iter():
        node.tail = None
        if len(node):
            node.text = None
        elif node.tag in ("softbreak", "linebreak"):
            node.text = " "
    found = []
    collect(tree, 1, found)
    return found


def sections(items):
    titles = [("", 1)] + [(item.text, item.line) for item in items
                          if isinstance(item, Item) and item.kind == "heading" and item.level == 2]
    ends = [line - 1 for _, line in titles[1:]] + [sys.maxsize]
    found = []
    for (title, first), last in zip(titles, ends):
        inside = [item for item in items if first <= item.line <= last]
        found.append(Section(title, first, last, inside, [item for item in inside if isinstance(item, Block)]))
    return found


def anchors(items):
    """What a # in a link may name: GitHub's slugs of the headings, and anchors in HTML."""
    found, times = set(), {}
    for item in items:
        if isinstance(item, Block):
            continue
        if item.kind == "heading":
            slug = re.sub(r"[^\w\- ]", "", item.text.strip().lower()).replace(" ", "-")
            found.add(f"{slug}-{times[slug]}" if slug in times else slug)
            times[slug] = times.get(slug, 0) + 1
        elif item.kind.startswith("html"):
            found.update(re.findall(r'(?:id|name)="([^"]+)"', item.text))
    return found
