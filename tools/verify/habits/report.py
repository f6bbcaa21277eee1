"""What became of a page that was used as a learner uses it: problems and notes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tools.course import notebooks
from tools.execute.lessons import report
from tools.execute.schedule import Result
from tools.verify.habits import pages
from tools.verify.habits.probe import PROBE

# Matplotlib's own advice to somebody whose home is closed; the page runs on.
ADVICE = ("mkdir -p failed for path ", "Matplotlib created a temporary cache directory")
HEADER = ("habit", "lesson", "seconds", "claims held", "exercises", "result")


@dataclass(frozen=True)
class Outcome:
    """One lesson under one habit: its line in the table, what is wrong, what is noted.

    `seconds` counts all of its kernels.
    """

    row: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def judge(
    habit: str, results: Sequence[Result], verdict: str, walls: Sequence[str], log: Path
) -> Outcome:
    """Read back and judge the pages of one lesson, which ran one after the other.

    `verdict`: the sign that every check must answer with. `log`: the file in which
    the `walls` have written down what ran into them.
    """
    *before, last = results
    problems = [p for result in before for p in not_stopped(result)]
    final = report(last, all_judged=False, verdict=verdict)
    nb = last.notebook()
    where = broken(nb) if last.error else ""
    problems += [where] if where else final.problems
    problems += complaints(nb)
    notes = differing(nb)
    if walls:
        reached, refused = attempts(log, walls, nb)
        problems, notes = problems + reached, notes + refused
    seconds = f"{sum(result.seconds for result in results):.0f}"
    lesson, _, _, claims, exercises, _ = final.row()
    state = "FAILED" if problems else "passed"
    row = (habit, lesson, seconds, claims, exercises, state)
    return Outcome(row, tuple(problems), tuple(notes))


def name(cell: NotebookNode) -> str:
    """Return how a reader finds a cell: its number in the lesson, and which time."""
    told = cell.metadata.get("habit", {"cell": 0, "time": 1})
    if told["cell"] == 0:
        return "the cell that tries the walls"
    return f"cell {told['cell']}" + (", the second time" if told["time"] == 2 else "")


def broken(nb: NotebookNode) -> str:
    """Return cell and error of the first cell that has raised, "" without one."""
    for cell in notebooks.code_cells(nb):
        for output in cell.outputs:
            if output.output_type == "error":
                said = f"{output.ename}: {output.evalue}".strip().splitlines()
                return f"{name(cell)}: {said[0]}"
    return ""


def not_stopped(result: Result) -> list[str]:
    """Return what went wrong with a page whose kernel had to die in its last cell."""
    page = notebooks.read(result.job.source)
    if not pages.dies(page):
        return [result.error] if result.error else []
    length = len([cell for cell in notebooks.code_cells(page) if cell.source.strip()])
    if result.error.startswith(f"after {length - 1} cells: DeadKernelError"):
        return []
    error = broken(result.notebook()) or result.error or "the kernel did not stop"
    return [f"before the restart: {error}"]


def complaints(nb: NotebookNode) -> list[str]:
    """Return a line for each cell that wrote to stderr, where warnings go."""
    found = []
    for cell in notebooks.code_cells(nb):
        lines = notebooks.stream(cell, "stderr").strip().splitlines()
        lines = [line for line in lines if not line.startswith(ADVICE)]
        if lines:
            found.append(f"{name(cell)} wrote to stderr: {lines[0]}")
    return found


def differing(nb: NotebookNode) -> list[str]:
    """Return which claims show another value the second time. That is no fault by
    itself, as long as they hold: a cell may go on with the random numbers of another.
    """
    seen: dict[str, str] = {}
    changed = []
    for claim in notebooks.claims(nb):
        if seen.setdefault(claim["id"], claim["measured"]) != claim["measured"]:
            changed.append(claim["id"])
    return [f"another value the second time: {', '.join(changed)}"] if changed else []


def attempts(
    log: Path, walls: Sequence[str], nb: NotebookNode
) -> tuple[list[str], list[str]]:
    """Return what ran into the walls: problems, of the network, and notes, of folders.

    To be refused a write is no fault: what would have been written can go elsewhere.
    A wall that has not even recorded the cell that tries it is a problem.
    """
    tried, others = sorted_out(log)
    missing = set(walls) - {record["wall"] for record in tried}
    problems = [f"the wall {wall!r} has recorded nothing" for wall in sorted(missing)]
    numbers = {cell.execution_count: name(cell) for cell in notebooks.code_cells(nb)}
    reached = [record for record in others if record["wall"] == "network"]
    for record in reached:
        where = numbers.get(record["cell"], "the kernel")
        problems.append(f"{where} reached for the network: {record['what']}")
    refused = [record["what"] for record in others if record["wall"] != "network"]
    return problems, [f"refused: {what}" for what in dict.fromkeys(refused)]


def sorted_out(log: Path) -> tuple[list[dict], list[dict]]:
    """Return the records of the cell that tries the walls, between two marks each, and
    all others."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    probing, tried, others = False, [], []
    for record in map(json.loads, lines):
        if record["wall"] == PROBE:
            probing = not probing
        else:
            (tried if probing else others).append(record)
    return tried, others
