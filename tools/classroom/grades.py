"""The points of a class, read from nbgrader's gradebook."""

import re
from collections.abc import Sequence
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from helpers.core.tables import text_table


def points(root: Path, lesson: Path, student: str) -> dict[str, float]:
    """Return the points of a student for each check cell of a lesson, by its id.

    Empty where nothing of the student's was graded. `root`: the classroom.
    """
    if not (root / "gradebook.db").exists():
        return {}
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        where = (lesson.stem, lesson.stem[:2], student)
        try:
            grades = book.find_submission_notebook(*where).grades
        except MissingEntry:
            return {}
        return {grade.name: grade.score for grade in grades}


def points_table(root: Path, lesson: Path, students: Sequence[str]) -> str:
    """Return a table: a row for each student, a column for each exercise, the sum."""
    by_student = {name: points(root, lesson, name) for name in students}
    checks = sorted({id for row in by_student.values() for id in row}, key=numbers)
    short = (id.removeprefix("check-").replace("-", ".") for id in checks)
    rows = [["student", *short, "sum"]]
    for name, row in by_student.items():
        cells = [f"{row[id]:g}" if id in row else "-" for id in checks]
        rows.append([name, *cells, f"{sum(row.values()):g}" if row else "-"])
    return text_table(rows, right=range(1, len(checks) + 2))


def numbers(id: str) -> tuple[list[int], str]:
    """Return a key that puts check-1-10 after check-1-9."""
    return [int(digits) for digits in re.findall(r"\d+", id)], id
