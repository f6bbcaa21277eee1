"""`python -m tools bench`: what the lessons cost, and which cells cost most."""

import argparse
import ast
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lessons, add_parameters
from tools.execute.lessons import asked, fitting
from tools.execute.schedule import Job, Result, run_jobs

SLOWEST = 10
WIDTH = 60
HEADER = ("lesson", "seconds", "start-up", "imports", "compute", "CPU s", "peak MB")
CELL_HEADER = ("lesson", "cell", "seconds", "of lesson", "first line")
LEGEND = """\
start-up: outside of all cells, where the kernel starts and ends; imports: up to the end
of the first cell that imports; compute: all cells after it; CPU s: of the kernel"""
EXAMPLE = "00-02"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to measure, alone so that nothing else is measured."""
    add_lessons(parser, at_once=1)
    add_parameters(parser)


@dataclass(frozen=True)
class CellCost:
    """The seconds of one executed cell."""

    lesson: str
    count: int | None
    seconds: float
    line: str


@dataclass(frozen=True)
class LessonCost:
    """Where the seconds of one lesson went, and what its kernel used."""

    result: Result
    imports: float
    cells: tuple[CellCost, ...]

    @property
    def compute(self) -> float:
        """Return the seconds of the cells after the imports."""
        return sum(cell.seconds for cell in self.cells) - self.imports

    @property
    def start_up(self) -> float:
        """Return the seconds outside of all cells."""
        return self.result.seconds - self.imports - self.compute

    def row(self) -> tuple[str, ...]:
        """Return the lesson's line."""
        name = self.result.job.source.stem + (" FAILED" if self.result.error else "")
        seconds = (self.result.seconds, self.start_up, self.imports, self.compute)
        used = (self.result.cpu_seconds, self.result.megabytes)
        whole = ["-" if n is None else f"{n:.0f}" for n in used]
        return (name, *[f"{s:.1f}" for s in seconds], *whole)


def lesson_cost(result: Result) -> LessonCost:
    """Return the cost of an executed lesson, from the timings in the notebook."""
    cells = notebooks.code_cells(result.notebook())
    costs = [cell_cost(cell, result.job.source.stem) for cell in cells]
    last = next((i for i, cell in enumerate(cells) if imports_something(cell)), -1)
    imports = sum(cost.seconds for cost in costs[: last + 1])
    return LessonCost(result, imports, tuple(costs))


def cell_cost(cell: NotebookNode, lesson: str) -> CellCost:
    """Return what papermill has timed, 0 for a cell that was not reached."""
    seconds = cell.metadata.get("papermill", {}).get("duration") or 0.0
    return CellCost(lesson, cell.execution_count, seconds, first_line(cell.source))


def first_line(source: str) -> str:
    """Return the first line of code, cut to a width that a terminal shows."""
    lines = [line.strip() for line in source.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    line = code[0] if code else ""
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def imports_something(cell: NotebookNode) -> bool:
    """Return whether a cell imports at its top level."""
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:  # a magic command
        return False
    return any(isinstance(statement, ast.Import | ast.ImportFrom) for statement in body)


def lesson_table(costs: Sequence[LessonCost]) -> str:
    """Return the table of the lessons, with the sums of what can be added."""
    rows = [cost.row() for cost in costs]
    sums = [sum(float(row[i]) for row in rows) for i in range(1, 5)]
    total = ("all", *[f"{s:.1f}" for s in sums], "", "")
    return text_table([HEADER, *rows, total], right=range(1, 7))


def slowest_table(costs: Sequence[LessonCost], count: int = SLOWEST) -> str:
    """Return the table of the cells that took longest."""
    total = {cost.result.job.source.stem: cost.result.seconds for cost in costs}
    cells = [cell for cost in costs for cell in cost.cells]
    cells = sorted(cells, key=lambda cell: -cell.seconds)[:count]
    rows = [
        (
            cell.lesson,
            f"[{cell.count}]",
            f"{cell.seconds:.1f}",
            f"{cell.seconds / (total[cell.lesson] or 1):.0%}",
            cell.line,
        )
        for cell in cells
    ]
    return text_table([CELL_HEADER, *rows], right=(1, 2, 3))


def main(arguments: argparse.Namespace) -> int:
    """Execute lessons, print what they cost; return 1 when one failed, else 0."""
    parameters = asked(arguments)
    paths = notebooks.choose(arguments.lessons)
    out = files.BUILD / "bench"
    jobs = [Job(path, out / path.name, fitting(path, parameters)) for path in paths]
    costs = [lesson_cost(result) for result in run_jobs(jobs, arguments.jobs)]
    print(f"{lesson_table(costs)}\n\n{LEGEND}\n\n{slowest_table(costs)}")
    return 1 if any(cost.result.error for cost in costs) else 0
