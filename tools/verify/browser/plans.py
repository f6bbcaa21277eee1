"""What is typed in each lesson: one exercise, first wrong, then right.

The wrong lines are a known wrong answer of the bank, short enough to type; the right
ones come from the worked lesson.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.editions.student import SOLUTION


@dataclass(frozen=True)
class Plan:
    """An exercise, and what a learner who is wrong types in place of its `...`."""

    exercise: str
    wrong: tuple[str, ...]


PLANS = {
    "00": Plan("0.2", ("return logits_k.log_softmax(dim=0)[label]",)),
    "01": Plan("1.2", ("return kernel // 2",)),
    "02": Plan("2.1", ("return 9 * inputs * outputs + 9 * outputs * outputs",)),
    "03": Plan("3.2", ("return bits**2",)),
    "04": Plan("4.1", ("return scores_qk.softmax(dim=-2)",)),
    "05": Plan("5.5", ("return causal_mask(T)",)),
    "06": Plan(
        "6.4",
        ("with torch.no_grad():", "    right = model(images).argmax(dim=1) == labels"),
    ),
}


def position(nb: NotebookNode, grade_id: str) -> int:
    """Return the number of the cell that nbgrader calls so. Raises UserError."""
    for number, cell in enumerate(nb.cells):
        given = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if given == grade_id:
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
