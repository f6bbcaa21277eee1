"""A classroom on disk: what the course has written there, and what is the teacher's."""

import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from helpers.core.files import text_digest
from tools.course import files
from tools.course.files import Record
from tools.execute import kernels

RECORD = ".written.json"
LARGEST = 2**63  # a class's number: too many to try them all
LOG = "nbgrader.log"


@dataclass
class Classroom:
    """A folder for nbgrader, with the record of what the course wrote into it.

    written: the files that the course wrote. hidden: the seed of the class's hidden
    cases, drawn once. graded: "01/STUDENT" to the hash of the submission that was
    graded.
    """

    root: Path
    written: Record
    hidden: int = field(default_factory=lambda: secrets.randbelow(LARGEST))
    graded: dict[str, str] = field(default_factory=dict)

    def source(self, lesson: Path) -> Path:
        """Return where the teacher's version of a lesson stands."""
        return self.root / "source" / lesson.stem[:2] / lesson.name

    def release(self, lesson: Path) -> Path:
        """Return where nbgrader writes the students' version of a lesson."""
        return self.root / "release" / lesson.stem[:2] / lesson.name

    def newer(self, lesson: Path, text: str) -> Path:
        """Return where a newer lesson lies beside one that stays; nbgrader does not
        read there."""
        name = f"{lesson.stem}.{text_digest(text)[:8]}.ipynb"
        return self.root / "newer" / lesson.stem[:2] / name

    def remember(self, path: Path) -> None:
        """Record a file as written by the course."""
        self.written.remember(path)
        self.save()

    def save(self) -> None:
        """Write the record, whole or not at all."""
        kept = {"hidden": self.hidden, "graded": self.graded}
        files.save(self.root / RECORD, kept | {"written": self.written.digests})


def open_classroom(root: Path) -> Classroom:
    """Return the classroom at `root`, made where there is none.

    Raises UserError when the folder cannot be written, when nbgrader would find nothing
    there, or when the record cannot be read.
    """
    files.refuse_patterns(root)
    files.make_folder(root)
    kept = files.load(root / RECORD)
    return Classroom(root, Record(root, kept.pop("written", {})), **kept)


def nbgrader(room: Classroom, *words: str) -> str:
    """Run an nbgrader command; return its error in one line, "" without one."""
    command = [sys.executable, "-m", "nbgrader", *words]
    return logged(room, command, kernels.child_environment())


def logged(
    room: Classroom, command: Sequence[str], environment: Mapping[str, str]
) -> str:
    """Run a command in the classroom and keep all that it says in the log; return its
    error in one line, "" without one. Several may run at once."""
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        done = subprocess.run(
            command, cwd=room.root, env=environment, stdout=said, stderr=said
        )
        said.seek(0)
        text = said.read()
    with open(room.root / LOG, "a", encoding="utf-8") as log:
        log.write(text)  # in one piece
    return last_error(text) if done.returncode else ""


def last_error(log: str) -> str:
    """Return the last error that a log names, as one line."""
    lines = re.findall(r"^\s*([\w.]*(?:Error|Exception): .*)", log, re.MULTILINE)
    lines += re.findall(r"ERROR\] (.*)", log)[:1]
    reason = lines[0] if lines else "no reason given"
    return f"nbgrader could not do it: {reason} ({LOG} tells more)"
