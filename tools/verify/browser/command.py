"""`python -m tools e2e`: use every lesson in a real JupyterLab, in a real browser.

The server is the one of `make lab`, on a study folder in build/e2e: whatever is typed
there, the user's own study/ is neither read nor written.
"""

import argparse
import shutil
import signal
import sys
from pathlib import Path

import nbformat
from playwright.sync_api import Browser

from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lesson_names, add_variable
from tools.editions.student import student_notebook, write_edition
from tools.execute.lessons import fitting
from tools.lab.lab import FIRST_PAGE
from tools.verify.browser import broken
from tools.verify.browser.interact import plan_of
from tools.verify.browser.page import SCREEN, LessonPage
from tools.verify.browser.server import browser, serving
from tools.verify.browser.visit import HEADER, Visit, visit

FOLDER = files.BUILD / "e2e"
STUDY = FOLDER / "root" / "study"
EXAMPLE = "01 04 --budget 0.03"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to use, and how long they train."""
    add_lesson_names(parser)
    add_variable(parser, "budget", float, "0.1", default="0.1")


def plan_visit(path: Path, budget: float) -> Visit:
    """Return the visit to a worked lesson."""
    worked, fit = notebooks.read(path), fitting(path, {"BUDGET": budget})
    student, plan = student_notebook(worked), plan_of(worked)
    return Visit(path.stem, student, worked, plan, fit["BUDGET"])


def plan_self_check() -> Visit:
    """Write the lesson in which all is broken into study/; return the visit to it."""
    student = student_notebook(broken.WORKED)
    nbformat.write(student, STUDY / f"{broken.NAME}.ipynb")
    return Visit(broken.NAME, student, broken.WORKED, broken.PLAN, 0.1)


def visit_lesson(started: Browser, first_page: str, to: Visit) -> None:
    """Visit one lesson in a new page, its screenshots in a folder of its own; say at
    once what became of it. The table comes at the end."""
    folder = files.make_folder(FOLDER / to.name)
    page = started.new_page(viewport=SCREEN)
    page.set_default_timeout(60_000)
    file = STUDY / f"{to.name}.ipynb"
    # `reset`: JupyterLab opens no earlier lesson with it.
    address = first_page.replace(FIRST_PAGE, file.name) + "&reset"
    visit(LessonPage(page, address, file, folder), to)
    if to.plan is broken.PLAN:
        to.problems = broken.unseen(to.problems)
    said = f"{to.name}: {len(to.student.cells)} cells in {to.told['seconds']} s"
    print(said, *to.problems, sep="\n  ", flush=True)


def main(arguments: argparse.Namespace) -> int:
    """Use the chosen lessons; return 1 when one of them has a problem, else 0."""
    paths = notebooks.choose(arguments.lessons)
    visits = [plan_visit(path, arguments.budget) for path in paths]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server goes too
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_edition(STUDY)
    visits.insert(0, plan_self_check())
    with serving(FOLDER) as first_page, browser(FOLDER) as started:
        for to in visits:
            visit_lesson(started, first_page, to)
    print(text_table([HEADER, *(to.row() for to in visits)], right=(1, 2, 3, 6, 7)))
    print(f"screenshots: {FOLDER}")
    return 1 if any(to.problems for to in visits) else 0
