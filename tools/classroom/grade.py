"""`python -m tools classroom 01 --grade`: grade what stands under submitted/.

Each submission is graded by a process of its own, so none can end the class's grading,
and as many at once as there are cores. One that has been graded already is graded again
only when it has changed.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from helpers.core.errors import UserError
from helpers.core.files import sha256, text_digest
from helpers.core.tables import text_table
from tools.classroom.crew import Crew, at_once, crew
from tools.classroom.folder import Classroom
from tools.classroom.handed_in import MENDED, mend, misplaced, the_notebook
from tools.classroom.roster import Roster, read_roster
from tools.classroom.sheets import write_sheets
from tools.classroom.workplace import SAID, which


def grade(room: Classroom, lessons: Sequence[Path]) -> int:
    """Grade all lessons, write feedback pages, print one table for each.

    Returns 1 when a submission could not be graded, else 0. Raises UserError where
    nothing was handed in, or the class list cannot be read.
    """
    roster = read_roster(room.root)
    form = "submitted/STUDENT/NN/"
    for name in misplaced(room):
        print(f"{name} is graded for nobody: it has to be in {form}")
    classes = [Work(room, lesson) for lesson in lessons if students(room, lesson)]
    if not classes:
        numbers = ", ".join(lesson.stem[:2] for lesson in lessons)
        raise UserError(f"Nothing to grade: no {form} in {room.root} for {numbers}.")
    print(SAID[which()], flush=True)
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
        self.problems: dict[str, str] = {}
        self.due: dict[str, str] = {}
        for name in self.names:
            try:
                self.look_at(room, name)
            except UserError as error:
                self.problems[name] = str(error)
            except OSError as error:
                self.problems[name] = f"{error.filename}: {error.strerror}."

    def look_at(self, room: Classroom, name: str) -> None:
        """Mend what a student has handed in, where it is due, and say what was done.
        Raises UserError where it cannot be read."""
        path = the_notebook(room, self.lesson, name)
        if version := due_version(room, self.lesson, name, path):
            if notes := mend(room, self.lesson, name, path):
                print(f"{self.lesson.stem[:2]}/{name} is mended: {'; '.join(notes)}")
            self.due[name] = version


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
    mended = f"--CourseDirectory.submitted_directory={MENDED}"
    problem = ready.nbgrader("autograde", *options, mended) if due else ""
    if not autograded(ready.room, lesson, name).exists():
        return problem, ""
    options.append(f"--notebook={lesson.stem}")
    return problem, ready.nbgrader("generate_feedback", *options)


def due_version(room: Classroom, lesson: Path, name: str, path: Path) -> str:
    """Return the hash of a submission, and of the lesson, which is to be graded; ""
    where that one was."""
    files = [file for file in (path, room.source(lesson)) if file.exists()]
    version = text_digest("".join(map(sha256, files)))
    graded = room.graded.get(f"{lesson.stem[:2]}/{name}") == version
    return "" if graded and autograded(room, lesson, name).exists() else version


def autograded(room: Classroom, lesson: Path, name: str) -> Path:
    """Return where nbgrader writes what it has graded."""
    return room.root / "autograded" / name / lesson.stem[:2] / lesson.name


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
