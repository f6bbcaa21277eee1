"""One visit: a lesson opened, run, explored, solved and saved in the browser."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from playwright.sync_api import Error

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.verify.browser.checks import alt_problems, expected, page_problems
from tools.verify.browser.interact import moved_controls, solved_by_typing
from tools.verify.browser.page import LessonPage
from tools.verify.browser.plans import Plan, with_budget
from tools.verify.browser.report import Visit


@dataclass(frozen=True)
class Guide:
    """What a visit needs to know of a lesson."""

    student: NotebookNode
    worked: NotebookNode
    plan: Plan | None  # None: no exercise has a wrong answer to type
    budget: float


def visit(lesson: LessonPage, guide: Guide) -> Visit:
    """Use one lesson as a learner does; whatever goes wrong is a problem of the visit,
    with a screenshot, and never ends the others."""
    found, start = Visit(Path(lesson.name).stem), time.monotonic()
    for stage in (run, look, explore, solve):
        if not attempt(stage, lesson, guide, found) and stage is run:
            break
    attempt(tidy, lesson, guide, found)
    found.seconds = time.monotonic() - start
    return found


def attempt(stage: Callable, lesson: LessonPage, guide: Guide, found: Visit) -> bool:
    """Do one stage of a visit; return whether it came to its end."""
    try:
        stage(lesson, guide, found)
        return True
    except (UserError, Error, AssertionError, OSError) as error:
        text = str(error).splitlines()[0][:200]
        found.problems.append(f"{stage.__name__}: {text}  (see {stage.__name__}.png)")
    with suppress(Error):  # a browser that is gone shows nothing
        lesson.shoot(stage.__name__)
    return False


def run(lesson: LessonPage, guide: Guide, found: Visit) -> None:
    """Open the lesson, type the budget into its parameters, run all cells."""
    lesson.open()
    lesson.shoot("top")
    lesson.type(*with_budget(guide.student, guide.budget))
    lesson.run_all(len(notebooks.code_cells(guide.student)))


def look(lesson: LessonPage, guide: Guide, found: Visit) -> None:
    """Judge what the page shows, and take pictures of all of it."""
    page = lesson.collect()
    lesson.shoot_all()
    found.cells = len(page["cells"])
    found.figures = sum(len(cell["pictures"]) for cell in page["cells"])
    found.formulas = sum(cell["formulas"] for cell in page["cells"])
    found.problems += page_problems(page, expected(guide.student, guide.worked))


def explore(lesson: LessonPage, guide: Guide, found: Visit) -> None:
    """Move the controls of the first explorer."""
    cells = lesson.collect()["cells"]
    number = next((i for i, cell in enumerate(cells) if cell["controls"]), None)
    if number is None:
        found.problems.append("there is no explorer to move")
        return
    still = moved_controls(lesson, number)
    found.moved = cells[number]["controls"] - len(still)
    id = guide.student.cells[number].id
    found.problems += [f"cell {id}: {problem}" for problem in still]


def solve(lesson: LessonPage, guide: Guide, found: Visit) -> None:
    """Solve an exercise by typing, if one can be; save, and look into the file."""
    if plan := guide.plan:
        problems = solved_by_typing(lesson, plan, guide.student, guide.worked)
        found.exercise = f"{plan.exercise} {'✗' if problems else '○ ✗ ✓'}"
        found.problems += [f"exercise {plan.exercise}: {each}" for each in problems]
    else:
        found.exercise = "none to type"
        lesson.save()
    found.problems += alt_problems(notebooks.read(lesson.file))


def tidy(lesson: LessonPage, guide: Guide, found: Visit) -> None:
    """End the lesson's kernel and close its page."""
    lesson.close()
