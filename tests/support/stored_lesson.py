"""A stored lesson, and what the rules for lessons ask about it."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from nbformat import NotebookNode

from tools.course import notebooks

IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Lesson:
    """A stored lesson and what the rules ask about it."""

    path: Path
    nb: NotebookNode
    size: int

    @property
    def short(self) -> bool:
        """Whether the notebook says `"pixels": {"length": "short"}`: sizes are free."""
        return self.nb.metadata.get("pixels", {}).get("length") == "short"

    @cached_property
    def code(self) -> list[NotebookNode]:
        """All code cells that are not empty."""
        return [cell for cell in notebooks.code_cells(self.nb) if cell.source.strip()]

    @cached_property
    def outputs(self) -> list[tuple[NotebookNode, NotebookNode]]:
        """All outputs, each with its cell."""
        return [(cell, output) for cell in self.code for output in cell.outputs]

    @cached_property
    def figures(self) -> list[tuple[NotebookNode, NotebookNode, str]]:
        """All pictures among the outputs: cell, output, type."""
        return [
            (cell, output, kind)
            for cell, output in self.outputs
            for kind in IMAGES
            if kind in output.get("data", {})
        ]

    @cached_property
    def optional(self) -> set[str]:
        """The ids of the cells that a reader may skip."""
        return notebooks.optional(self.nb)

    @cached_property
    def prose(self) -> list[NotebookNode]:
        """All Markdown cells."""
        return [cell for cell in self.nb.cells if cell.cell_type == "markdown"]


@cache
def load(path: Path) -> Lesson:
    """Return the lesson in a file, read once for all rules: they change nothing."""
    return Lesson(path, notebooks.read(path), path.stat().st_size)


def name(cell: NotebookNode) -> str:
    """Return how to find a cell again."""
    first = next(iter(cell.source.strip().splitlines()), "")
    return f"cell {cell.id} ({first[:40]!r})"


def lines_of(cell: NotebookNode) -> int:
    """Return the number of lines of code, without blank lines and comments."""
    lines = (line.strip() for line in cell.source.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def words(text: str) -> int:
    """Return the number of words, without tags, formulas and addresses."""
    return len(re.sub(r"<[^>]+>|\$[^$]*\$|https?://\S+", " ", text).split())
