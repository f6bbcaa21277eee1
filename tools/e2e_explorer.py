"""Move the controls of an explorer, and see whether its picture changes."""

import time

from helpers.errors import UserError
from tools.e2e_page import LessonPage

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
