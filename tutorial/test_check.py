#!/usr/bin/env python3
"""test_check - does the checker find what is wrong with a tutorial, and nothing else?

A small project and a correct tutorial; each test breaks one thing. No network, no root.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in a source folder

import check
import console
import excerpts

CHECK = Path(__file__).with_name("check.py")

PROJECT = {
    "Makefile": """\
.PHONY: all check 01-one check-01-one
all check: build/01-one/server
01-one: build/01-one/server
build/01-one/server: 01-one/server.c
	mkdir -p build/01-one
	cc -Wall $(if $(WERROR),-Werror) -o $@ $<
check-01-one: 01-one
	build/01-one/server | grep hello
""",
    ".gitignore": "build/\n",
    "01-one/server.c": """\
#include <stdio.h>

#define WORD \\
    "hello"

/* What is said. */
struct words {
    const char *first;
};

static int count; /* no comment of say() */
static void say(struct words *words);

/*
 * Says it, in one line.
 */
static void say(struct words *words)
{
    if (words->first) {
        puts(words->first);
    }
    count++;
}

int main(void)
{
    struct words words = {.first = WORD};

    say(&words);
    return 0;
}
""",
    "talk.py": """\
import signal, sys, time

# Ends it.
def bye(*_):
    print("bye")
    sys.exit()

signal.signal(signal.SIGINT, bye)
print("ready", flush=True)
time.sleep(0.3)
print("served 1", flush=True)
time.sleep(600)
""",
    "tests/scripts/servers/hello.script": "A connect\n",
    "tests/mistakes/lost-byte.patch": "",
    "tutorial/figures/speed.txt": "# Some machine\n# make speed\nan answer takes 43 ms,\nand 1,024 of them more\n",
    "tutorial/figures.sh": "speed make speed\n",
    "other.md": "# Other\n\n## A heading, `code()`!\n\n## Twice\n\n## Twice\n",
}

TUTORIAL = """\
# A course

## One: `say()`

