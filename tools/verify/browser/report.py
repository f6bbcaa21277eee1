"""What became of the lessons in the browser, as a table and sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.core.tables import text_table

HEADER = (
    *("lesson", "cells", "figures", "formulas", "explorer", "exercise"),
    *("problems", "seconds"),
)


@dataclass
class Visit:
    """What became of a lesson; the fields fill while it is visited."""

    name: str
    cells: int = 0
    figures: int = 0
    formulas: int = 0
    moved: int = 0
    exercise: str = "-"
    seconds: float = 0
    problems: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        """Return the lesson's line in the closing table."""
        counts = (self.cells, self.figures, self.formulas)
        moved = f"{self.moved} moved" if self.moved else "-"
        ends = (moved, self.exercise, len(self.problems), f"{self.seconds:.0f}")
        return (self.name, *map(str, counts), *map(str, ends))


def report(visits: Sequence[Visit], unnoticed: Sequence[str]) -> int:
    """Print the table and every problem; return 1 if there is one, else 0."""
    rows = [HEADER, *[each.row() for each in visits]]
    print(text_table(rows, right=(1, 2, 3, 6, 7)))
    for each in visits:
        for problem in each.problems:
            print(f"{each.name}: {problem}")
    for problem in unnoticed:
        print(f"self-check: {problem}")
    return 1 if unnoticed or any(each.problems for each in visits) else 0
