"""Solve one exercise by typing (untouched, wrong, right, saved); move an explorer.

The wrong lines stand beside their misconception in the bank of exercises; the right
ones come from the worked lesson.
"""

import re
from textwrap import indent

from nbformat import NotebookNode
from playwright.sync_api import Locator

from helpers.core.errors import UserError
from helpers.page.exercises import Wrong, find
from tools.course import notebooks
from tools.editions.student import SOLUTION
from tools.verify.browser.page import ANSWER, LessonPage

DOTS = re.compile(r"^( *)\.\.\.$", re.MULTILINE)
BUDGET = re.compile(r"^BUDGET = .*$", re.MULTILINE)


def plan_of(nb: NotebookNode) -> tuple[str, Wrong] | None:
    """Return the first exercise of a lesson that has a wrong answer to type, and that
    answer, or None.

    Raises UserError for an exercise that stands in no bank.
    """
    for cell in notebooks.exercises(nb):
        name = cell.metadata.nbgrader.grade_id.removeprefix("check-")
        exercise = name.replace("-", ".")
        for wrong in find(exercise).wrong:
            if wrong.typed:
                return exercise, wrong
    return None


def position(nb: NotebookNode, kind: str, exercise: str) -> int:
    """Return the number of an exercise's cell, of kind "ex" or "check"."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
    return ids.index(f"{kind}-{exercise.replace('.', '-')}")


def solved(source: str) -> str:
    """Return a worked exercise without the markers around its solution."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if line.strip() not in SOLUTION)


def attempted(stub: str, typed: str) -> str:
    """Return an exercise with what is typed in place of its line `...`."""
    return DOTS.sub(lambda found: indent(typed, found[1]), stub, count=1)


def with_budget(nb: NotebookNode, budget: float) -> tuple[int, str]:
    """Return the number of the parameters cell, and its code with this budget."""
    tagged = ["parameters" in notebooks.tags(cell) for cell in nb.cells]
    number = tagged.index(True)
    return number, BUDGET.sub(f"BUDGET = {budget!r}", nb.cells[number].source)


def solved_by_typing(
    lesson: LessonPage,
    plan: tuple[str, Wrong],
    student: NotebookNode,
    worked: NotebookNode,
) -> list[str]:
    """Type a wrong answer, then the right one, and save; return the problems."""
    exercise, wrong = plan
    answer, check = (position(student, kind, exercise) for kind in ("ex", "check"))
    typed = attempted(student.cells[answer].source, wrong.typed)
    right = solved(worked.cells[position(worked, "ex", exercise)].source)
    problems = verdict_problems(lesson, check, f"○ {exercise}")
    for source, sign, said in ((typed, "✗", wrong.message), (right, "✓", "")):
        lesson.type(answer, source)
        lesson.run_cell(answer)
        lesson.run_cell(check)
        problems += verdict_problems(lesson, check, f"{sign} {exercise}", said)
        lesson.shoot("exercise-wrong" if said else "exercise-right", check)
    lesson.save()
    kept = notebooks.read(lesson.file).cells
    if kept[answer].source != right:
        problems.append("the file does not hold what was typed")
    if notebooks.verdicts(kept[check]) != ["✓"]:
        problems.append("the file does not hold the verdict ✓")
    return problems


def verdict_problems(
    lesson: LessonPage, check: int, verdict: str, message: str = ""
) -> list[str]:
    """Return what is wrong with the answer that a check shows."""
    shown = lesson.output(check, verdict)
    if not shown.startswith(verdict):
        return [f"the answer is not {verdict[0]}: {shown[:80]!r}"]
    if " ".join(message.split()) not in " ".join(shown.split()):
        return [f"the wrong answer gets no misconception: {shown[:80]!r}"]
    return []


CONTROLS = ".widget-slider, .widget-dropdown, .widget-checkbox, .widget-text"
# All that the cell shows except the controls themselves: picture, text, table.
SHOWN = """cell => [...cell.querySelectorAll(".jp-OutputArea-output")]
  .filter((part) => !part.querySelector(".jupyter-widgets"))
  .map((part) => part.innerHTML).join("")"""
CHANGED = f"([cell, before]) => !['', before].includes(({SHOWN})(cell))"


def moved_controls(lesson: LessonPage, number: int) -> list[str]:
    """Move every control of the explorer in a cell; return a problem for each that
    changed nothing. Two screenshots: before and after."""
    cell, problems = lesson.cell(number), []
    lesson.shoot("explorer-before", number)
    for control in cell.locator(CONTROLS).all():
        label = control.locator("label, .widget-label").first.text_content()
        before = cell.evaluate(SHOWN)
        move(control)
        lesson.wait(ANSWER, 300, "The kernel did not answer in 5 minutes.")
        problem = f"the control {label!r} changes nothing that is shown"
        try:
            lesson.wait(CHANGED, 5, problem, [cell.element_handle(), before])
        except UserError as error:
            problems.append(str(error))
    lesson.shoot("explorer-after", number)
    return problems


def move(control: Locator) -> None:
    """Move one control by hand: a slider by one step away from its end, a list of
    options to another one, a box, and else a line of text."""
    kinds = control.get_attribute("class").split()
    field = control.locator("input, select").first
    if "widget-slider" in kinds:
        handle = control.locator(".noUi-handle").first
        now, end = map(handle.get_attribute, ("aria-valuenow", "aria-valuemax"))
        handle.press("ArrowLeft" if now == end else "ArrowRight")
    elif "widget-dropdown" in kinds:
        field.select_option(index=0 if field.evaluate("e => e.selectedIndex") else 1)
    elif "widget-checkbox" in kinds:
        field.click()
    else:
        field.press("End")
        field.press_sequentially(" two")
        field.press("Enter")
