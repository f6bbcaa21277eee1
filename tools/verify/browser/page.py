"""One lesson, open in JupyterLab in a browser: open, run, look, save."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from helpers.core.errors import UserError
from tools.verify.browser.server import Server

COLLECT = Path(__file__).with_name("collect.js").read_text(encoding="utf-8")
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
NOTEBOOK = f"{PANEL} .jp-Notebook"
SCREEN = {"width": 1366, "height": 768}  # a small laptop
TALL = {"width": 1366, "height": 2000}  # for the pieces of the whole page
STALLED = 300  # seconds in which no cell ended
PROMPT = re.compile(r"\[(.*)\]:")


def wait_until(done, seconds: float, problem: str, pause: float = 0.25):
    """Return the first true value of `done()`. Raises UserError(problem) without."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := done():
            return value
        time.sleep(pause)
    raise UserError(problem)


@dataclass
class LessonPage:
    """A browser page (Playwright's) on a lesson; screenshots go into `folder`."""

    page: object
    server: Server
    name: str
    folder: Path

    def open(self) -> None:
        """Open the lesson, and wait until its kernel listens: a Run All that comes
        earlier is lost."""
        self.page.goto(self.server.address(self.name))
        self.page.wait_for_selector(f"{NOTEBOOK} .jp-Cell", timeout=120_000)
        wait_until(self.is_ready, 120, "The kernel did not become ready in 2 minutes.")
        time.sleep(1)

    def is_ready(self) -> bool:
        """True once the kernel is idle, connected, and the status bar knows it."""
        kernel = self.server.kernel()
        ready = kernel and kernel["execution_state"] == "idle"
        bar = self.page.locator("#jp-main-statusbar").text_content()
        return bool(ready and kernel["connections"] >= 1 and "| Idle" in bar)

    def cell(self, number: int):
        """Return a cell of the open notebook, as a locator."""
        return self.page.locator(f"{NOTEBOOK} .jp-Cell").nth(number)

    def prompts(self) -> list[str]:
        """Return what stands in the brackets of every code cell: "", "*" or "7"."""
        selector = f"{NOTEBOOK} .jp-CodeCell .jp-InputPrompt"
        texts = self.page.locator(selector).all_text_contents()
        return [found[1].strip() if (found := PROMPT.search(t)) else "" for t in texts]

    def run_all(self, cells: int) -> None:
        """Run All through the menu, with a bar; return when all `cells` code cells have
        a number (JupyterLab may not have drawn all of them yet), or nothing runs.

        Raises UserError when no cell has ended for minutes.
        """
        self.page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        self.page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        with tqdm(total=cells, unit="cell", leave=False, disable=None) as bar:
            self.watch(bar)
        time.sleep(1)  # the last outputs are still being drawn

    def watch(self, bar: tqdm) -> None:
        """Return when every cell has a number, or when nothing has run for 10 seconds:
        an error ends Run All, but a cell that waits may look as if it did not.

        Raises UserError when a cell takes too long.
        """
        last, quiet, ended = time.monotonic(), 0, 0
        while quiet < 20 and ended < bar.total:
            time.sleep(0.5)
            prompts, before = self.prompts(), ended
            ended = sum(text.isdecimal() for text in prompts)
            if ended > before:
                last = time.monotonic()
                bar.update(ended - before)
            busy = "*" in prompts or self.server.kernel()["execution_state"] != "idle"
            quiet = 0 if busy else quiet + 1
            if time.monotonic() - last > STALLED:
                raise UserError(f"No cell ended in {STALLED} s; {ended} were run.")

    def run_cell(self, number: int) -> str:
        """Run one cell by Shift+Enter; return the text of its output."""
        cell = self.cell(number)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.text_content()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        new = "A cell did not end within 2 minutes of Shift+Enter."
        wait_until(lambda: self.has_run(prompt, before), 120, new)
        time.sleep(0.3)  # what it printed arrives before, but is drawn after
        return self.output(number)

    def has_run(self, prompt, before: str) -> bool:
        """True once a prompt shows another number than before."""
        text = prompt.text_content()
        found = PROMPT.search(text)
        return text != before and bool(found) and found[1].isdecimal()

    def output(self, number: int) -> str:
        """Return the text that a cell shows under its code."""
        parts = self.cell(number).locator(".jp-OutputArea-output")
        return "\n".join(parts.all_text_contents()).strip()

    def collect(self) -> dict:
        """Return what the page shows, as plain data."""
        return self.page.evaluate(COLLECT)

    @property
    def file(self) -> Path:
        """Return the lesson's file, as the server keeps it."""
        return self.server.folder / "study" / self.name

    def save(self) -> None:
        """Save by Ctrl+S; return when the file has changed. Raises UserError."""
        before = self.file.stat().st_mtime_ns
        self.page.keyboard.press("ControlOrMeta+s")
        changed = "Ctrl+S did not save the lesson in 30 s."
        wait_until(lambda: self.file.stat().st_mtime_ns != before, 30, changed)
        time.sleep(0.5)

    def shoot(self, name: str, number: int | None = None) -> None:
        """Write a screenshot, with a cell in view if one is named."""
        if number is not None:
            self.cell(number).scroll_into_view_if_needed()
            time.sleep(0.5)
        self.page.screenshot(path=self.folder / f"{name}.png")

    def shoot_all(self) -> None:
        """Write the whole page in pieces: page-01.png and so on."""
        outer = self.page.locator(f"{PANEL} .jp-WindowedPanel-outer")
        self.page.set_viewport_size(TALL)
        outer.evaluate("e => e.scrollTop = 0")
        for number in range(1, 100):
            time.sleep(0.4)
            self.shoot(f"page-{number:02d}")
            down = "e => [e.scrollTop, e.scrollTop += e.clientHeight - 60, e.scrollTop]"
            before, _, after = outer.evaluate(down)
            if after == before:
                break
        self.page.set_viewport_size(SCREEN)


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
