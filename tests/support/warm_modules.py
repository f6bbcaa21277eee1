"""Modules of Python run in another checkout, forked from a process that is warm.

Imports of torch and nbformat cost `python -m tools run` seconds. One process in that
checkout imports them, and nothing of the course, and forks once for each command: the
fork imports the course's own modules as they are by then, so it sees every file as a
new process would. Windows has no fork, and on macOS the system's libraries may not
survive one: there, each command is a new process.
"""

import contextlib
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

INSTALLED = ("torch", "torchvision.transforms.v2", "nbformat", "pytest", "matplotlib")
FORKS = sys.platform == "linux"


class Said(NamedTuple):
    """The exit code of a command, and what it has printed, errors among it."""

    code: int
    text: str


class Fresh:
    """Runs each module in a new process."""

    def __init__(self, root: Path, environment: dict[str, str]):
        self.settings = {"cwd": root, "env": environment}

    def run(self, *words: str) -> Said:
        """Run `python -m words` to its end."""
        with tempfile.TemporaryFile() as file:
            done = subprocess.run(
                [sys.executable, "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                **self.settings,
            )
            file.seek(0)
            return Said(done.returncode, file.read().decode(errors="replace"))


class Warm:
    """Runs each module in a fork of one process, which this one talks to by lines."""

    def __init__(self, process: subprocess.Popen, folder: Path):
        self.process, self.file = process, folder / "printed"

    def run(self, *words: str) -> Said:
        """Run `python -m words` to its end."""
        print(json.dumps([str(self.file), *words]), file=self.process.stdin, flush=True)
        code = json.loads(self.process.stdout.readline())
        return Said(code, self.file.read_bytes().decode(errors="replace"))


@contextlib.contextmanager
def modules(root: Path, environment: dict[str, str]) -> Iterator[Fresh | Warm]:
    """Give what runs modules with a checkout as working folder."""
    if not FORKS:
        yield Fresh(root, environment)
        return
    process = subprocess.Popen(
        [sys.executable, __file__, *INSTALLED],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process, tempfile.TemporaryDirectory() as folder:
        yield Warm(process, Path(folder))


def serve(installed: Sequence[str]) -> None:
    """Import what is installed; then run each command that comes in, in a fork."""
    sys.path[0] = ""  # as `python -m` has it, not this file's folder
    sys.modules["rfc3987_syntax"] = None  # see tools.course.light_imports
    for name in installed:
        importlib.import_module(name)
    for line in sys.stdin:
        file, *words = json.loads(line)
        if (child := os.fork()) == 0:
            os._exit(become(file, words))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(file: str, words: Sequence[str]) -> int:
    """Be `python -m words`, printing to a file; return the exit code."""
    printed = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    empty = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((empty, printed, printed)):
        os.dup2(stream, number)
    sys.argv = [*words]
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(sys.argv[1:])
