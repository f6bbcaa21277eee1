"""What the options of several commands share; PIXELS_NAME in the environment is the
default of an option. Nothing heavy is imported."""

import argparse
import difflib
import os
import re
from collections.abc import Iterable

from helpers.core.errors import UserError

# `make NAME=value` passes these on, under PIXELS_NAME; a bare NAME is never read.
VARIABLES = (
    *("LESSONS", "SEED", "SEEDS", "BUDGET", "DEVICE"),
    *("SCHEDULER", "FAULTS", "HABITS", "REVEAL", "UPGRADE"),
)
RANGE = re.compile(r"(\d+)-(\d+)")


def from_environment(name: str) -> str:
    """Return the value of PIXELS_NAME, "" where it is not set."""
    return os.environ.get(f"PIXELS_{name}", "")


def add_lesson_names(
    command: argparse.ArgumentParser, otherwise: str = "all", name: str = "lessons"
) -> None:
    """Add which lessons are meant. `name`: "--lessons" makes it an option."""
    command.add_argument(
        name,
        nargs="*",
        default=from_environment("LESSONS").split(),
        metavar="LESSON",
        help="a name, a number or several: 01, 1,2 or 00-02 "
        f"(default: $PIXELS_LESSONS, else {otherwise})",
    )


def add_lessons(command: argparse.ArgumentParser, at_once: int = 2) -> None:
    """Add which lessons to execute, and how many of them at a time."""
    add_lesson_names(command)
    command.add_argument(
        "--jobs",
        type=positive,
        default=at_once,
        help=f"lessons at a time (default: {at_once})",
    )


def add_parameters(command: argparse.ArgumentParser) -> None:
    """Add the options that change a lesson's parameters."""
    for name, kind in (("seed", int), ("budget", float), ("device", str)):
        add_variable(command, name, kind, "what the lesson says")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter of the lesson; may be given several times",
    )


def add_variable(
    command: argparse.ArgumentParser,
    name: str,
    kind,
    otherwise: str,
    default: str | None = None,
    **more,
) -> None:
    """Add an option whose default is the environment's, see `from_environment`."""
    command.add_argument(
        f"--{name}",
        type=kind,
        default=from_environment(name.upper()) or default,
        help=f"default: $PIXELS_{name.upper()}, else {otherwise}",
        **more,
    )


def positive(text: str) -> int:
    """Return a whole number of at least 1; argparse words the error."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def spelled_out(text: str) -> list[str]:
    """Return the names in a text: "01", "01 03", "1,3", and of numbers "00-02".

    Raises UserError for a text without any, and a range that runs backwards.
    """
    parts = text.replace(",", " ").split()
    if not parts:
        raise UserError(f"{text!r} is empty; it needs numbers such as 1, 1,3 or 0-4.")
    return [name for part in parts for name in within(part)]


def within(part: str) -> list[str]:
    """Return the numbers of a range, or the one name that is none."""
    if not (match := RANGE.fullmatch(part)):
        return [part]
    first, last = map(int, match.groups())
    if last < first:
        raise UserError(
            f"The range {part} runs backwards; it needs {match[2]}-{match[1]}."
        )
    return [f"{number:0{len(match[1])}d}" for number in range(first, last + 1)]


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """Return the error for a name that is not known; it says which one is near."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    rest = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return UserError(f"There is no {kind} {name!r}; {rest}")
