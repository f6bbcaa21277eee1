"""`python -m tools store`: execute lessons as printed and keep quiet outputs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbstripout import strip_output

from tools.course import files, notebooks, quotes
from tools.course.notebooks import code_fingerprint
from tools.course.options import add_lessons
from tools.execute.lessons import jobs, report
from tools.execute.schedule import Result, run_jobs
from tools.execute.warm import Servers

# What papermill and JupyterLab write down of a run, or of how a cell was looked at.
OF_CELLS = ("papermill", "execution", "ExecuteTime", "collapsed", "hidden", "scrolled")
NOISE = [
    *("metadata.papermill", "metadata.language_info.version", "metadata.signature"),
    *(f"cell.metadata.{name}" for name in OF_CELLS),
]
EXAMPLE = "01"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to store."""
    add_lessons(parser)


def strip(nb: NotebookNode) -> None:
    """Remove from a notebook what differs from run to run; keep the outputs."""
    strip_output(nb, keep_output=True, keep_count=True, keep_id=True, extra_keys=NOISE)
    for cell in nb.cells:
        if not notebooks.tags(cell):
            cell.metadata.pop("tags", None)  # papermill adds an empty list


def keep_old_timings(new: NotebookNode, old: NotebookNode) -> None:
    """Give the cells tagged `timing` their old outputs while the code is the same."""
    if old.metadata.get("pixels", {}).get("code") != code_fingerprint(new):
        return
    before = {cell.id: cell for cell in notebooks.code_cells(old)}
    for cell in notebooks.code_cells(new):
        if "timing" in notebooks.tags(cell) and cell.id in before:
            cell.outputs = before[cell.id].outputs


def store(result: Result) -> None:
    """Replace the lesson by its executed copy, in one step."""
    source = result.job.source
    new = result.notebook()
    strip(new)
    keep_old_timings(new, notebooks.read(source))
    kept = new.metadata.get("pixels", {})  # such as {"length": "short"}
    new.metadata["pixels"] = kept | {"code": code_fingerprint(new)}
    files.write_whole(source, nbformat.writes(new) + "\n")


def store_lessons(
    paths: Sequence[Path], out: Path, at_once: int = 2, servers: Servers | None = None
) -> list[str]:
    """Execute and store each lesson in which everything held, and nothing was written
    to stderr; return the problems. `servers`: as for `run_jobs`."""
    problems = []
    for result in run_jobs(jobs(paths, out, {}), at_once, servers):
        found = report(result, all_judged=True).problems or [
            f"cell [{cell.execution_count}] wrote to stderr"
            for cell in notebooks.code_cells(result.notebook())
            if notebooks.stream(cell, "stderr")
        ]
        name = result.job.source.stem
        if not found:
            store(result)
            print(f"{name}: stored")
        problems += [f"{name}: not stored: {problem}" for problem in found]
    return problems


def main(arguments: argparse.Namespace) -> int:
    """Store the chosen lessons; return 1 when one of them could not be, else 0."""
    paths = notebooks.choose(arguments.lessons)
    problems = store_lessons(paths, files.BUILD / "store", arguments.jobs)
    said = [*quotes.renew(), *problems]
    print(*said, sep="\n", end="\n" if said else "")
    return 1 if problems else 0
