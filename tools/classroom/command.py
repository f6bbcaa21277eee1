"""`python -m tools classroom`: build or renew classroom/, a course for nbgrader.

Nothing of the teacher's is overwritten: an edited lesson, the settings, submissions,
grades and feedback stay as they are.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat

from helpers.core.errors import UserError
from tools.classroom import config
from tools.classroom.folder import Classroom, open_classroom, put_aside
from tools.classroom.grade import grade
from tools.course import files, notebooks
from tools.course.files import create
from tools.editions.teacher import source_notebook
from tools.execute import kernels

CLASSROOM = files.ROOT / "classroom"


def build(lessons: Sequence[Path], root: Path = CLASSROOM) -> Iterator[str]:
    """Build or renew the classroom; yield a sentence on each thing that was done.

    Raises UserError when the folder cannot be written, or nbgrader refuses a lesson.
    """
    room = open_classroom(root)
    room.save()
    if create(root / config.NAME, config.TEXT):
        yield f"{config.NAME} is new"
    for lesson in lessons:
        if said := put(room, lesson):
            yield said


def put(room: Classroom, lesson: Path) -> str:
    """Bring a lesson's source and release up to date, or put the newer one aside.

    Returns a sentence on what was done, "" when there was nothing to do.
    """
    source, release = room.source(lesson), room.release(lesson)
    nb = source_notebook(notebooks.read(lesson), room.hidden)
    text = nbformat.writes(nb) + "\n"
    place = f"source/{lesson.stem[:2]}"
    if not source.exists():
        return f"{place} is new" + write(room, lesson, text)
    if same(source, text):
        missing = not release.exists()
        return f"{place} is released" + write(room, lesson, text) if missing else ""
    if reason := why_not_renew(room, lesson):
        aside = put_aside(room, lesson, text)
        return f"{place} was left as it is: {reason}; the newer lesson is {aside}"
    return f"{place} was renewed" + write(room, lesson, text)


def why_not_renew(room: Classroom, lesson: Path) -> str:
    """Return why a lesson in the classroom must stay, "" where it may be renewed."""
    number = lesson.stem[:2]
    if not room.is_ours(room.source(lesson)):
        return "you have edited it"
    release = room.release(lesson)
    if release.exists() and not room.is_ours(release):
        return f"you have edited release/{number}"
    for step in ("submitted", "autograded", "feedback"):
        if any(room.root.glob(f"{step}/*/{number}")):
            return f"{step}/ holds work on it"
    return ""


def write(room: Classroom, lesson: Path, text: str) -> str:
    """Write a lesson's source, let nbgrader make the release; say what to hand out.

    Raises UserError when nbgrader refuses.
    """
    source, release = room.source(lesson), room.release(lesson)
    files.make_folder(source.parent)
    if not same(source, text):
        files.write_whole(source, text)
        room.remember(source)
    generate(room, lesson)
    room.remember(release)
    return f"; hand out release/{lesson.stem[:2]}/"


def same(path: Path, text: str) -> bool:
    """True for a file that says `text`."""
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text


def generate(room: Classroom, lesson: Path) -> None:
    """Let nbgrader make the release of one lesson, and enter it in the gradebook.

    With --notebook it replaces that one file and nothing else in the folder. Raises
    UserError with nbgrader's own words when it refuses.
    """
    number = lesson.stem[:2]
    options = [number, f"--notebook={lesson.stem}", "--force"]
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", *options]
    run = subprocess.run(
        command,
        cwd=room.root,
        env=kernels.child_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if run.returncode or not room.release(lesson).exists():
        lines = [line for line in run.stderr.splitlines() if "ERROR]" in line]
        said = lines[0] if lines else (run.stderr.strip() or "no reason given")[-300:]
        raise UserError(f"nbgrader did not release lesson {number}: {said}")


def main(arguments: argparse.Namespace) -> int:
    """Build or renew classroom/, or grade there; return 0, or 1 where some failed."""
    lessons = notebooks.choose(arguments.lessons)
    if arguments.grade:
        return grade(open_classroom(CLASSROOM), lessons)
    up_to_date = True
    for sentence in build(lessons):
        print(f"classroom: {sentence}", flush=True)
        up_to_date = False
    if up_to_date:
        print(f"{CLASSROOM} is up to date")
    return 0
