"""Typing into a cell of JupyterLab as a learner does, key by key."""

import time
from collections.abc import Sequence

from helpers.errors import UserError

BLANK = "\u200b"  # CodeMirror's sign in an empty line


def editor_text(cell) -> str:
    """Return what stands in the editor of a cell (a Playwright locator).

    The text content: what is out of view has no inner text.
    """
    lines = cell.locator(".cm-content .cm-line").all_text_contents()
    return "\n".join(line.replace(BLANK, "").rstrip("\n") for line in lines)


def replace_lines(cell, first: int, count: int, lines: Sequence[str]) -> None:
    """Put the cursor into line `first`, select `count` lines, type other ones.

    The indentation of the first line stays; the other lines are given relative to it.
    Raises UserError when the editor then says something else than was meant, such as
    an indentation or a bracket of its own.
    """
    before = editor_text(cell).split("\n")
    indent = before[first][: len(before[first]) - len(before[first].lstrip())]
    meant = [f"{indent}{line}" for line in lines]
    select(cell, first, count)
    keyboard = cell.page.keyboard
    for number, line in enumerate(lines):
        if number:
            keyboard.press("Enter")
            indent_to(cell, first + number, len(meant[number]) - len(line.lstrip()))
        keyboard.type(line.lstrip(), delay=5)
    after = [*before[:first], *meant, *before[first + count :]]
    wait_for_text(cell, "\n".join(after))


def select(cell, first: int, count: int) -> None:
    """Select lines from the first letter of the first to the end of the last."""
    line = cell.locator(".cm-content .cm-line").nth(first)
    line.scroll_into_view_if_needed()
    line.click()
    keyboard = cell.page.keyboard
    keyboard.press("End")
    keyboard.press("Home")  # the first letter, not the indentation
    for _ in range(count - 1):
        keyboard.press("Shift+ArrowDown")
    keyboard.press("Shift+End")


def indent_to(cell, number: int, width: int) -> None:
    """Mend the indentation that the editor gave to a new line, by keys."""
    for _ in range(40):
        line = cell.locator(".cm-content .cm-line").nth(number).text_content()
        given = len(line.replace(BLANK, "").rstrip("\n"))
        if given == width:
            return
        cell.page.keyboard.press("Backspace" if given > width else "Space")
    raise UserError(f"The editor would not indent line {number + 1} by {width}.")


def wait_for_text(cell, text: str) -> None:
    """Wait until the editor shows `text`. Raises UserError when it does not."""
    for _ in range(20):
        if (shown := editor_text(cell)) == text:
            return
        time.sleep(0.1)
    raise UserError(f"Typed was {text!r}, but the editor shows {shown!r}.")
