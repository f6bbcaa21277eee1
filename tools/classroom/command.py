"""`python -m tools classroom`: build or renew classroom/, a course for nbgrader.

Nothing of the teacher's is overwritten: an edited lesson, the settings, submissions,
grades and feedback stay as they are.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.classroom import config
from tools.classroom.folder import Classroom, nbgrader, open_classroom
from tools.classroom.grade import grade
from tools.classroom.handout import beside
from tools.course import files, notebooks
from tools.course.files import create
from tools.course.options import add_lesson_names
from tools.course.tracked import to_hand_out

EXAMPLE = "01 --grade"
ALONE = "--CourseDirectory.ignore=*"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons are meant, and whether to grade."""
    add_lesson_names(parser)
    parser.add_argument(
        "--grade",
        action="store_true",
        help="grade what students have handed in, under classroom/submitted/",
    )


def build(lessons: Sequence[Path], root: Path) -> Iterator[str]:
    """Build or renew the classroom; yield a sentence on each thing that was done.

    Raises UserError when the folder cannot be written, or nbgrader refuses a lesson.
    """
    room = open_classroom(root)
    room.save()
    if create(root / config.NAME, config.TEXT):
        yield f"{config.NAME} is new"
    for lesson in lessons:
        if said := renew(room, lesson):
            yield said


def renew(room: Classroom, lesson: Path) -> str:
    """Bring a lesson's source and release up to date, or put the newer one aside.

    Returns a sentence on what was done, "" when there was nothing to do.
    """
    import nbformat  # takes seconds, and the next brings PyTorch

    from tools.editions.teacher import source_notebook

    nb = source_notebook(notebooks.read(lesson), room.hidden)
    text = nbformat.writes(nb) + "\n"
    source, newer = room.source(lesson), room.newer(lesson, text)
    number, reason = lesson.stem[:2], why_not_renew(room, lesson)
    before = source.read_bytes() if source.exists() else b""
    with files.writing(room.root):
        if files.put(source, text, ours=not reason, beside=newer) == newer:
            left = f"source/{number} was left as it is: {reason}"
            return f"{left}; the newer lesson is {room.written.name(newer)}"
    changed = source.read_bytes() != before
    if changed:
        room.remember(source)
    if room.release(lesson).exists() and (reason or not changed):
        return f"source/{number} is new" if changed else ""
    release(room, lesson)
    done = ("was renewed" if before else "is new") if changed else "is released"
    said = f"source/{number} {done}; hand out release/{number}/"
    if left := ", ".join(beside(source.parent)):
        said += f" (without {left}, which stays in source/{number}/)"
    return said


def why_not_renew(room: Classroom, lesson: Path) -> str:
    """Return why a lesson in the classroom must stay, "" where it may be renewed."""
    source, release = room.source(lesson), room.release(lesson)
    number = lesson.stem[:2]
    if source.exists() and not room.written.is_ours(source):
        return "you have edited it"
    if release.exists() and not room.written.is_ours(release):
        return f"you have edited release/{number}"
    for step in ("submitted", "autograded", "feedback"):
        if any(room.root.glob(f"{step}/*/{number}")):
            return f"{step}/ holds work on it"
    return ""


def release(room: Classroom, lesson: Path) -> None:
    """Let nbgrader make the release of one lesson, and enter it in the gradebook.

    With --notebook it replaces that one file and nothing else in the folder; told to
    ignore all else, it takes nothing along that lies beside the source. Raises
    UserError with nbgrader's own words when it refuses.
    """
    number = lesson.stem[:2]
    options = [number, f"--notebook={lesson.stem}", "--force", ALONE]
    # Where nbgrader refuses, an older one must not pass for this one.
    room.release(lesson).unlink(missing_ok=True)
    if problem := nbgrader(room, "generate_assignment", *options):
        raise UserError(f"Lesson {number} is not released: {problem}")
    room.remember(room.release(lesson))


def main(arguments: argparse.Namespace) -> int:
    """Build or renew classroom/, or grade there; return 0, or 1 where some failed."""
    lessons = notebooks.choose(arguments.lessons)
    root = files.ROOT / "classroom"
    if arguments.grade:
        return grade(open_classroom(root), lessons)
    lessons, said = to_hand_out(lessons)
    print("".join(f"classroom: {sentence}\n" for sentence in said), end="")
    sentence = ""
    for sentence in build(lessons, root):
        print(f"classroom: {sentence}", flush=True)
    if not sentence:
        print(f"{root} is up to date")
    return 0
