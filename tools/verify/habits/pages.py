"""What a learner does to a page, as functions from a notebook to another one.

None of them changes its argument. `metadata.habit` of a code cell says which cell of
the lesson it is, and which time it runs.
"""

import copy
from collections.abc import Callable

from nbformat import NotebookNode, v4

from tools.course import notebooks

PROBE = "from tools.verify.habits.probe import probe\n\nprint(probe())"
DEATH = "import os\n\nos._exit(1)  # nothing is put away: the kernel is gone"


def numbered(nb: NotebookNode, parameters: dict[str, object]) -> NotebookNode:
    """Return the page without outputs, its cells numbered, `parameters` typed into the
    cell that is tagged so, as a learner does it: a second run finds them again."""
    nb = copy.deepcopy(nb)
    nb.metadata.pop("widgets", None)
    for number, cell in enumerate(notebooks.code_cells(nb), start=1):
        cell.outputs, cell.execution_count = [], None
        cell.metadata["habit"] = {"cell": number, "time": 1}
        if "parameters" in notebooks.tags(cell):
            values = notebooks.parameters(nb) | parameters
            cell.source = "\n".join(f"{n} = {value!r}" for n, value in values.items())
    return nb


def probed(nb: NotebookNode) -> NotebookNode:
    """Return the page behind a first cell that tries the walls."""
    return with_cells(nb, [extra(PROBE), *nb.cells])


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
    return [with_cells(nb, cells)]


def exercises_twice(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page with every cell of an exercise twice in a row; they cost least,
    and are the ones that a learner runs most often."""
    return each_cell_twice(nb, lambda cell: "nbgrader" in cell.metadata)


def all_twice(nb: NotebookNode) -> list[NotebookNode]:
    """Return the page followed by all its cells: Run All twice in one kernel."""
    return [with_cells(nb, [*nb.cells, *map(again, notebooks.code_cells(nb))])]


def stopped_in_the_middle(nb: NotebookNode) -> list[NotebookNode]:
    """Return two pages, for two kernels: the first half, at whose end the kernel dies
    and tidies nothing up, and the whole page: Run All Above, then the rest."""
    codes = notebooks.code_cells(nb)
    middle = codes[len(codes) // 2].id
    end = 1 + next(i for i, cell in enumerate(nb.cells) if cell.id == middle)
    return [with_cells(nb, [*nb.cells[:end], extra(DEATH)]), nb]


def dies(nb: NotebookNode) -> bool:
    """Return whether a page ends in the death of its kernel."""
    return nb.cells[-1].source == DEATH


def again(cell: NotebookNode) -> NotebookNode:
    """Return the same cell for a second time, under an id of its own."""
    second = copy.deepcopy(cell)
    number = cell.metadata["habit"]["cell"]
    second.id = f"again-{number}"
    second.metadata["habit"] = {"cell": number, "time": 2}
    return second


def extra(source: str) -> NotebookNode:
    """Return a cell that is not the lesson's."""
    return v4.new_code_cell(source, metadata={"habit": {"cell": 0, "time": 1}})


def with_cells(nb: NotebookNode, cells: list[NotebookNode]) -> NotebookNode:
    """Return a notebook like `nb` with other cells."""
    other = copy.deepcopy(nb)
    other.cells = copy.deepcopy(cells)
    return other
