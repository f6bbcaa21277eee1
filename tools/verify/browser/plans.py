"""What is typed in a lesson: one exercise, first wrong, then right.

The wrong lines stand beside their misconception in the bank of exercises; the right
ones come from the worked lesson.
"""

import re
from dataclasses import dataclass
from textwrap import indent

from nbformat import NotebookNode

from helpers.core.errors import UserError
from helpers.page.exercises import Wrong, find
from tools.course import notebooks
from tools.editions.student import SOLUTION

DOTS = re.compile(r"^( *)\.\.\.$", re.MULTILINE)
BUDGET = re.compile(r"^BUDGET = .*$", re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """An exercise, and the wrong answer that is typed in place of its `...`."""

    exercise: str
    wrong: Wrong


def plan_of(nb: NotebookNode) -> Plan | None:
    """Return the first exercise of a lesson that has a wrong answer to type, or None.

    Raises UserError for an exercise that stands in no bank.
    """
    for cell in notebooks.exercises(nb):
        name = cell.metadata.nbgrader.grade_id.removeprefix("check-")
        exercise = name.replace("-", ".")
        for wrong in find(exercise).wrong:
            if wrong.typed:
                return Plan(exercise, wrong)
    return None


def position(nb: NotebookNode, kind: str, exercise: str) -> int:
    """Return the number of an exercise's cell, of kind "ex" or "check".

    Raises UserError when the lesson has none.
    """
    grade_id = f"{kind}-{exercise.replace('.', '-')}"
    for number, cell in enumerate(nb.cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id", "") == grade_id:
            return number
    raise UserError(f"The lesson has no cell {grade_id!r}.")


def solved(source: str) -> str:
    """Return a worked exercise without the markers around its solution."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if line.strip() not in SOLUTION)


def attempted(stub: str, typed: str) -> str:
    """Return an exercise with what is typed in place of its line `...`."""
    return DOTS.sub(lambda found: indent(typed, found[1]), stub, count=1)


def with_budget(nb: NotebookNode, budget: float) -> tuple[int, str]:
    """Return the number of the parameters cell, and its code with this budget."""
    tagged = ("parameters" in notebooks.tags(cell) for cell in nb.cells)
    number = list(tagged).index(True)
    return number, BUDGET.sub(f"BUDGET = {budget!r}", nb.cells[number].source)
