"""Copies of lessons for Colab: the student edition behind a cell that installs it."""

import copy
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from packaging.requirements import Requirement

from tools.publish.place import Place

CELL = Path(__file__).with_name("colab_cell.py")
ID = "install-the-course"
KEPT = ("torch", "torchvision", "jupyterlab")  # Colab has its own, built for its GPUs


def values(place: Place, project: Mapping) -> dict[str, object]:
    """Return what the cell's constants hold. `project`: pyproject's [project]."""
    needed = {Requirement(text).name: text for text in project["dependencies"]}
    return {
        "REPOSITORY": place.repository,
        "BRANCH": place.branch,
        "PRINTED_WITH": str(Requirement(needed["torch"]).specifier).strip("="),
        "NEEDED": [needed[n] for n in needed if n not in KEPT],
    }


def cell_source(constants: Mapping[str, object]) -> str:
    """Return the cell with its constants, each in one line, set."""
    return re.sub(
        r"^([A-Z_]+) = .*",
        lambda found: f"{found[1]} = {constants[found[1]]!r}",
        CELL.read_text(encoding="utf-8").rstrip(),
        flags=re.MULTILINE,
    )


def colab_copy(student: NotebookNode, source: str) -> NotebookNode:
    """Return a student edition whose first code cell, below the title, is `source`."""
    nb = copy.deepcopy(student)
    cell = nbformat.v4.new_code_cell(source, id=ID, metadata={"cellView": "form"})
    nb.cells.insert(1, cell)
    nbformat.validate(nb)
    return nb
