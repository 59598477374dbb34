"""console - runs the commands that a section of the tutorial shows, and compares what they print."""

import difflib
import os
import re
import signal
import subprocess
import threading
import time

GAP = "…"
PATIENCE = float(os.environ.get("PATIENCE", 1))  # the tests have less
TO_END = 60 * PATIENCE  # seconds that a command may take
TO_SHOW = 15 * PATIENCE  # seconds in which the lines that are shown of a running program must have come
MOMENT = 0.5  # for a program that is to go on in silence: by then it has begun
KEYS = ("^C", "^D")
QUIET = 1.5  # an update takes for everything what came until a program was silent for so long


# --- Comparing ---

def is_gap(line):
    return line.strip() == GAP


def line_pattern(line):
    """How many blanks stand in front of a wildcard is for the eye: what it stands for may be longer, or shorter."""
    pieces = re.split(rf"( *{GAP})", line.rstrip())
    return "".join({GAP: ".+?"}.get(piece, r" *\S.*?") if piece.endswith(GAP) else re.escape(piece) for piece in pieces)


def fits(shown, line):
    return re.fullmatch(line_pattern(shown), line) is not None


def stands(shown, came, at):
    """Do these lines, none of them a gap, stand there?"""
    return 0 <= at <= len(came) - len(shown) and all(map(fits, shown, came[at:]))


def parts(shown):
    """What stands between the gaps."""
    found = [[]]
    for line in shown:
        if is_gap(line):
            found.append([])
        else:
            found[-1].append(line)
    return found


def beginning(wanted, came):
    """How many of the lines that came are these parts, as few as possible; None if they do not begin like that."""
    at = 0
    for number, part in enumerate(wanted):
        last = len(came) if number else 0
        at = next((place for place in range(at, last + 1) if stands(part, came, place)), None)
        if at is None:
            return None
        at += len(part)
    return at


def matches(wanted, came):
    *others, last = wanted
    end = len(came) - len(last)
    at = beginning(others, came)
    return at is not None and (at <= end if others else end == 0) and stands(last, came, end)


def generalised(line):
    """A line as an author would show it: without what is different in every run."""
    line = re.sub(r"( *)(?<!│)(?<!within )(?<![\d.,])(\d+(?:[.,]\d+)*) (ms|µs|us|s)\b",
                  lambda time: f"{time[1]}{GAP:>{len(time[2]) if len(time[1]) > 1 else 1}} {time[3]}", line)
    line = re.sub(r"\b\d\d:\d\d:\d\d(\.\d+)?", GAP, line)
    line = re.sub(r"\b(pid:? |PID:? |Process )\d+", rf"\1{GAP}", line)
    line = re.sub(r"\b0x[0-9a-f]{9,}", GAP, line)  # an address
    line = re.sub(r"/\S*/tutorial-\w+/io-models\b", GAP, line)  # where the section's copy lies
    return re.sub(r"(:|htons\()(3\d{4}|[4-6]\d{4})\b", rf"\1{GAP}", line)  # a port


def merged(shown, came, change=generalised):
    """What is shown, with the fewest lines changed so that it matches what came: an edit distance in which a gap takes
    any number of lines for nothing, and lines that match keep their wildcards."""
    best = {(0, 0): (0, None, None)}  # (lines of shown, lines of came) -> cost, where from, line
    for i in range(len(shown) + 1):
        for j in range(len(came) + 1):
            ways = []
            if i and j:
                same = fits(shown[i - 1], came[j - 1])
                ways.append((0 if same else 1, (i - 1, j - 1), shown[i - 1] if same else change(came[j - 1])))
            if i:
                ways.append((0 if is_gap(shown[i - 1]) else 2, (i - 1, j), shown[i - 1] if is_gap(shown[i - 1]) else None))
            if j:
                in_gap = i > 0 and is_gap(shown[i - 1])
                ways.append((0 if in_gap else 2, (i, j - 1), None if in_gap else change(came[j - 1])))
            if ways:
                best[i, j] = min(((best[place][0] + cost, place, line) for cost, place, line in ways), key=lambda way: way[0])
    lines, place = [], (len(shown), len(came))
    while place != (0, 0):
        _, place, line = best[place]
        lines += [] if line is None else [line]
    return lines[::-1]


def difference(shown, came):
    """A diff in which lines with wildcards that match are equal."""
    lines = difflib.unified_diff(shown, merged(shown, came, change=str), "shown", "came", lineterm="", n=2)
    return list(lines)[2:]


# --- Running ---

