"""project - the files of the project, a copy of them to work in, and what names in the tutorial may mean."""

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

MODEL = r"(\d\d-[^/]*)/server\.c"
VALUES = {"MODEL": MODEL, "MODELS": MODEL, "SCRIPT": r"tests/scripts/\w+/(.*)\.script", "NAME": r"tests/mistakes/(.*)\.patch"}


def environment(home="/"):
    """The same for every run, by make or by hand, on any terminal."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def output_of(root, *command):
    return subprocess.run(command, cwd=root, env=environment(), capture_output=True, text=True).stdout


def source_files(root):
    """The tracked files, and the new ones that are not ignored."""
    listed = output_of(root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted(path for path in set(listed) - {""} if (root / path).is_file())


def built_folders(root, files):
    """Folders below build/ with what plain make builds: it keeps the names of the source folders."""
    folders = {path.split("/")[0] for path in files if "/" in path}
    return sorted(folder for folder in folders if (root / "build" / folder).is_dir())


def left_out(root):
    """The models that make has left out, each with its reason."""
    file = root / "build/left-out"
    return dict(line.split(" ", 1) for line in file.read_text().splitlines()) if file.exists() else {}


def paths_below(folder):
    """All files and folders in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def copy(root, to):
    """Sources and programs, with their times, so that make has nothing to build there."""
    files = source_files(root)
    to.mkdir()
    subprocess.run(["cp", "--parents", "--preserve=mode,timestamps", "--target-directory", to, *files], cwd=root, check=True)
    for folder in built_folders(root, files):
        shutil.copytree(root / "build" / folder, to / "build" / folder, symlinks=True)


class Names:
    """What there is: paths, targets of make, models, scripts, words in the sources."""

    def __init__(self, root):
        files = source_files(root)
        self.sources = {str(path) for file in files for path in [Path(file), *Path(file).parents]}
        self.paths = self.sources.union({"build"}, *({f"build/{folder}/{path}" for path in paths_below(root / "build" / folder)}
                                                     for folder in built_folders(root, files)))
        self.paths.update(f"build/{model}/{program}" for model in left_out(root) for program in ("server", "client"))
        rules = output_of(root, "make", "--question", "--print-data-base", "--no-builtin-rules")
        in_a_model = root / "common/model.mk"
        rules += in_a_model.read_text() if in_a_model.exists() else ""
        self.targets = {target for line in re.findall(r"^\.PHONY:(.*)", rules, re.M) for target in line.split()}
        self.words = set().union(*(re.findall(r"\w+", (root / path).read_text(errors="ignore"))
                                   for path in files if not path.endswith((".md", ".png"))))

    def values(self, variable):
        """What SCRIPT=, MODEL=, MODELS= and NAME= may be."""
        return {found[1] for found in (re.fullmatch(VALUES[variable], path) for path in self.paths) if found}

    def has_function(self, name):
        """Somewhere in the project, or in the C library."""
        return name in self.words or hasattr(ctypes.CDLL(None), name)

    def has_path(self, path):
        """Its last part is enough: `server.c` is some file of that name."""
        return path in self.paths or any(known.endswith("/" + path) for known in self.paths)

    def has_target(self, target):
        """A model may be one that the tutorial itself has made, and the word MODEL stands for any."""
        model = re.sub(r"^(check|run|trace)-", "", target)
        return target in self.targets or model == "MODEL" or model in self.values("MODEL")
