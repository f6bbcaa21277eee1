"""The faults of `python -m tools faults`: where they stand, and what one changes."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files

FOLDER = files.ROOT / "tests" / "faults"  # a file for each lesson, and shared.toml


@dataclass(frozen=True)
class Fault:
    """One small change of one file, which a test, a check or a claim must notice."""

    name: str
    file: str  # from the checkout on, such as helpers/data/images/datasets.py
    old: str  # occurs exactly once in the file
    new: str
    tests: Sequence[str] = ()  # files to be asked first, from the checkout on
    fast: bool = False  # among the few that `make test` makes
    harmless: str = ""  # why nothing needs to notice it

    def change(self) -> str:
        """Return all that decides who notices the fault, as one text."""
        return repr(replace(self, fast=False, harmless=""))

    def made_in(self, root: Path) -> str:
        """Return the text of the file with the fault in it. Raises UserError unless
        `old` occurs exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if (count := text.count(self.old)) != 1:
            raise UserError(
                f"Fault {self.name}: its text occurs {count} times in {self.file}; "
                "it must occur once."
            )
        return text.replace(self.old, self.new)


def read_faults(folder: Path = FOLDER) -> list[Fault]:
    """Return the faults in the files of a folder, in the order of their names. Raises
    UserError where there is none."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise UserError(f"{folder} holds no list of faults, such as 01.toml.")
    return [fault for path in paths for fault in faults_in(path)]


def faults_in(path: Path) -> list[Fault]:
    """Return the faults in one file, in its order. Raises UserError for a file that is
    no TOML, and for an entry that is no fault."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return [Fault(file=f, **row) for f, rows in tables.items() for row in rows]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} holds no list of faults: {error}") from error


def choose(names: Iterable[str], faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults called `names`, or beginning so ("data" chooses "data-leaks"),
    all when empty. Raises UserError for a name that chooses none."""
    chosen = set()
    for name in names:
        match = {f.name for f in faults if f"{f.name}-".startswith(f"{name}-")}
        if not match:
            raise UserError(
                f"No fault is called {name!r}; the files in tests/faults list them."
            )
        chosen |= match
    return [f for f in faults if f.name in chosen or not chosen]
