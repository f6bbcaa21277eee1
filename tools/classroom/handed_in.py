"""What a student has handed in, as nbgrader can read it: a copy under mended/.

What stands under submitted/ stays as it came.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat

from helpers.core.errors import UserError
from helpers.core.files import write_whole
from tools.classroom.exercise_cells import restore
from tools.classroom.folder import Classroom
from tools.classroom.links import why_refused
from tools.classroom.resaved import read_resaved
from tools.course import notebooks
from tools.course.files import make_folder, refuse_patterns

SUBMITTED = "submitted"
MENDED = "mended"
ENDING = ".ipynb"


def folder_of(room: Classroom, lesson: Path, student: str, step: str) -> Path:
    """Return a student's folder for a lesson, in a step of grading."""
    return room.root / step / student / lesson.stem[:2]


def the_notebook(room: Classroom, lesson: Path, student: str) -> Path:
    """Return the file that a student has handed in: the only one with the lesson's name
    in its own, or the only notebook.

    Raises UserError for none, several (a second round beside the first), whatever is
    neither a file nor a folder, or a student whose name nbgrader would take for a
    pattern.
    """
    folder = folder_of(room, lesson, student, SUBMITTED)
    refuse_patterns(folder)
    if refused := why_refused(folder):
        raise UserError(f"{refused}.")
    found = [path for path in sorted(folder.iterdir()) if path.is_file()]
    seen = [path for path in found if not path.name.startswith(".")]
    likely = [path for path in seen if ENDING in path.name.lower()]
    named = [path for path in likely if lesson.stem.lower() in path.name.lower()]
    likely = named or likely
    if len(likely) != 1:
        names = ", ".join(path.name for path in likely or found) or "nothing"
        todo = "leave the one that counts" if likely else f"ask for the {ENDING} file"
        raise UserError(f"{folder} holds {names}: {todo}.")
    (path,) = likely
    return path


def mend(room: Classroom, lesson: Path, student: str, path: Path) -> list[str]:
    """Write a copy of what a student has handed in that nbgrader can read; return what
    had to be done.

    Raises UserError where the file is no notebook.
    """
    nb, notes = read_resaved(path)
    if path.name != lesson.name:
        notes.insert(0, f"it was named {path.name}")
    if room.release(lesson).exists():
        restored = restore(nb, notebooks.read(room.release(lesson)))
        if restored:
            notes.append(f"nbgrader's ids were put back (cells: {restored})")
    target = folder_of(room, lesson, student, MENDED)
    shutil.rmtree(target, ignore_errors=True)
    for file in beside(path.parent):
        copy = target / file.relative_to(path.parent)
        shutil.copyfile(file, make_folder(copy.parent) / copy.name)
    text = nbformat.writes(nb) + "\n"
    # Half a sign, as a broken emoji leaves it, has no bytes.
    write_whole(make_folder(target) / lesson.name, text.encode("utf-8", "replace"))
    return notes


def beside(folder: Path) -> Iterator[Path]:
    """Yield the files that a student has handed in with a notebook; no links."""
    for path in sorted(folder.rglob("*")):
        inside = path.resolve().is_relative_to(folder.resolve())
        is_copied = path.is_file() and inside and not path.is_symlink()
        if is_copied and ENDING not in path.name.lower():
            yield path


def misplaced(room: Classroom) -> list[str]:
    """Return the notebooks under submitted/ that belong to no student or no lesson."""
    top = room.root / SUBMITTED
    found = [*top.glob(f"*{ENDING}*"), *top.glob(f"*/*{ENDING}*")]
    return sorted(p.relative_to(room.root).as_posix() for p in found if p.is_file())
