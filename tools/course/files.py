"""Folders and files of the course: written whole, and never over a reader's own."""

import glob
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import ROOT, create, intact, sha256, write_whole

NOTEBOOKS = ROOT / "notebooks"
STUDY = ROOT / "study"
BUILD = ROOT / "build"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make a folder, and raise UserError for whatever cannot be written meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(None, "permission denied")
        yield
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}.") from error


def make_folder(folder: Path) -> Path:
    """Create a folder for output. Raises UserError where that is not possible."""
    with writing(folder):
        return folder


def refuse_patterns(folder: Path) -> None:
    """Raise UserError for a folder that nbgrader would take for a pattern: it finds
    files by `glob`, which reads [x] as x."""
    if glob.escape(str(folder)) != str(folder):
        raise UserError(
            f"nbgrader reads the brackets (or * or ?) in {folder} as a pattern, and "
            "finds nothing there: to use it, rename the folder, or move the course."
        )


def put(path: Path, content: str | bytes, ours: bool, beside: Path) -> Path:
    """Return where `content` stands from now on: at `path`, or else at `beside`.

    A file at `path` is replaced only when it is `ours`, and one at `beside` never is.
    """
    wanted = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == wanted:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if ours:
        write_whole(path, wanted)
        return path
    if create(path, wanted):
        return path
    beside.parent.mkdir(parents=True, exist_ok=True)
    create(beside, wanted)
    return beside


@dataclass
class Record:
    """Which files below a folder are, byte for byte, what the course wrote there.

    digests: path from the folder -> SHA-256 of what was written.
    """

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """Return the path from the folder, with slashes on every system."""
        return path.relative_to(self.folder).as_posix()

    def is_ours(self, path: Path) -> bool:
        """Return whether a file is as the course wrote it."""
        return intact(path, self.digests.get(self.name(path), ""))

    def remember(self, *paths: Path) -> None:
        """Note files as written by the course."""
        self.digests |= {self.name(path): sha256(path) for path in paths}


def load(path: Path) -> dict:
    """Return the JSON object that `save` wrote, {} where there is none.

    Raises UserError for a file with any other content.
    """
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}): restore it from a copy, "
            "or delete it, and every file that is here counts as yours."
        ) from error


def save(path: Path, found: dict) -> None:
    """Write a JSON object, whole or not at all."""
    write_whole(path, json.dumps(found, indent=1) + "\n")
