"""Solve one exercise by typing: untouched, wrong, right, and saved."""

import time

from nbformat import NotebookNode

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.verify.browser.page import LessonPage, replace_lines
from tools.verify.browser.plans import (
    Plan,
    expected_source,
    position,
    solution_lines,
    stub_line,
)


def solved_by_typing(
    lesson: LessonPage, plan: Plan, student: NotebookNode, worked: NotebookNode
) -> list[str]:
    """Type a wrong answer, then the right one, and save; return the problems."""
    answer, check = (position(student, kind, plan.exercise) for kind in ("ex", "check"))
    stub = student.cells[answer].source
    solved = worked.cells[position(worked, "ex", plan.exercise)]
    right = solution_lines(solved.source)
    said = [lesson.output(check)]
    length = 1
    wrong = plan.wrong.typed.splitlines()
    for lines, kind in ((wrong, "wrong"), (right, "right")):
        replace_lines(lesson.cell(answer), stub_line(stub), length, lines)
        length = len(lines)
        lesson.run_cell(answer)
        said.append(lesson.run_cell(check))
        lesson.shoot(f"exercise-{kind}", check)
    lesson.save()
    kept = notebooks.read(lesson.file)
    problems = verdict_problems(plan, *said)
    return problems + saved_problems(
        kept.cells[answer], kept.cells[check], expected_source(stub, right)
    )


def verdict_problems(plan: Plan, untouched: str, wrong: str, right: str) -> list[str]:
    """Return what is wrong with the three answers that a check has shown."""
    found, exercise = [], plan.exercise
    if not untouched.startswith(f"○ {exercise}"):
        found.append(f"the untouched stub does not say ○: {untouched[:80]!r}")
    if not wrong.startswith(f"✗ {exercise}"):
        found.append(f"the wrong answer does not say ✗: {wrong[:80]!r}")
    elif one_line(plan.wrong.message) not in one_line(wrong):
        found.append(f"the wrong answer gets no misconception: {wrong[:80]!r}")
    if not right.startswith(f"✓ {exercise}"):
        found.append(f"the right answer does not say ✓: {right[:80]!r}")
    return found


def saved_problems(answer: NotebookNode, check: NotebookNode, source: str) -> list[str]:
    """Return what the saved file lacks of the solved exercise."""
    found = []
    if answer.source != source:
        found.append(f"the file does not hold what was typed: {answer.source[-80:]!r}")
    if notebooks.verdicts(check) != ["✓"]:
        found.append("the file does not hold the verdict ✓")
    return found


def one_line(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())


CONTROLS = ".widget-slider, .widget-dropdown, .widget-checkbox, .widget-text"
PATIENCE = 5  # seconds of an idle kernel after which nothing will change any more
# All that the cell shows except the controls themselves: picture, text, table.
SHOWN = """cell => [...cell.querySelectorAll(".jp-OutputArea-output")]
  .filter((part) => !part.querySelector(".jupyter-widgets"))
  .map((part) => part.innerHTML).join("")"""


def move(page, control) -> None:
    """Move one control (a locator) by hand. Raises UserError for an unknown kind."""
    control.scroll_into_view_if_needed()
    kinds = control.get_attribute("class").split()
    if "widget-slider" in kinds:
        step(page, control.locator(".noUi-handle").first)
    elif "widget-dropdown" in kinds:
        choose_next(control.locator("select"))
    elif "widget-checkbox" in kinds:
        control.locator("input").click()
    elif "widget-text" in kinds:
        control.locator("input").click()
        page.keyboard.press("End")
        page.keyboard.type(" two", delay=5)
        page.keyboard.press("Enter")
    else:
        raise UserError(f"An explorer has a control of unknown kind: {kinds}.")


def step(page, handle) -> None:
    """Move a slider by one step with an arrow key, away from its end."""
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute(
        "aria-valuemax"
    )
    handle.focus()
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")


def choose_next(select) -> None:
    """Choose the option after the chosen one, or the first."""
    options = select.locator("option").count()
    chosen = select.evaluate("e => e.selectedIndex")
    select.select_option(index=(chosen + 1) % options)


def moved_controls(lesson: LessonPage, number: int) -> list[str]:
    """Move every control of the explorer in a cell; return a problem for each that
    changed nothing. Two screenshots: before and after."""
    cell = lesson.cell(number)
    controls = cell.locator(CONTROLS)
    lesson.shoot("explorer-before", number)
    problems = []
    for place in range(controls.count()):
        control = controls.nth(place)
        label = (
            control.locator("label, .widget-label").first.text_content() or place + 1
        )
        before = cell.evaluate(SHOWN)
        move(lesson.page, control)
        if not changed(lesson, cell, before):
            problems.append(f"the control {label!r} changes nothing that is shown")
    lesson.shoot("explorer-after", number)
    return problems


def changed(lesson: LessonPage, cell, before: str) -> bool:
    """True as soon as the cell shows something else than before, False when it does
    not although the kernel has long been idle."""
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < PATIENCE:
        if cell.evaluate(SHOWN) not in (before, ""):
            time.sleep(0.5)
            return True
        if lesson.server.kernel()["execution_state"] != "idle":
            idle_since = time.monotonic()
        time.sleep(0.2)
    return False
