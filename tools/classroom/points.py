"""Read a class's points from its gradebook.

    python -m tools.classroom.points ROOT NOTEBOOK STUDENT ...

prints them as JSON: who asks need not import nbgrader, which takes seconds.
"""

import json
import sys
from pathlib import Path

BOOK = "gradebook.db"


def points(root: Path, lesson: Path, student: str) -> dict[str, float]:
    """Return the points of a student for each check cell of a lesson, by its id.

    Empty where nothing of the student's was graded. `root`: the classroom.
    """
    if not (root / BOOK).exists():
        return {}
    # Where it is used: a --help does without.
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{root / BOOK}") as book:
        where = (lesson.stem, lesson.stem[:2], student)
        try:
            grades = book.find_submission_notebook(*where).grades
        except MissingEntry:
            return {}
        return {grade.name: grade.score for grade in grades}


def main(root: str, lesson: str, *students: str) -> None:
    """Print {student: {id of a check cell: points}}."""
    found = {name: points(Path(root), Path(lesson), name) for name in students}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
