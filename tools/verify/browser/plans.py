"""What is typed in a lesson: one exercise, first wrong, then right.

The wrong lines stand beside their misconception in the bank of exercises; the right
ones come from the worked lesson.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from helpers.core.errors import UserError
from helpers.page.exercises import Wrong, find
from tools.course import notebooks
from tools.editions.student import SOLUTION


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


def solution_lines(source: str) -> list[str]:
    """Return what stands between the markers, without their indentation.

    Raises UserError where there is no marked region.
    """
    begin, end = SOLUTION
    lines = source.splitlines()
    first = next((i for i, line in enumerate(lines) if begin in line), None)
    last = next((i for i, line in enumerate(lines) if end in line), None)
    if first is None or last is None or last <= first + 1:
        raise UserError(f"There is no solution to type in {source[:60]!r}.")
    indent = len(lines[first]) - len(lines[first].lstrip())
    return [line[indent:] for line in lines[first + 1 : last]]


def expected_source(stub: str, typed: Sequence[str]) -> str:
    """Return the cell after its line `...` has been replaced by the typed lines."""
    lines = stub.splitlines()
    number = stub_line(stub)
    indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
    new = [f"{indent}{line}" if line else "" for line in typed]
    return "\n".join([*lines[:number], *new, *lines[number + 1 :]])


def stub_line(source: str) -> int:
    """Return the number of the line `...`. Raises UserError without one."""
    for number, line in enumerate(source.splitlines()):
        if line.strip() == "...":
            return number
    raise UserError(f"There is no line '...' to replace in {source[:60]!r}.")


def parameter_line(nb: NotebookNode, name: str) -> tuple[int, str]:
    """Return the number of the parameters cell, and its line that sets `name`.

    Raises UserError when there is none.
    """
    for number, cell in enumerate(nb.cells):
        if "parameters" in notebooks.tags(cell):
            for line in cell.source.splitlines():
                if line.startswith(f"{name} ="):
                    return number, line
    raise UserError(f"The lesson has no parameter {name}.")
