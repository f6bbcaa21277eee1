"""`python -m tools classroom 01 --grade`: grade what stands under submitted/.

Each submission is graded by an nbgrader process of its own, so none can end the class's
grading. One that has been graded already is graded again only when it has changed.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from helpers.core.errors import UserError
from helpers.core.files import sha256, text_digest
from helpers.core.tables import text_table
from tools.classroom.folder import Classroom, nbgrader
from tools.course import notebooks


def grade(room: Classroom, lessons: Sequence[Path]) -> int:
    """Grade all lessons, write feedback pages, print one table for each.

    Returns 1 when a submission could not be graded, else 0. Raises UserError where
    nothing was handed in.
    """
    handed_in = {lesson: students(room, lesson) for lesson in lessons}
    if not any(handed_in.values()):
        numbers = ", ".join(lesson.stem[:2] for lesson in lessons)
        form = "submitted/STUDENT/NN/"
        raise UserError(f"Nothing to grade: no {form} in {room.root} for {numbers}.")
    results = [grade_lesson(room, *each) for each in handed_in.items() if each[1]]
    print("`nbgrader export`, typed in classroom/, writes all grades to grades.csv")
    return max(results)


def students(room: Classroom, lesson: Path) -> list[str]:
    """Return the students who have handed in something for a lesson."""
    folders = room.root.glob(f"submitted/*/{lesson.stem[:2]}")
    return sorted(folder.parent.name for folder in folders if folder.is_dir())


def grade_lesson(room: Classroom, lesson: Path, names: Sequence[str]) -> int:
    """Grade the submissions of a lesson and print the table; return 1 for problems."""
    number = lesson.stem[:2]
    problems = {}
    for name in tqdm(names, desc=number, unit="student", disable=None, leave=False):
        problems[name] = grade_one(room, lesson, name)
    options = [number, f"--notebook={lesson.stem}", "--force"]
    pages = nbgrader(room, "generate_feedback", *options)
    print(points_table(room.root, lesson, names))
    for name, problem in problems.items():
        if problem:
            print(f"{name}: {problem}")
    print(
        f"feedback pages: feedback/STUDENT/{number}/" + (f" ({pages})" if pages else "")
    )
    return 1 if pages or any(problems.values()) else 0


def grade_one(room: Classroom, lesson: Path, name: str) -> str:
    """Grade one submission unless it was; return what went wrong, "" for nothing."""
    folder = room.root / "submitted" / name / lesson.stem[:2]
    path = folder / lesson.name
    try:
        notebooks.read(named_as_released(path))
    except UserError as error:
        return str(error)
    files = [file for file in (path, room.source(lesson)) if file.exists()]
    key = f"{lesson.stem[:2]}/{name}"
    version = text_digest("".join(map(sha256, files)))
    done = room.root / "autograded" / name / lesson.stem[:2] / lesson.name
    if done.exists() and room.graded.get(key) == version:
        return ""
    options = [lesson.stem[:2], f"--student={name}", "--force"]
    problem = nbgrader(room, "autograde", *options)
    if not problem:
        room.graded[key] = version
        room.save()
    return problem


def named_as_released(path: Path) -> Path:
    """Return the path that nbgrader knows; the only notebook of its folder is copied
    there, if needed. Raises UserError for no notebook, or several."""
    if path.exists():
        return path
    found = sorted(path.parent.glob("*.ipynb"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "no notebook"
        raise UserError(f"no {path.name} was handed in; the folder holds {names}")
    shutil.copyfile(found[0], path)
    print(f"{path.parent}: {found[0].name} was copied to {path.name}")
    return path


def points(root: Path, lesson: Path, student: str) -> dict[str, float]:
    """Return the points of a student for each check cell of a lesson, by its id.

    Empty where nothing of the student's was graded. `root`: the classroom.
    """
    # Where it is used: a --help does without.
    from nbgrader.api import Gradebook, MissingEntry

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
    checks = sorted({id for row in by_student.values() for id in row}, key=in_order)
    short = (id.removeprefix("check-").replace("-", ".") for id in checks)
    rows = [["student", *short, "sum"]]
    for name, row in by_student.items():
        cells = [f"{row[id]:g}" if id in row else "-" for id in checks]
        rows.append([name, *cells, f"{sum(row.values()):g}" if row else "-"])
    return text_table(rows, right=range(1, len(checks) + 2))


def in_order(id: str) -> tuple[list[int], str]:
    """Return a key that puts check-1-10 after check-1-9."""
    return [int(digits) for digits in re.findall(r"\d+", id)], id
