"""A classroom on disk: what the course has written there, and what is the teacher's."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files
from tools.course.files import create

RECORD = ".written.json"
LARGEST = 1_000_000


@dataclass
class Classroom:
    """A folder for nbgrader, with the record of what the course wrote into it.

    hidden: the seed of the class's hidden cases, drawn once. written: path, from the
    root, to the hash of what was written there. graded: "01/STUDENT" to the hash of the
    submission that was graded.
    """

    root: Path
    hidden: int = field(default_factory=lambda: secrets.randbelow(LARGEST))
    written: dict[str, str] = field(default_factory=dict)
    graded: dict[str, str] = field(default_factory=dict)

    def source(self, lesson: Path) -> Path:
        """Return where the teacher's version of a lesson stands."""
        return self.root / "source" / lesson.stem[:2] / lesson.name

    def release(self, lesson: Path) -> Path:
        """Return where nbgrader writes the students' version of a lesson."""
        return self.root / "release" / lesson.stem[:2] / lesson.name

    def is_ours(self, path: Path) -> bool:
        """True for a file that is, byte for byte, what the course wrote."""
        name = path.relative_to(self.root).as_posix()
        return path.is_file() and self.written.get(name) == digest(path)

    def remember(self, *paths: Path) -> None:
        """Record files as written by the course, and save the record."""
        for path in paths:
            self.written[path.relative_to(self.root).as_posix()] = digest(path)
        self.save()

    def save(self) -> None:
        """Write the record, whole or not at all."""
        kept = {key: getattr(self, key) for key in ("hidden", "written", "graded")}
        files.write_whole(self.root / RECORD, json.dumps(kept, indent=1) + "\n")


def open_classroom(root: Path) -> Classroom:
    """Return the classroom at `root`, made where there is none.

    Raises UserError when the folder cannot be written or its record cannot be read.
    """
    files.make_folder(root)
    path = root / RECORD
    if not path.exists():
        return Classroom(root)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Classroom(root, kept["hidden"], kept["written"], kept["graded"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}): restore it from a copy, "
            "or delete it, and every lesson that is here counts as yours."
        ) from error


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put_aside(room: Classroom, lesson: Path, text: str) -> str:
    """Write a newer lesson under newer/, which nbgrader does not read; return its path
    from the root. A file that is there already stays as it is."""
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    name = f"{lesson.stem}.{version}.ipynb"
    path = files.make_folder(room.root / "newer" / lesson.stem[:2]) / name
    create(path, text)
    return path.relative_to(room.root).as_posix()
