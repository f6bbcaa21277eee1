"""`python -m tools classroom 01 --grade`: grade what stands under submitted/.

Each submission is graded by a process of its own, so none can end the class's grading,
and as many at once as there are cores. One that has been graded already is graded again
only when it has changed.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from helpers.core.errors import UserError
from helpers.core.files import sha256, text_digest
from helpers.core.tables import text_table
from tools.classroom.crew import Crew, at_once, crew
from tools.classroom.folder import Classroom
from tools.classroom.roster import Roster, read_roster
from tools.classroom.sheets import write_sheets
from tools.course import notebooks


def grade(room: Classroom, lessons: Sequence[Path]) -> int:
    """Grade all lessons, write feedback pages, print one table for each.

    Returns 1 when a submission could not be graded, else 0. Raises UserError where
    nothing was handed in, or the class list cannot be read.
    """
    roster = read_roster(room.root)
    classes = [Work(room, lesson) for lesson in lessons if students(room, lesson)]
    if not classes:
        numbers = ", ".join(lesson.stem[:2] for lesson in lessons)
        form = "submitted/STUDENT/NN/"
        raise UserError(f"Nothing to grade: no {form} in {room.root} for {numbers}.")
    with crew(room, [work.lesson for work in classes if work.due]) as ready:
        results = [grade_lesson(ready, work, roster) for work in classes]
    print("`nbgrader export`, typed in classroom/, writes all grades to grades.csv")
    return max(results)


class Work:
    """What a class has handed in for a lesson: `problems` with reading it, by student,
    and what is `due`, to be graded: the hash of a submission and of the lesson."""

    def __init__(self, room: Classroom, lesson: Path) -> None:
        self.lesson = lesson
        self.names = students(room, lesson)
        self.problems = {name: why_not_read(room, lesson, name) for name in self.names}
        versions = {
            name: due_version(room, lesson, name)
            for name, problem in self.problems.items()
            if not problem
        }
        self.due = {name: version for name, version in versions.items() if version}


def students(room: Classroom, lesson: Path, step: str = "submitted") -> list[str]:
    """Return the students who have a folder for a lesson in a step of nbgrader's."""
    folders = room.root.glob(f"{step}/*/{lesson.stem[:2]}")
    return sorted(folder.parent.name for folder in folders if folder.is_dir())


def grade_lesson(ready: Crew, work: Work, roster: Roster) -> int:
    """Grade the submissions of a lesson, print the table and write the grades' files;
    return 1 for problems."""
    room, lesson, problems = ready.room, work.lesson, work.problems
    number, pages = lesson.stem[:2], []
    everyone = sorted({*work.names, *students(room, lesson, "autograded")})
    with ThreadPoolExecutor(at_once()) as pool:
        jobs = pool.map(
            lambda name: job(ready, lesson, name, name in work.due), everyone
        )
        bar = tqdm(
            jobs, number, len(everyone), unit="student", disable=None, leave=False
        )
        for name, (problem, page) in zip(everyone, bar, strict=True):
            pages.append(page)
            if name in work.due:
                problems[name] = problem
            if name in work.due and not problem:
                room.graded[f"{number}/{name}"] = work.due[name]
                room.save()
    points = ready.points(lesson, work.names)
    print(points_table(points))
    for name, problem in problems.items():
        if problem:
            print(f"{name}: {problem}")
    for sentence in write_sheets(room, lesson, points, roster):
        print(sentence)
    wrong = next(filter(None, pages), "")
    print(
        f"feedback pages: feedback/STUDENT/{number}/" + (f" ({wrong})" if wrong else "")
    )
    return 1 if wrong or any(problems.values()) else 0


def job(ready: Crew, lesson: Path, name: str, due: bool) -> tuple[str, str]:
    """Grade a submission that is due, then write the page of one that is graded;
    return what went wrong with the one and with the other, "" for nothing."""
    number = lesson.stem[:2]
    options = [number, f"--student={name}", "--force"]
    problem = ready.nbgrader("autograde", *options) if due else ""
    if not autograded(ready.room, lesson, name).exists():
        return problem, ""
    options.append(f"--notebook={lesson.stem}")
    return problem, ready.nbgrader("generate_feedback", *options)


def why_not_read(room: Classroom, lesson: Path, name: str) -> str:
    """Return why what a student has handed in is no notebook, "" where it is one."""
    path = room.root / "submitted" / name / lesson.stem[:2] / lesson.name
    try:
        notebooks.read(named_as_released(path))
    except UserError as error:
        return str(error)
    return ""


def due_version(room: Classroom, lesson: Path, name: str) -> str:
    """Return the hash of a submission, and of the lesson, which is to be graded; ""
    where that one was."""
    number = lesson.stem[:2]
    path = room.root / "submitted" / name / number / lesson.name
    files = [file for file in (path, room.source(lesson)) if file.exists()]
    version = text_digest("".join(map(sha256, files)))
    graded = room.graded.get(f"{number}/{name}") == version
    return "" if graded and autograded(room, lesson, name).exists() else version


def autograded(room: Classroom, lesson: Path, name: str) -> Path:
    """Return where nbgrader writes what it has graded."""
    return room.root / "autograded" / name / lesson.stem[:2] / lesson.name


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


def points_table(by_student: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table: a row for each student, a column for each exercise, the sum.

    by_student: {student: {id of a check cell: points}}.
    """
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
