"""One visit: a lesson opened, run, explored, solved and saved in the browser."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from nbformat import NotebookNode
from playwright.sync_api import Error

from helpers.core.errors import UserError
from helpers.page.exercises import Wrong
from tools.course import notebooks
from tools.verify.browser.checks import alt_problems, page_problems
from tools.verify.browser.interact import moved_controls, solved_by_typing, with_budget
from tools.verify.browser.page import SHUT_DOWN, LessonPage

HEADER = (
    *("lesson", "cells", "figures", "formulas", "explorer", "exercise"),
    *("problems", "seconds"),
)


@dataclass
class Visit:
    """What a visit needs of a lesson, and what becomes of it, filled in meanwhile.

    `plan`: the exercise that is solved, and its wrong answer; None where no exercise
    has one to type. `told`: the lesson's line in the closing table, by its header.
    """

    name: str
    student: NotebookNode
    worked: NotebookNode
    plan: tuple[str, Wrong] | None
    budget: float
    told: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        """Return the lesson's line in the closing table."""
        told = self.told | {"lesson": self.name, "problems": len(self.problems)}
        return tuple(str(told.get(column, "-")) for column in HEADER)


def visit(lesson: LessonPage, to: Visit) -> None:
    """Use one lesson as a learner does; whatever goes wrong is a problem of the visit,
    with a screenshot, and never ends the others."""
    start = time.monotonic()
    if attempt(run, lesson, to):
        for stage in (look, explore, solve):
            attempt(stage, lesson, to)
    attempt(tidy, lesson, to)
    to.told["seconds"] = f"{time.monotonic() - start:.0f}"


def attempt(stage: Callable, lesson: LessonPage, to: Visit) -> bool:
    """Do one stage of a visit; return whether it came to its end."""
    try:
        stage(lesson, to)
        return True
    except (UserError, Error, AssertionError, OSError) as error:
        text = str(error).splitlines()[0][:200]
        to.problems.append(f"{stage.__name__}: {text}  (see {stage.__name__}.png)")
    with suppress(Error):  # a browser that is gone shows nothing
        lesson.shoot(stage.__name__)
    return False


def run(lesson: LessonPage, to: Visit) -> None:
    """Open the lesson, type the budget into its parameters, run all cells."""
    lesson.open()
    lesson.shoot("top")
    lesson.type(*with_budget(to.student, to.budget))
    lesson.run_all(len(notebooks.code_cells(to.student)))


def look(lesson: LessonPage, to: Visit) -> None:
    """Judge what the page shows, and take pictures of all of it."""
    page = lesson.collect()
    lesson.shoot_all()
    cells = page["cells"]
    to.told["cells"] = len(cells)
    to.told["figures"] = sum(len(cell["pictures"]) for cell in cells)
    to.told["formulas"] = sum(cell["formulas"] for cell in cells)
    to.problems += page_problems(page, to.student, to.worked)


def explore(lesson: LessonPage, to: Visit) -> None:
    """Move the controls of the first explorer."""
    cells = lesson.collect()["cells"]
    number = next((i for i, cell in enumerate(cells) if cell["controls"]), None)
    if number is None:
        raise UserError("there is no explorer to move")
    still = moved_controls(lesson, number)
    to.told["explorer"] = f"{cells[number]['controls'] - len(still)} moved"
    id = to.student.cells[number].id
    to.problems += [f"cell {id}: {problem}" for problem in still]


def solve(lesson: LessonPage, to: Visit) -> None:
    """Solve an exercise by typing, if one can be; save, and look into the file."""
    if to.plan:
        problems = solved_by_typing(lesson, to.plan, to.student, to.worked)
        to.told["exercise"] = f"{to.plan[0]} {'✗' if problems else '○ ✗ ✓'}"
        to.problems += [f"exercise {to.plan[0]}: {each}" for each in problems]
    else:
        to.told["exercise"] = "none to type"
        lesson.save()
    to.problems += alt_problems(notebooks.read(lesson.file))


def tidy(lesson: LessonPage, to: Visit) -> None:
    """End the lesson's kernel and close its page."""
    lesson.page.evaluate(SHUT_DOWN)
    lesson.page.close()