See [the file](01-one/server.c), [that](other.md#a-heading-code), [twice](other.md#twice-1), [this](#one-say),
<https://example.org/x>, `make check-01-one`, `make check SCRIPT=hello`, `make run-99-mine`, `server.c:3`, `build/made`, `/1`, `recv()`.

```c 01-one/server.c words say
/* What is said. */
struct words {
    const char *first;
};

/*
 * Says it, in one line.
 */
static void say(struct words *words)
{
    if (words->first) {
        puts(words->first);
    }
    count++;
}
```

- In a list:

  ```c 01-one/server.c "struct words words" "say("
      struct words words = {.first = WORD};

      say(&words);
  ```

```console
$ build/01-one/server    # a comment
hello
$ seq 9; touch build/made; cp -r 01-one 99-mine
1
…
8
9
$ echo took 12.5 ms; echo error >&2
took … ms
error
$ cat talk.py | head -n 2 | wc -l
2
```

```console talker
$ python3 talk.py
ready
```

```console
$ echo elsewhere
elsewhere
```

```console talker
served 1
^C
bye
```

### What it costs

An answer takes [43 ms](tutorial/figures/speed.txt) ([all of it](tutorial/figures/speed.txt)), for 2 of 1,024 clients.

```text tutorial/figures/speed.txt "and 1,024" + "an answer"
and 1,024 of them more
an answer takes 43 ms,
```

## Two

```console
$ test -e build/made || echo a copy of its own
a copy of its own
```

```diff 01-one/server.c check
@@
         puts(words->first);
     }
-    count++;
+    count += 1;
 }
 
```

```diff 01-one/server.c
@@
-    return 0;
+    return count - 1;
```

```console reader
$ cat; echo read
```

```console reader
^D
read
```
"""


class TestCheck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="test-check-")
        cls.root = Path(cls.folder.name) / "project"
        for path, text in PROJECT.items():
            (cls.root / path).parent.mkdir(parents=True, exist_ok=True)
            (cls.root / path).write_text(text)
        subprocess.run(["git", "init", "--quiet"], cwd=cls.root, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, text, *options, patience=1, path=""):
        """Exit status, what it says, and the tutorial afterwards."""
        self.file = Path(self.folder.name) / "T.md"
        self.file.write_text(text)
        done = subprocess.run([sys.executable, CHECK, "--root", self.root, *options, self.file], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": path + os.environ["PATH"], "PATIENCE": str(patience), "MAKEFLAGS": "w"})
        return done.returncode, done.stdout, self.file.read_text()

    def finds(self, old, new, *expected, patience=1):
        """With `new` instead of `old`, it says this, and has no more findings. What begins with blanks is part of one."""
        self.assertIn(old, TUTORIAL)
        status, said, _ = self.check(TUTORIAL.replace(old, new, 1), patience=patience)
        findings = [line for line in said.splitlines() if line.startswith("T.md:") and " sections, " not in line]
        self.assertEqual(status, 1, said)
        self.assertEqual(len(findings), len([line for line in expected if not line.startswith(" ")]), said)
        for line in expected:
            self.assertIn(line, said)

    def test_all_is_right(self):
        status, said, after = self.check(TUTORIAL)
        self.assertEqual((status, said.split(" in ")[0]), (0, "T.md: 3 sections, 12 blocks, 8 commands: 0 findings"))
        self.assertEqual(after, TUTORIAL)

    def test_a_changed_line_in_an_excerpt(self):
        self.finds("    count++;\n}", "    ++count;\n}", "T.md:8: differs from 01-one/server.c",
                   "    -    ++count;", "    +    count++;")

    def test_an_excerpt_of_nothing(self):
        self.finds("words say\n", "words shout\n", "T.md:8: 01-one/server.c does not define shout")
        self.finds('"struct words words"', '"words"', '"words" is in 7 lines of 01-one/server.c, and must be in one')
        self.finds('"say("', '"cry("', '"cry(" does not follow "struct words words" in 01-one/server.c')
        self.finds('"and 1,024" + "an', '"and 1,024" "some" "an', "T.md:69: either names, or one or two texts in quotes")
        self.finds("01-one/server.c words", "01-two/server.c words", "T.md:8: there is no file 01-two/server.c")

    def test_code_of_nowhere(self):
        self.finds("## Two\n", "## Two\n\n```c\nint x;\n```\n", "T.md:76: ```c needs a path after it")

    def test_a_renamed_option(self):
        self.finds("seq 9;", "seq --from 9;", "prints something else: seq --from 9; touch build/made")

    def test_an_output_that_differs(self):
        self.finds("    # a comment\nhello\n", "    # a comment\nhallo\n",
                   "T.md:35: prints something else: ", "    -hallo", "    +hello")

    def test_wildcards(self):
        self.finds("8\n9\n", "7\n9\n", "prints something else: seq 9")
        self.finds("took … ms", "took … s", "prints something else: echo took", "    -took … s", "    +took 12.5 ms")
        self.finds("took … ms", "… .", "T.md:43: a line with nothing but …", "T.md:42: prints something else")

    def test_lines_left_over_in_a_terminal(self):
        self.finds("served 1\n^C\nbye\n", "served 1\n^C\n",
                   "prints more than is shown: python3 talk.py", "    +bye")
        self.finds("```console talker\nserved 1\n^C\nbye\n```\n", "",
                   "prints more than is shown: python3 talk.py", "    +served 1")

    def test_more_lines_that_do_not_matter(self):
        status, said, _ = self.check(TUTORIAL.replace("ready\n```", "ready\n…\n```").replace("served 1\n^C\nbye", "^C\n…"))
        self.assertEqual(status, 0, said)

    def test_what_does_not_end(self):
        self.finds("served 1\n^C\nbye\n", "served 1\n$ echo next\nnext\n",
                   "does not end within 3 s: python3 talk.py", patience=0.05)
        self.finds("served 1\n^C\nbye\n```\n", "served 1\n```\n\n```console talker\n$ echo next\nnext\n```\n",
                   "is still running when the next command of the terminal talker comes", patience=0.05)

    def test_output_of_nothing(self):
        self.finds("```console talker\nserved 1\n^C\nbye", "```console listener\nserved 1",
                   "there is no command before this output",
                   "prints more than is shown: python3 talk.py")

    def test_dead_links(self):
        self.finds("[the file](01-one/server.c)", "[the file](01-two/server.c)",
                   "T.md:5: a dead link: 01-two/server.c")
        self.finds("[the file](01-one/server.c)", "[the file](build/01-one/server)",
                   "T.md:5: a dead link: build/01-one/server")
        self.finds("](#one-say)", "](#two-say)", "T.md:5: a link to a missing heading: #two-say")
        self.finds("#twice-1", "#twice-2", "T.md:5: a link to a missing heading: other.md#twice-2")
        self.finds("<https://example.org/x>", "[x](https://exa|mple/)", "T.md:6: not an address")

    def test_headings(self):
        self.finds("## Two\n", "## Two\n\n#### Deep\n", "T.md:76: a heading of level 4 below one of level 2: Deep")

    def test_names(self):
        self.finds("`make check-01-one`", "`make chekc-01-one`", "T.md:6: make has no target chekc-01-one")
        self.finds("SCRIPT=hello", "SCRIPT=hallo", "T.md:6: there is no SCRIPT hallo")
        self.finds("SCRIPT=hello", "NAME=lost-bite", "T.md:6: there is no NAME lost-bite")
        self.finds("`server.c:3`", "`srever.c:3`", "T.md:6: there is no srever.c:3")
        self.finds("`build/made`", "`build/mode`", "T.md:6: there is no build/mode")
        self.finds("`recv()`", "`resv()`", "T.md:6: neither the project nor the C library has resv()")

    def test_figures(self):
        self.finds("[43 ms]", "[3 ms]", 'T.md:67: "3 ms" is not in tutorial/figures/speed.txt')
        self.finds("1,024 clients", "1,025 clients", "T.md:67: 1,025 comes from no file in tutorial/figures/")

    def test_diffs(self):
        self.finds("-    count++;", "-    count--;", "does not apply: the hunk that begins with", " fits 0 places in 01-one/server.c")
        self.finds("+    count += 1;", "+    count += words;", "with this diff, make 01-one fails", "    ")
        self.finds("         puts(words->first);\n     }\n-    count++", "-        puts(words->first);\n     }\n-    count++",
                   "with this diff, make check-01-one fails")
        self.finds("-    return 0;", "-}", 'does not apply: the hunk that begins with "-}" fits 2 places in 01-one/server.c, and must fit one')

    def test_update(self):
        wrong = TUTORIAL
        for old, new in (("    count++;\n}", "    ++count;\n}"), ("hello\n$", "hallo\n$"), ("took … ms\nerror", "took … ms"),
                         ("      say(&words);\n", ""), ("elsewhere\n`", "`"), ("served 1\n", "served by 1\n"), ("bye\n", ""),
                         ("8\n9\n", "6\n9\n")):
            self.assertIn(old, wrong)
            wrong = wrong.replace(old, new, 1)
        self.assertEqual(self.check(wrong, patience=0.2)[0], 1)
        status, said, after = self.check(wrong, "--update", patience=0.2)
        self.assertEqual(status, 0, said)
        self.assertEqual(after, TUTORIAL)

    def test_one_section(self):
        wrong = TUTORIAL.replace("hello\n$", "hallo\n$")
        self.assertEqual(self.check(wrong, "--section", "two")[0], 0)
        self.assertEqual(self.check(wrong, "--section", "ONE")[0], 1)
        self.assertEqual(self.check(wrong, "--section", "three")[0], 1)

    def without_namespaces(self):
        """What to put before PATH, for a system that does not allow them."""
        refusing = Path(self.folder.name) / "refusing/unshare"
        refusing.parent.mkdir(exist_ok=True)
        refusing.write_text("#!/bin/sh\nexit 1\n")
        refusing.chmod(0o755)
        return f"{refusing.parent}:"

    def test_without_namespaces(self):
        status, said, _ = self.check(TUTORIAL.replace("$ cat talk.py", "$ unshare -rn true\nnot run\n$ cat talk.py"),
                                     path=self.without_namespaces())
        self.assertEqual(status, 0, said)
        self.assertIn("not run, because unshare is not allowed here: the commands in lines 45\n", said)

    def test_a_model_that_is_left_out(self):
        """What if make has left out a model? What a section prints that names it cannot be compared."""
        left_out = Path(self.root) / "build/left-out"
        left_out.parent.mkdir(exist_ok=True)
        left_out.write_text("01-one libone is missing\n")
        self.addCleanup(left_out.unlink)
        wrong = TUTORIAL.replace("hello\n$", "hallo\n$")
        status, said, _ = self.check(wrong, "--section", "one")
        self.assertEqual(status, 0, said)
        self.assertIn("T.md: not checked, because 01-one is left out (libone is missing): the section One: say()\n", said)
        self.assertIn("T.md: 0 sections, 0 blocks, 0 commands: 0 findings", said)

    def test_what_is_missing(self):
        """What if cmark-gfm is not there?"""
        few = Path(self.folder.name) / "few"
        few.mkdir()
        for tool in set(check.TOOLS) - {"cmark-gfm"}:
            (few / tool).symlink_to("/bin/true")
        said = subprocess.run([sys.executable, CHECK], env={"PATH": str(few)}, capture_output=True, text=True).stderr
        self.assertEqual(said, "check.py: missing: cmark-gfm. ./setup.sh tutorial trace installs that.\n")

    def test_nothing_is_left(self):
        """What if the checker is interrupted, or killed, while a command runs?"""
        here = Path(self.folder.name)
        (here / "T.md").write_text(f"# T\n\n## A\n\n```console\n$ sleep 4321 & touch {here}/begun; sleep 4321\n```\n")
        for how, path in ((signal.SIGINT, ""), (signal.SIGKILL, ""), (signal.SIGTERM, self.without_namespaces())):
            environment = {**os.environ, "PATH": path + os.environ["PATH"], "TMPDIR": str(here)}
            checker = subprocess.Popen([sys.executable, CHECK, "--root", self.root, here / "T.md"], env=environment,
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # ignored behind an &
            wait_until((here / "begun").exists)
            checker.send_signal(how)
            checker.wait()
            wait_until(lambda: not list(here.glob("tutorial-*")))
            wait_until(lambda: not is_running("sleep 4321"))
            (here / "begun").unlink()


def is_running(command):
    return command in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.splitlines()


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not within 10 s")
        time.sleep(0.05)


class TestParts(unittest.TestCase):
    def test_what_matches(self):
        for shown, came, is_right in (
                ("a", "a", True), ("a", "b", False), ("a", "a\na", False), ("", "", True), ("…", "", True), ("…", "a\nb", True),
                ("a\n…", "a", True), ("a\n…\nb", "a\nb", True),
                ("a\n…\nb", "a\nb\nb", True), ("a\n…\nb", "a\nb\nc", False),
                ("…\na\n…\nb", "x\na\nb\nb", True), ("…\na\na", "a", False), ("x … y", "x 1 y", True), ("x … y", "x  y", False),
                ("    … ms", "123.4 ms", True), ("… ms", "  1 ms", True),
                ("a.c", "abc", False)):
            lines = [text.split("\n") if text else [] for text in (shown, came)]
            self.assertEqual(console.matches(console.parts(lines[0]), lines[1]), is_right, (shown, came))

    def test_what_is_generalised(self):
        for line, expected in (("took 12.3 ms", "took … ms"), ("0.12 s each", "… s each"), ("within 500ms", "within 500ms"),
                               ("127.0.0.1:45123", "127.0.0.1:…"), ("127.0.0.1:9000", "127.0.0.1:9000"),
                               ("[pid 123] x", "[pid …] x"), ("= 0x7f45a5994000", "= …"), ('"/tmp/tutorial-h3_v/io-models/a.py"', '"…/a.py"'),
                               ("htons(45208)", "htons(…)"),
                               ("12:30:01.123 x", "… x"), ("     7.5 ms", "       … ms"), ("1,024 clients", "1,024 clients")):
            self.assertEqual(console.generalised(line), expected)

    def test_definitions(self):
        c, python = PROJECT["01-one/server.c"], PROJECT["talk.py"]
        self.assertEqual(excerpts.definition("a.c", c, "WORD"), ["#define WORD \\", '    "hello"'])
        self.assertEqual(excerpts.definition("a.c", c, "count"), ["static int count; /* no comment of say() */"])
        self.assertEqual(excerpts.definition("a.c", c, "main")[-1], "}")
        self.assertEqual(excerpts.definition("a.py", python, "bye"),
                         ["# Ends it.", "def bye(*_):", '    print("bye")', "    sys.exit()"])
        self.assertEqual(excerpts.definition("a.h", "/* Why. */\nint f(int a,\n      int b);\n", "f"),
                         ["/* Why. */", "int f(int a,", "      int b);"])


if __name__ == "__main__":
    unittest.main()
