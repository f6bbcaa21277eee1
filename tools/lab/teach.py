"""`python -m tools teach`: JupyterLab for the teacher, with slides and nbgrader.

A running deck is saved with whatever its cells have given last. So a class is shown
copies, in classroom/lessons/; the stored lessons stay as CI has checked them.
"""

import argparse
import os
from pathlib import Path

from nbformat import NotebookNode

from tools.course import files, notebooks
from tools.course.files import create
from tools.editions import slide_deck
from tools.editions.student import deliver, fingerprint
from tools.lab import lab

STYLE = Path(slide_deck.__file__).parent / "slides_template/static"
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
    nb = slide_deck.deck(notebooks.read(path))
    nb.metadata["rise"] = RISE
    nb.metadata["pixels"] = {"edition": "deck", "content": fingerprint(nb)}
    return nb


def write_lessons(folder: Path) -> list[str]:
    """Put every lesson's deck into `folder`; return the sentences on what was done.

    No file that exists is touched: a newer deck comes beside it, under a new name.
    Raises UserError when the folder cannot be written.
    """
    style = [STYLE / name for name in ("deck.css", "rise.css")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in style)
    shown = [(lesson_to_show(path), path.name) for path in notebooks.lessons()]
    with files.writing(folder):
        create(folder / "rise.css", text)  # RISE looks for it beside the notebook
        said = [deliver(nb, folder / name) for nb, name in shown]
    return [sentence for sentence in said if sentence]


def main(arguments: argparse.Namespace) -> int:
    """Prepare the lessons to show and become JupyterLab; return its exit code."""
    classroom = files.ROOT / "classroom"
    for sentence in write_lessons(classroom / "lessons"):
        print(f"classroom/lessons: {sentence}")
    if not (classroom / "nbgrader_config.py").exists():
        print("nbgrader has no course yet: `make classroom` builds it.")
    display = lab.has_display()
    start = lab.command(lab.runs_as_root(), display, page="classroom/lessons")
    os.chdir(classroom)  # where nbgrader looks for its settings, and keeps its grades
    return lab.become(start, lab.lab_environment())
