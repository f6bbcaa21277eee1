"""`python -m tools progress`: what is solved, tried and untouched, lesson by lesson."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from helpers.page.progress import by_lesson, count, found_in
from tools.course import files

HEADER = ("lesson", "solved", "tried, not yet right", "untouched")
ORDER = ("correct", "wrong", "not attempted")
EXAMPLE = "study"


def options(parser: argparse.ArgumentParser) -> None:
    """Add where to look."""
    parser.add_argument(
        "folder", nargs="?", help="where your notebooks are (default: study)"
    )


def row(lesson: str, states: Mapping[str, str]) -> tuple[str, ...]:
    """Return the line of a lesson: the exercises in each of the three states."""
    groups = (" ".join(i for i, s in states.items() if s == kind) for kind in ORDER)
    return lesson, *(group or "-" for group in groups)


def main(arguments: argparse.Namespace) -> int:
    """Print the table of the notebooks in a folder, study/ by default; return 0.

    Raises UserError where no exercise is found.
    """
    folder = Path(arguments.folder) if arguments.folder else files.STUDY
    states = found_in(folder)
    if not states:
        raise UserError(
            f"No exercise found in {folder}: `make lab` puts your lessons into study/; "
            "name another folder with python -m tools progress FOLDER."
        )
    rows = [row(lesson, own) for lesson, own in by_lesson(states).items()]
    print(text_table([HEADER, *rows]))
    print(f"\n{count(states.values())}")
    return 0
