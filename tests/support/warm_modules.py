"""Modules of Python run in another checkout, forked from a process that is warm.

Imports of torch and nbformat cost `python -m tools run` seconds. One process in that
checkout imports them, and nothing of the course that a test may change, and forks once
for each command: the fork imports the course's own modules as they are by then, so it
sees every file as a new process would. The kernels that a command starts are forked
too. Where nothing can be forked, each command is a new process.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.course import files
from tools.execute import kernels
from tools.execute.warm import Warm, forked

INSTALLED = (
    *("ipykernel.kernelapp", "papermill", "torch", "nbformat", "pytest"),
    *("matplotlib.pyplot", "ipywidgets"),
)
# A plugin of the course's is imported by then, and needs no rewriting.
KNOWN = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")


class Said(NamedTuple):
    """The exit code of a command, and what it has printed, errors among it."""

    code: int
    text: str


@dataclass(frozen=True)
class Python:
    """Runs each module in a checkout, in a process of its own."""

    root: Path
    environment: dict[str, str]
    warm: Warm | None

    def run(self, *words: str) -> Said:
        """Run `python -m words` to its end."""
        plain = (sys.executable, "-m", *words)
        if words[0] == "pytest":
            words = ("pytest", *KNOWN, *words[1:])
        with tempfile.TemporaryFile() as file:
            done = subprocess.run(
                self.warm.command(*words) if self.warm else plain,
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            file.seek(0)
            return Said(done.returncode, file.read().decode(errors="replace"))


@contextlib.contextmanager
def modules(root: Path, **changes: str) -> Iterator[Python]:
    """Give what runs modules with a checkout as working folder, in the environment of
    kernels with `changes`."""
    # As a command there will choose it for its kernels.
    profile = str(root / "build" / "ipython")
    environment = kernels.child_environment(root, IPYTHONDIR=profile, **changes)
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "ROOT", root)  # where the server starts
            warm = stack.enter_context(forked(environment, libraries=INSTALLED))
        if warm:
            environment |= warm.environment()
        yield Python(root, environment, warm)