class Program:
    """A command of a terminal. Its standard input is one at which nobody types."""

    def __init__(self, command, folder, environment):
        self.command = command
        self.process = subprocess.Popen(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.output = bytearray()
        self.taken = 0  # lines
        self.step = None  # the last one that it was part of,
        self.open_ended = False  # and whether the last line of that is a gap
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for part in iter(lambda: os.read(self.process.stdout.fileno(), 65536), b""):
            self.output += part

    def ended(self):
        if self.process.poll() is None:
            return False
        self.reader.join(0.2)  # not longer: a process in the background may still have the pipe
        return True

    def lines(self):
        """What has come and was not taken yet; the last line only when it is complete."""
        ended = self.ended()
        lines = self.output.decode(errors="replace").split("\n")
        last = lines.pop()
        return [line.rstrip() for line in lines + [last] * bool(ended and last)][self.taken:]

    def wait(self, seconds, enough=lambda: False):
        """Until it has ended or it is enough."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if enough() or self.ended():
                return
            time.sleep(0.02)

    def wait_for_silence(self):
        last = [len(self.output), time.monotonic()]

        def is_silent():
            if len(self.output) != last[0]:
                last[:] = len(self.output), time.monotonic()
            return time.monotonic() - last[1] > QUIET
        self.wait(TO_SHOW, is_silent)

    def press(self, key):
        if key == "^C":
            self.signal(signal.SIGINT)
        else:
            self.process.stdin.close()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Step:
    """A command, or a key that is pressed, or neither (more from a program that runs), and the lines that follow."""

    def __init__(self, line, command):
        self.line, self.command, self.shown = line, command, []


def steps(block):
    found = [Step(block.line, None)]
    for number, line in enumerate(block.lines, block.line + 1):
        if line.startswith("$ ") or line.rstrip() in KEYS:
            found.append(Step(number, line.rstrip()))
        else:
            found[-1].shown.append(line.rstrip())
    return found if found[0].shown else found[1:]


class Session:
    """The terminals of one section, by their names; None is the one of blocks without a name. find(line, text, diff) is told
    what is wrong. In an update the steps get what came instead."""

    def __init__(self, folder, environment, find, is_update, has_namespaces):
        self.folder, self.environment, self.find, self.is_update = folder, environment, find, is_update
        self.has_namespaces = has_namespaces
        self.left_out = []  # the lines of commands that need what the system does not allow
        self.programs = {}  # that a terminal runs
        self.all = []
        self.starting = threading.Lock()
        self.blocks = {}  # line -> steps

    def run(self, block):
        name = block.words[0][0] if block.words else None
        found = steps(block)
        self.blocks[block.line] = found
        for step, following in zip(found, found[1:] + [None]):
            if step.command and step.command.startswith("$ unshare ") and not self.has_namespaces:
                self.left_out.append(step.line)
                continue
            if step.command and step.command.startswith("$ "):
                self.leave(name)
                with self.starting:
                    self.programs[name] = Program(step.command[2:], self.folder, self.environment)
                    self.all.append(self.programs[name])
            elif name not in self.programs:
                self.find(step.line, "there is no command before this output")
                continue
            elif step.command:
                self.programs[name].press(step.command)
            self.expect(self.programs[name], step, following.command not in KEYS if following else name is None)
        if name is None:
            self.programs.pop(name, None)

    def expect(self, program, step, must_end):
        program.step = step
        shown = [GAP] * program.open_ended + step.shown
        if must_end:
            self.wait_for_end(program, step)
        elif shown and shown != [GAP]:
            program.wait(TO_SHOW, lambda: beginning(parts(shown), program.lines()) is not None)
        elif self.is_update:
            program.wait_for_silence()
        else:
            program.wait(MOMENT)
        lines = program.lines()
        if must_end:
            count = len(lines) if matches(parts(shown), lines) else None
        else:
            count = beginning(parts(shown), lines)
        program.open_ended = not must_end and bool(shown) and is_gap(shown[-1])
        if self.is_update and lines and not shown:
            count = None  # an empty block wants all of it
        program.taken += len(lines) if count is None else count
        if count is None and self.is_update:
            step.shown = merged(shown, lines)[len(shown) - len(step.shown):]  # without the gap of the block before
        elif count is None:
            self.find(step.line, f"prints something else: {program.command}", difference(step.shown, lines))

    def wait_for_end(self, program, step):
        program.wait(TO_END)
        if not program.ended():
            self.find(step.line, f"does not end within {TO_END:.0f} s: {program.command}")
            program.signal(signal.SIGKILL)
            program.wait(1)

    def leave(self, name):
        """The terminal is needed for something else."""
        program = self.programs.pop(name, None)
        if program and name:  # the others have ended, and what they may have left in the background is not looked at
            program.wait(TO_SHOW)
            if not program.ended():
                self.find(program.step.line,
                          f"is still running when the next command of the terminal {name} comes: {program.command}")
                program.signal(signal.SIGKILL)
            self.check_rest(program)

    def check_rest(self, program):
        rest = program.lines()
        if rest and not program.open_ended:
            if self.is_update:
                program.step.shown += map(generalised, rest)
            else:
                self.find(program.step.line, f"prints more than is shown: {program.command}", ["+" + line for line in rest])

    def end(self):
        for program in self.programs.values():
            program.wait(MOMENT)
            self.check_rest(program)

    def stop(self):
        """Ends all. It may be called by any thread, and once: nothing is started any more."""
        self.starting.acquire()
        for program in self.all:
            program.signal(signal.SIGKILL)

    def updated(self):
        """line of a block -> its lines as they should be."""
        return {line: [text for step in found for text in ([step.command] if step.command else []) + step.shown]
                for line, found in self.blocks.items()}
