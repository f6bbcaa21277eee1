"""`python -m tools e2e`: use every lesson in a real JupyterLab, in a real browser.

The server is the one of `make lab`, on a study folder in build/e2e: whatever is typed
there, the user's own study/ is neither read nor written.
"""

import argparse
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Error, sync_playwright

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.course.options import add_lesson_names, add_variable
from tools.editions.student import student_notebook, write_edition
from tools.execute.lessons import fitting
from tools.verify.browser import broken
from tools.verify.browser.page import SCREEN, LessonPage
from tools.verify.browser.plans import plan_of
from tools.verify.browser.report import Visit, report
from tools.verify.browser.server import Server, serving, start_browser
from tools.verify.browser.visit import Guide, visit

FOLDER = files.BUILD / "e2e"
EXAMPLE = "01 04 --budget 0.03"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to use, and how long they train."""
    add_lesson_names(parser)
    add_variable(parser, "budget", float, "0.1", default="0.1")


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start the browser, with a home folder of its own; close it afterwards.

    Raises UserError when there is none, when it does not start, or when it stops.
    """
    with sync_playwright() as playwright:
        try:
            with start_browser(playwright.chromium, folder) as started:
                yield started
        except Error as error:
            reason = str(error).splitlines()[0]
            text = f"The browser does not start, or has stopped: {reason}"
            raise UserError(text) from None


def guide(path: Path, budget: float) -> Guide:
    """Return what a visit needs of a worked lesson."""
    worked = notebooks.read(path)
    return Guide(student_notebook(worked), worked, plan_of(worked), budget)


def broken_guide(study: Path) -> Guide:
    """Write the broken lesson into the study folder; return what a visit needs."""
    worked = broken.worked()
    student = student_notebook(worked)
    nbformat.write(student, study / broken.NAME)
    return Guide(student, worked, broken.PLAN, 0.1)


def visit_in(started: Browser, server: Server, name: str, what: Guide) -> Visit:
    """Visit one lesson in a new page, its screenshots in a folder of its own."""
    folder = files.make_folder(FOLDER / Path(name).stem)
    page = started.new_page(viewport=SCREEN)
    page.set_default_timeout(60_000)
    return visit(LessonPage(page, server, name, folder), what)


def tell(found: Visit, problems: Sequence[str]) -> None:
    """Say at once what became of a visit; the table comes at the end."""
    said = f"{found.name}: {found.cells} cells in {found.seconds:.0f} s"
    print(said, *problems, sep="\n  ", file=sys.stderr, flush=True)


def self_check(started: Browser, server: Server) -> list[str]:
    """Visit the lesson in which all is broken; return what was not noticed."""
    what = broken_guide(server.folder / "study")
    found = visit_in(started, server, broken.NAME, what)
    unnoticed = broken.unseen(found.problems)
    tell(found, unnoticed)
    return unnoticed


def main(arguments: argparse.Namespace) -> int:
    """Use the chosen lessons; return 1 when one of them has a problem, else 0."""
    paths = notebooks.choose(arguments.lessons)
    wanted = {"BUDGET": arguments.budget}
    guides = {path.name: guide(path, fitting(path, wanted)["BUDGET"]) for path in paths}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server goes too
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_edition(FOLDER / "root" / "study")
    with serving(FOLDER) as server, browser(FOLDER) as started:
        unnoticed = self_check(started, server)
        visits = []
        for name, what in guides.items():
            visits.append(visit_in(started, server, name, what))
            tell(visits[-1], visits[-1].problems)
    code = report(visits, unnoticed)
    print(f"screenshots: {FOLDER}")
    return code
