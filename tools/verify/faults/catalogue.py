"""The faults of `python -m tools faults`: where they stand, and what one changes."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files

FILE = files.ROOT / "tests" / "faults.toml"


@dataclass(frozen=True)
class Fault:
    """One small change of one file, which a test, a check or a claim must notice."""

    name: str
    file: str  # from the checkout on, such as helpers/data/images/datasets.py
    old: str  # occurs exactly once in the file
    new: str
    tests: tuple[str, ...] = ()  # to be asked first, such as test_glyphs
    fast: bool = False  # among the few that `make test` makes
    harmless: str = ""  # why nothing needs to notice it

    def change(self) -> str:
        """Return all that decides who notices the fault, as one text."""
        return repr(replace(self, fast=False, harmless=""))

    def applied(self, text: str) -> str:
        """Return the text of the file with the fault in it. Raises UserError unless
        `old` occurs exactly once and what comes out is Python."""
        if (count := text.count(self.old)) != 1:
            raise UserError(
                f"Fault {self.name}: its text occurs {count} times in {self.file}; "
                "it must occur once."
            )
        text = text.replace(self.old, self.new)
        try:
            compile(text, self.file, "exec")
        except SyntaxError as error:
            raise UserError(
                f"Fault {self.name}: with it, {self.file} is not Python ({error})."
            ) from error
        return text


def read_faults(path: Path = FILE) -> list[Fault]:
    """Return the faults in a file, in its order. Raises UserError for a file that is
    missing or no TOML, an entry that is no fault, and a name that occurs twice."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        faults = [as_fault(f, entry) for f, rows in tables.items() for entry in rows]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} holds no list of faults: {error}") from error
    names = [fault.name for fault in faults]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"{path} names {', '.join(twice)} twice; a name occurs once.")
    return faults


def as_fault(file: str, entry: dict) -> Fault:
    """Return one entry of the list. Raises TypeError for a key that no fault has."""
    return Fault(file=file, **entry | {"tests": tuple(entry.get("tests", ()))})


def choose(names: Iterable[str], faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults called `names`, or beginning so ("data" chooses "data-leaks"),
    all when empty. Raises UserError for a name that chooses none."""
    chosen = set()
    for name in names:
        match = {f.name for f in faults if f"{f.name}-".startswith(f"{name}-")}
        if not match:
            raise UserError(f"No fault is called {name!r}; {FILE.name} lists them.")
        chosen |= match
    return [f for f in faults if f.name in chosen or not chosen]
