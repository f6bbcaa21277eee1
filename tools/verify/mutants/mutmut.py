"""mutmut, called in a copy of the course; `[tool.mutmut]` says what it changes there.

It makes its mutants in a folder of its own below the copy, keeps there what it finds,
and runs the tests in forks of one process that has imported them.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.execute.kernels import child_environment

# `python -m mutmut` would import its main module twice, and warn of it.
MUTMUT = (sys.executable, "-c", "from mutmut.__main__ import cli; cli()")
RESULT = re.compile(r"^ {4}(?P<name>\S+): (?P<status>.+)$", re.MULTILINE)


def make(course: Path, patterns: Sequence[str], jobs: int) -> None:
    """Make the mutants whose names fit a pattern and run their tests, with a line of
    progress. Raises UserError where mutmut does not come to its end: above all, where
    a test fails without any mutant."""
    words = ("run", f"--max-children={jobs}", *patterns)
    environment = child_environment(course)
    done = subprocess.run([*MUTMUT, *words], cwd=course, env=environment)
    if done.returncode:
        raise UserError(f"mutmut ended with {done.returncode}; it says why above.")


def results(course: Path) -> dict[str, str]:
    """Return what became of each mutant: its name -> "killed", "survived", …."""
    return dict(RESULT.findall(said(course, "results", "--all", "true")))


def difference(course: Path, name: str) -> str:
    """Return a mutant's name, what became of it, and the lines it changes."""
    return said(course, "show", name).strip()


def said(course: Path, *words: str) -> str:
    """Return what mutmut prints when it is asked."""
    done = subprocess.run(
        [*MUTMUT, *words],
        cwd=course,
        env=child_environment(course),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return done.stdout
