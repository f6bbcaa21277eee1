"""`python -m tools teach`: JupyterLab for the teacher, with slides and nbgrader.

A running deck is saved with whatever its cells have given last. So a class is shown
copies, in classroom/lessons/; the stored lessons stay as CI has checked them.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from nbformat import NotebookNode

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.course.files import create
from tools.editions.slide_deck import deck
from tools.editions.student import deliver, fingerprint
from tools.lab import lab

STYLE = Path(__file__).parent / "slides_template/static"
RISE = {  # its settings, kept with the deck
    "theme": "white",  # its type comes along; other themes ask the network for theirs
    "transition": "none",
    "center": False,
    "scroll": True,
    "slideNumber": "c/t",
    "start_slideshow_at": "beginning",
}


def lesson_to_show(path: Path) -> NotebookNode:
    """Return the worked lesson in `path` as a deck, its outputs included."""
    nb = deck(notebooks.read(path))
    nb.metadata["rise"] = RISE
    nb.metadata["pixels"] = {"edition": "deck", "content": fingerprint(nb)}
    return nb


def write_lessons(folder: Path) -> list[str]:
    """Put every lesson's deck into `folder`; return the sentences on what was done.

    No file that exists is touched: a newer deck comes beside it, under a new name.
    Raises UserError when the folder cannot be written.
    """
    files.make_folder(folder)
    style = [STYLE / name for name in ("deck.css", "rise.css")]
    try:
        text = "\n".join(path.read_text(encoding="utf-8") for path in style)
        create(folder / "rise.css", text)  # RISE looks for it beside the notebook
        lessons = notebooks.lessons()
        said = [deliver(lesson_to_show(path), folder / path.name) for path in lessons]
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}.") from error
    return [sentence for sentence in said if sentence]


def command(is_root: bool, display: bool) -> list[str]:
    """Return the command that starts JupyterLab on classroom/lessons."""
    options = lab.command(is_root, display)
    kept = [o for o in options if not o.startswith("--LabApp.default_url=")]
    return [*kept, "--LabApp.default_url=/lab/tree/classroom/lessons"]


def main(arguments: argparse.Namespace) -> int:
    """Prepare the lessons to show and become JupyterLab; return its exit code."""
    classroom = files.ROOT / "classroom"
    for sentence in write_lessons(classroom / "lessons"):
        print(f"classroom/lessons: {sentence}")
    if not (classroom / "nbgrader_config.py").exists():
        print("nbgrader has no course yet: `make classroom` builds it.")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    start = command(is_root, lab.has_display(sys.platform, os.environ))
    sys.stdout.flush()
    os.chdir(classroom)  # where nbgrader looks for its settings, and keeps its grades
    if os.name == "posix":  # one process: signals reach JupyterLab itself
        os.execve(sys.executable, start, lab.lab_environment())
    return subprocess.call(start, env=lab.lab_environment())
