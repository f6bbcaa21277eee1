"""What became of a page that was used as a learner uses it: problems and notes."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tools.course import notebooks
from tools.execute.lessons import report
from tools.execute.schedule import Result, count_cells
from tools.verify.habits.pages import Habit

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


def judge(habit: Habit, results: Sequence[Result]) -> Outcome:
    """Read back and judge the pages of one lesson, which ran one after the other."""
    *before, last = results
    problems = [p for result in before for p in not_stopped(result)]
    final = report(last, all_judged=False, verdict="○" if habit.student else "✓")
    nb = last.notebook()
    problems += [in_the_lesson(problem, nb) for problem in final.problems]
    problems += complaints(nb)
    notes = differing(nb)
    if habit.walls:
        reached, refused = attempts(log_of(last.job.target), nb)
        problems, notes = problems + reached, notes + refused
    seconds = f"{sum(result.seconds for result in results):.0f}"
    lesson, _, _, claims, exercises, _ = final.row()
    state = "FAILED" if problems else "passed"
    row = (habit.name, lesson, seconds, claims, exercises, state)
    return Outcome(row, tuple(problems), tuple(notes))


def names(nb: NotebookNode) -> dict[int, str]:
    """Return how a reader finds each cell that has run, by its execution count."""
    cells = notebooks.code_cells(nb)
    return {cell.execution_count: cell.metadata["habit"] for cell in cells}


def in_the_lesson(problem: str, nb: NotebookNode) -> str:
    """Return a problem with the lesson's own name for the cell that it begins with."""
    return re.sub(r"^cell \[(\d+)\]", lambda found: names(nb)[int(found[1])], problem)


def not_stopped(result: Result) -> list[str]:
    """Return what went wrong with a page whose kernel had to die in its last cell."""
    death = f"after {count_cells(result.job) - 1} cells: DeadKernelError"
    if result.error.startswith(death):
        return []
    error = in_the_lesson(result.error, result.notebook())
    return [f"before the restart: {error or 'the kernel did not stop'}"]


def complaints(nb: NotebookNode) -> list[str]:
    """Return a line for each cell that wrote to stderr, where warnings go."""
    found = []
    for cell in notebooks.code_cells(nb):
        lines = notebooks.stream(cell, "stderr").strip().splitlines()
        lines = [line for line in lines if not line.startswith(ADVICE)]
        if lines:
            found.append(f"{cell.metadata['habit']} wrote to stderr: {lines[0]}")
    return found


def differing(nb: NotebookNode) -> list[str]:
    """Return which claims show another value the second time. That is no fault by
    itself, as long as they hold: a cell may go on with the random numbers of another.
    """
    shown = {(claim["id"], claim["measured"]) for claim in notebooks.claims(nb)}
    ids = [id for id, _ in shown]
    changed = sorted({id for id in ids if ids.count(id) > 1})
    return [f"another value the second time: {', '.join(changed)}"] if changed else []


def log_of(target: Path) -> Path:
    """Return where the walls around a lesson write down what runs into them."""
    return target.with_suffix(".walls.log")


def attempts(log: Path, nb: NotebookNode) -> tuple[list[str], list[str]]:
    """Return what ran into the walls: problems, of the network, and notes, of folders.

    To be refused a write is no fault: what would have been written can go elsewhere.
    That there is no log is a problem: the walls did not stand.
    """
    if not log.exists():
        return ["no walls stood around the kernel"], []
    records = [
        json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()
    ]
    problems, refused = [], []
    for record in records:
        if record["wall"] == "network":
            where = names(nb).get(record["cell"], "the kernel")
            problems.append(f"{where} reached for the network: {record['what']}")
        else:
            refused.append(f"refused: {record['what']}")
    return problems, list(dict.fromkeys(refused))
