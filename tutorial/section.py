"""section - runs the commands and tries the diffs of one section of the tutorial.

Each section has a process of its own, check.py --run, with a copy of the project. Where the system allows it that process
is the first one of new namespaces. So every section has its own network and can use port 9000, and nothing that it has
started outlives it.
"""

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import excerpts
import project
from console import Session

SIDE_BY_SIDE = 4
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


# --- In the process of the section ---

def make_usual_network():
    """A new network has only the loopback, and it is down. How much the kernel holds for a connection is inherited, and may be
    this machine's own choice: what is printed comes from Linux's defaults (tcp(7)), wherever they can be set."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, limits in [("tcp_wmem", "4096 16384 4194304"), ("tcp_rmem", "4096 131072 6291456")]:
        with contextlib.suppress(OSError):
            Path("/proc/sys/net/ipv4", name).write_text(limits)


def try_solution(root, folder, block, find):
    """What a diff changes must build without a warning and, if the diff says `check`, pass the model's checks."""
    try:
        path = block.words[0][0]
        text = excerpts.apply(root, block.lines, path)
    except (excerpts.Wrong, IndexError):
        return  # check.py says so
    project.copy(root, folder)
    (folder / path).write_text(text)
    model = path.split("/")[0]
    goals = [model if (folder / model / "server.c").exists() else "all"]
    goals += ["check-" + model] * (("check", False) in block.words)
    for goal in goals:
        made = subprocess.run(["make", "--silent", "WERROR=1", goal], cwd=folder, env=project.environment(folder), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if made.returncode != 0:
            find(block.line, f"with this diff, make {goal} fails", made.stdout.splitlines()[-12:])
            return


def run(root, blocks, is_update):
    """Writes what it finds to standard output, as JSON."""
    folder = Path(tempfile.mkdtemp(prefix="tutorial-"))
    findings = []

    def find(line, text, diff=()):
        findings.append((line, text, list(diff)))

    has_namespaces = os.getpid() == 1
    session = Session(folder / "io-models", project.environment(folder / "home"), find, is_update, has_namespaces)

    def clean_up():
        session.stop()
        shutil.rmtree(folder, ignore_errors=True)

    def end_with_the_checker():
        sys.stdin.read()  # ends when check.py ends, for whatever reason
        sys.stderr = None  # what fails in run() from now on is not worth a message
        clean_up()
        os.killpg(0, signal.SIGKILL)  # ourselves, and make with its children; the first process of a namespace survives it
        os._exit(1)

    threading.Thread(target=end_with_the_checker, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it in the background, and commands would inherit that
    if has_namespaces:
        make_usual_network()
    try:
        (folder / "home").mkdir()
        project.copy(root, folder / "io-models")
        for block in blocks:
            if block.language == "console":
                session.run(block)
            else:
                try_solution(root, folder / f"solution-{block.line}", block, find)
        session.end()
        made = sorted(project.paths_below(folder / "io-models"))
    finally:
        clean_up()
    json.dump({"findings": findings, "made": made, "left_out": session.left_out,
               "updated": session.updated() if is_update else {}}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # the thread is still reading


# --- In the checker ---

def run_all(options, numbers):
    """Runs the sections of these numbers. Returns for each what it found: {"findings", "made", "left_out", "updated"}."""
    has_namespaces = subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode == 0
    command = [sys.executable, Path(__file__).with_name("check.py"), "--root", options.root, *["--update"] * options.update,
               options.file, "--run"]
    children = []

    def run_one(number):
        child = subprocess.Popen((NAMESPACES if has_namespaces else []) + command + [str(number)], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        children.append(child)
        said = child.stdout.read()
        child.wait()
        return json.loads(said or '{"findings": [[1, "the check of a section was cut short"]], "made": [], "left_out": [], "updated": {}}')

    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE if has_namespaces else 1) as pool:
        try:
            return list(pool.map(run_one, numbers))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                child.stdin.close()
            raise
