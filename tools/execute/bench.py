"""`python -m tools bench`: what the lessons cost, and which cells cost most."""

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.imports import imports
from tools.course.options import add_lessons, add_parameters
from tools.execute import bench_llama, bench_saved
from tools.execute.lessons import asked, jobs, whole
from tools.execute.schedule import Result, run_jobs

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
    real = "compare SmolLM2 by our blocks with transformers, and nothing else"
    parser.add_argument("--real", action="store_true", help=real)
    parser.add_argument("--save", action="store_true", help="keep what is measured")
    parser.add_argument(
        "--saved",
        metavar="FILE",
        help="where it is kept, to compare with (default: data/cache/bench.json)",
    )


def seconds(cell: NotebookNode) -> float:
    """Return what papermill has timed, 0 for a cell that was not reached."""
    return cell.metadata.get("papermill", {}).get("duration") or 0.0


def parts(result: Result) -> tuple[float, ...]:
    """Return the seconds of a lesson: all, start-up, imports and compute."""
    cells = notebooks.code_cells(result.notebook())
    costs = [seconds(cell) for cell in cells]
    last = next((i for i, cell in enumerate(cells) if imports(cell.source)), -1)
    before, after = sum(costs[: last + 1]), sum(costs[last + 1 :])
    return result.seconds, result.seconds - before - after, before, after


def first_line(source: str) -> str:
    """Return the first line of code, cut to a width that a terminal shows."""
    lines = [line.strip() for line in source.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    return textwrap.shorten(code[0], WIDTH, placeholder=" …") if code else ""


def lesson_table(results: Sequence[Result]) -> str:
    """Return the table of the lessons, with the sums of what can be added."""
    costs = [parts(result) for result in results]
    rows = [
        (
            result.job.source.stem + (" FAILED" if result.error else ""),
            *[f"{s:.1f}" for s in cost],
            whole(result.cpu_seconds),
            whole(result.megabytes),
        )
        for result, cost in zip(results, costs, strict=True)
    ]
    total = ("all", *[f"{sum(s):.1f}" for s in zip(*costs, strict=True)], "", "")
    return text_table([HEADER, *rows, total], right=range(1, 7))


def slowest_table(results: Sequence[Result]) -> str:
    """Return the table of the cells that took longest."""
    cells = [(r, cell) for r in results for cell in notebooks.code_cells(r.notebook())]
    slowest = sorted(cells, key=lambda pair: -seconds(pair[1]))[:SLOWEST]
    rows = [
        (
            result.job.source.stem,
            f"[{cell.execution_count}]",
            f"{seconds(cell):.1f}",
            f"{seconds(cell) / (result.seconds or 1):.0%}",
            first_line(cell.source),
        )
        for result, cell in slowest
    ]
    return text_table([CELL_HEADER, *rows], right=(1, 2, 3))


def main(arguments: argparse.Namespace) -> int:
    """Execute lessons, print what they cost, and beside it what was saved; return 1
    when one failed, else 0. Raises UserError, before anything is executed, for a file
    that cannot be compared with."""
    if arguments.real:
        return bench_llama.main()
    file = Path(arguments.saved).absolute() if arguments.saved else bench_saved.FILE
    before = bench_saved.read(file)
    paths = notebooks.choose(arguments.lessons)
    todo = jobs(paths, files.BUILD / "bench", asked(arguments))
    results = run_jobs(todo, arguments.jobs)
    print(f"{lesson_table(results)}\n\n{LEGEND}\n\n{slowest_table(results)}")
    now = bench_saved.measured(results, first_line)
    if before:
        print(f"\ncompared with {file}\n\n{bench_saved.compared(before, now)}")
    if arguments.save:
        bench_saved.write(file, before, now)
        print(f"\nsaved in {file}")
    return 1 if any(result.error for result in results) else 0
