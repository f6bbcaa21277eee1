"""`python -m tools store`: execute lessons as printed and keep quiet outputs."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.course import files, notebooks
from tools.course.notebooks import code_fingerprint
from tools.course.options import add_lessons
from tools.execute.lessons import report
from tools.execute.schedule import Job, Result, run_jobs

NOISE = (
    "cell.metadata.execution cell.metadata.papermill "
    "metadata.papermill metadata.language_info.version"
)
EXAMPLE = "01"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to store."""
    add_lessons(parser)


def strip(path: Path) -> None:
    """Remove from a notebook file what differs from run to run; keep the outputs."""
    options = ["--keep-output", "--keep-count", "--keep-id", "--extra-keys", NOISE]
    keep = ["--keep-metadata-keys", "metadata.widgets"]
    command = [sys.executable, "-m", "nbstripout", *options, *keep, str(path)]
    subprocess.run(command, check=True, cwd=files.ROOT)


def keep_old_timings(new: NotebookNode, old: NotebookNode) -> None:
    """Give the cells tagged `timing` their old outputs while the code is the same."""
    if old.metadata.get("pixels", {}).get("code") != code_fingerprint(new):
        return
    before = {cell.id: cell for cell in notebooks.code_cells(old)}
    for cell in notebooks.code_cells(new):
        if "timing" in notebooks.tags(cell) and cell.id in before:
            cell.outputs = before[cell.id].outputs


def unfit(nb: NotebookNode) -> list[str]:
    """Return why an executed notebook must not be stored."""
    cells = notebooks.code_cells(nb)
    return [
        f"cell [{cell.execution_count}] wrote to stderr"
        for cell in cells
        if notebooks.stream(cell, "stderr")
    ]


def store(result: Result) -> None:
    """Replace the lesson by its executed copy, in one step."""
    source, target = result.job.source, result.job.target
    strip(target)
    new = notebooks.read(target)
    keep_old_timings(new, notebooks.read(source))
    kept = new.metadata.get("pixels", {})  # such as {"length": "short"}
    new.metadata["pixels"] = kept | {"code": code_fingerprint(new)}
    files.write_whole(source, nbformat.writes(new) + "\n")


def store_lessons(paths: Sequence[Path], out: Path, at_once: int = 2) -> list[str]:
    """Execute and store each lesson in which everything held; return the problems."""
    jobs = [Job(path, out / path.name, how="store") for path in paths]
    problems = []
    for result in run_jobs(jobs, at_once):
        found = list(report(result, all_judged=True).problems)
        found = found or unfit(result.notebook())
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
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0
