"""What a habit is, and what learners do to a page, as functions from a notebook to
others.

`metadata.habit` of a code cell says which cell of the lesson it is, and which time it
runs.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode, v4

from tools.course import notebooks

DEATH = "import os\n\nos._exit(1)  # nothing is put away: the kernel is gone"

HIDE = "from tools.machine.weights.hidden import hide\n\nhide()"


def numbered(nb: NotebookNode, parameters: dict[str, object]) -> NotebookNode:
    """Number the cells of a page, and type `parameters` into the cell that is tagged
    so, as a learner does it: a second run finds them again. Return the page."""
    for number, cell in enumerate(notebooks.code_cells(nb), start=1):
        cell.metadata["habit"] = f"cell {number}"
        if "parameters" in notebooks.tags(cell):
            values = notebooks.parameters(nb) | parameters
            cell.source = "\n".join(f"{n} = {value!r}" for n, value in values.items())
    return nb


def once(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page as it is: Run All."""
    return [nb]


def each_cell_twice(
    nb: NotebookNode, chosen: Callable[[NotebookNode], bool] = lambda cell: True
) -> list[NotebookNode]:
    """Return the page with every chosen code cell twice in a row."""
    cells = []
    for cell in nb.cells:
        twice = cell.cell_type == "code" and chosen(cell)
        cells += [cell, again(cell)] if twice else [cell]
    return [NotebookNode(nb, cells=cells)]


def exercises_twice(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page with every cell of an exercise twice in a row; they cost least,
    and are the ones that a learner runs most often."""
    return each_cell_twice(nb, lambda cell: "nbgrader" in cell.metadata)


def all_twice(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page followed by all its cells: Run All twice in one kernel."""
    cells = [*nb.cells, *map(again, notebooks.code_cells(nb))]
    return [NotebookNode(nb, cells=cells)]


def stopped_in_the_middle(nb: NotebookNode) -> list[NotebookNode]:
    """Return two pages, for two kernels: the first half, at whose end the kernel dies
    and tidies nothing up, and the whole page: Run All Above, then the rest."""
    codes = notebooks.code_cells(nb)
    end = 1 + nb.cells.index(codes[len(codes) // 2])
    last = v4.new_code_cell(DEATH, metadata={"habit": "the cell that must not return"})
    return [NotebookNode(nb, cells=[*nb.cells[:end], last]), nb]


def without_weights(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page for a machine on which no pretrained weights are."""
    first = v4.new_code_cell(HIDE, metadata={"habit": "the cell that hides weights"})
    return [NotebookNode(nb, cells=[first, *nb.cells])]


def again(cell: NotebookNode) -> NotebookNode:
    """Return the same cell for a second time, under an id of its own."""
    second = copy.deepcopy(cell)
    second.metadata["habit"] += ", the second time"
    second.id = f"again-{cell.id}"
    return second


GLANCE = {"BUDGET": 0.03}  # where training is not the point: all lessons reach the end


@dataclass(frozen=True)
class Habit:
    """What a learner does: `pages` are run in kernels of their own, one after another,
    in one folder; `walls` are among "network", "data" and "home".

    `own`: a parameter that takes the path of a reader's own files, and a function that
    makes them in a folder and returns that path; only lessons that have the parameter
    are used so.
    """

    name: str
    text: str
    pages: Callable[[NotebookNode], list[NotebookNode]] = once
    parameters: dict[str, object] = field(default_factory=lambda: GLANCE)
    walls: tuple[str, ...] = ()
    student: bool = False
    own: tuple[str, Callable[[Path], Path]] | None = None
