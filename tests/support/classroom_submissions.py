"""Submissions as students make them, for the test of the classroom."""

import nbformat

from helpers.page.exercises import find
from tools.editions.student import SOLUTION


def grade_id(cell):
    """Return nbgrader's id of a cell, "" without one."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def solutions(source):
    """Return {id: source} of the solution cells of a teacher's notebook, solved."""
    nb = nbformat.read(source, as_version=4)
    return {
        grade_id(cell): "\n".join(
            line for line in cell.source.splitlines() if line.strip() not in SOLUTION
        )
        for cell in nb.cells
        if grade_id(cell).startswith("ex-")
    }


def answer(release, source, changes):
    """Return a student's notebook: the release, solved but for `changes`.

    changes: {"ex-1-2": the cell's new source}, None for a cell deleted, or a function
    that changes the cell.
    """
    nb = nbformat.read(release, as_version=4)
    solved = solutions(source)
    kept = []
    for cell in nb.cells:
        change = changes.get(grade_id(cell), solved.get(grade_id(cell), cell.source))
        if callable(change):
            change(cell)
        elif change is not None:
            cell.source = change
        if change is not None:
            kept.append(cell)
    nb.cells = kept
    return nb


def from_bank(id, name, number=0):
    """Return a cell that gives a known wrong answer of the bank."""
    value = "" if find(id).cases() != [()] else "()"
    given = f'find("{id}").wrong[{number}].answer{value}'
    return f"from helpers.page.exercises import find\n\n{name} = {given}"


def memorised(id, name):
    """Return a cell that knows the visible cases of numbers by heart."""
    exercise = find(id)
    known = {case: exercise.reference(*case) for case in exercise.cases()}
    return f"def {name}(*case):\n    return {known!r}.get(case, 0)"
