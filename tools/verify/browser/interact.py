"""Solve one exercise by typing (untouched, wrong, right, saved); move an explorer."""

from nbformat import NotebookNode
from playwright.sync_api import Locator

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.verify.browser.page import LessonPage
from tools.verify.browser.plans import Plan, attempted, position, solved


def solved_by_typing(
    lesson: LessonPage, plan: Plan, student: NotebookNode, worked: NotebookNode
) -> list[str]:
    """Type a wrong answer, then the right one, and save; return the problems."""
    exercise = plan.exercise
    answer, check = (position(student, kind, exercise) for kind in ("ex", "check"))
    wrong = attempted(student.cells[answer].source, plan.wrong.typed)
    right = solved(worked.cells[position(worked, "ex", exercise)].source)
    said = [lesson.output(check, f"○ {exercise}")]
    for source, sign, kind in ((wrong, "✗", "wrong"), (right, "✓", "right")):
        lesson.type(answer, source)
        lesson.run_cell(answer)
        lesson.run_cell(check)
        said.append(lesson.output(check, f"{sign} {exercise}"))
        lesson.shoot(f"exercise-{kind}", check)
    lesson.save()
    kept = notebooks.read(lesson.file)
    problems = verdict_problems(plan, *said)
    return problems + saved_problems(kept.cells[answer], kept.cells[check], right)


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
# All that the cell shows except the controls themselves: picture, text, table.
SHOWN = """cell => [...cell.querySelectorAll(".jp-OutputArea-output")]
  .filter((part) => !part.querySelector(".jupyter-widgets"))
  .map((part) => part.innerHTML).join("")"""
CHANGED = f"([cell, before]) => !['', before].includes(({SHOWN})(cell))"


def moved_controls(lesson: LessonPage, number: int) -> list[str]:
    """Move every control of the explorer in a cell; return a problem for each that
    changed nothing. Two screenshots: before and after."""
    controls = lesson.cell(number).locator(CONTROLS)
    lesson.shoot("explorer-before", number)
    problems = []
    for place in range(controls.count()):
        try:
            try_control(lesson, number, controls.nth(place))
        except UserError as error:
            problems.append(str(error))
    lesson.shoot("explorer-after", number)
    return problems


def try_control(lesson: LessonPage, number: int, control: Locator) -> None:
    """Move one control of a cell. Raises UserError when the cell shows the same as
    before although the kernel has done its work."""
    cell = lesson.cell(number)
    label = control.locator("label, .widget-label").first.text_content()
    before = cell.evaluate(SHOWN)
    move(control)
    lesson.wait_for_kernel()
    problem = f"the control {label!r} changes nothing that is shown"
    lesson.wait(CHANGED, 5, problem, [cell.element_handle(), before])


def move(control: Locator) -> None:
    """Move one control by hand. Raises UserError for an unknown kind."""
    kinds = control.get_attribute("class").split()
    if "widget-slider" in kinds:
        step(control.locator(".noUi-handle").first)
    elif "widget-dropdown" in kinds:
        choose_next(control.locator("select"))
    elif "widget-checkbox" in kinds:
        control.locator("input").click()
    elif "widget-text" in kinds:
        control.locator("input").press("End")
        control.locator("input").press_sequentially(" two")
        control.locator("input").press("Enter")
    else:
        raise UserError(f"An explorer has a control of unknown kind: {kinds}.")


def step(handle: Locator) -> None:
    """Move a slider by one step with an arrow key, away from its end."""
    now, end = map(handle.get_attribute, ("aria-valuenow", "aria-valuemax"))
    handle.press("ArrowLeft" if now == end else "ArrowRight")


def choose_next(select: Locator) -> None:
    """Choose the option after the chosen one, or the first."""
    options = select.locator("option").count()
    chosen = select.evaluate("e => e.selectedIndex")
    select.select_option(index=(chosen + 1) % options)
