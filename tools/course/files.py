"""Folders and files of the course: written whole, and never over a reader's own."""

import os
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import ROOT

NOTEBOOKS = ROOT / "notebooks"
STUDY = ROOT / "study"
BUILD = ROOT / "build"


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half: it replaces the old one in one step."""
    half = path.with_name(f".{path.name}.half-written")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)


def make_folder(folder: Path) -> Path:
    """Create a folder for output. Raises UserError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"Cannot write to {folder}: permission denied.")
    return folder


def create(path: Path, text: str) -> bool:
    """Write a file that does not exist yet, whole or not at all.

    Returns False, and touches nothing, when there is a file of that name.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.half-written")
    half.write_text(text, encoding="utf-8")
    try:
        os.link(half, path)  # unlike a rename, this never replaces a file
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return create_exclusively(path, text)
    finally:
        half.unlink()
    return True


def create_exclusively(path: Path, text: str) -> bool:
    """Do what `create` does, where only its last resort is available."""
    try:
        file = open(path, "x", encoding="utf-8")  # noqa: SIM115
    except FileExistsError:
        return False
    try:
        with file:
            file.write(text)
    except BaseException:
        path.unlink()
        raise
    return True
