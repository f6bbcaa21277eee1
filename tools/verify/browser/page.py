"""One lesson, open in JupyterLab in a browser: open, type, run, look, save."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

from helpers.core.errors import UserError

COLLECT = Path(__file__).with_name("collect.js").read_text(encoding="utf-8")
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
NOTEBOOK = f"{PANEL} .jp-Notebook"
SCREEN = {"width": 1366, "height": 768}  # a small laptop
TALL = {"width": 1366, "height": 2000}  # for the pieces of the whole page
NUMBER = re.compile(r"\[\d+\]:")
# JupyterLab's own objects: the notebook that is open, and its kernel.
LAB = "window.jupyterapp"
OPEN = f"{LAB}?.shell.currentWidget"
KERNEL = f"{OPEN}?.sessionContext?.session?.kernel"
READY = f"""() =>
  {KERNEL}?.connectionStatus === "connected" && {KERNEL}.status === "idle"
"""
# A kernel answers in order: then it has done, and sent, all that it was asked before.
ANSWER = f"() => {KERNEL}.requestKernelInfo()"
# The command's promise also ends at the first error, even one that stops nothing.
RUN_ALL = f"""async () => {{
  await {LAB}.commands.execute("notebook:run-all-cells");
  return ({ANSWER})();
}}"""
HOLDS = f"""([number, source]) =>
  {OPEN}.content.widgets[number].model.sharedModel.source === source"""
SAVED = f"() => !{OPEN}.context.model.dirty"
# Whether a page can be scrolled further down, after doing so.
DOWN = "e => e.scrollTop !== (e.scrollTop += e.clientHeight - 60, e.scrollTop)"
SHUT_DOWN = f"{LAB}.serviceManager.sessions.shutdownAll()"


@dataclass
class LessonPage:
    """A browser page on a lesson; screenshots go into `folder`.

    `address`: what opens it. `file`: the lesson, as the server keeps it.
    """

    page: Page
    address: str
    file: Path
    folder: Path

    def wait(self, script: str, seconds: int, problem: str, given=None) -> None:
        """Wait until a script returns a true value, or until its promise ends.

        Raises UserError(problem) when that takes too long.
        """
        try:
            self.page.wait_for_function(script, arg=given, timeout=1000 * seconds)
        except TimeoutError:
            raise UserError(problem) from None

    def open(self) -> None:
        """Open the lesson, and wait until its kernel listens: a Run All that comes
        earlier is lost."""
        self.page.goto(self.address)
        self.wait(READY, 120, "The kernel did not become ready in 2 minutes.")

    def cell(self, number: int) -> Locator:
        """Return a cell of the open notebook."""
        return self.page.locator(f"{NOTEBOOK} .jp-Cell").nth(number)

    def type(self, number: int, source: str) -> None:
        """Replace the code of a cell by the keyboard, as one text: the editor adds
        neither indentation nor brackets of its own. Raises UserError where it does."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)
        self.wait(HOLDS, 5, f"The editor does not hold {source!r}.", [number, source])

    def run_all(self, cells: int) -> None:
        """Run All; return when all `cells` code cells show a number, or when no more
        will, because an error has ended it. Raises UserError when it takes too long."""
        self.wait(RUN_ALL, 3600, "The lesson was still running after an hour.")
        prompts = self.page.locator(f"{NOTEBOOK} .jp-CodeCell .jp-InputPrompt")
        with suppress(AssertionError):  # the page tells which cell was not run
            expect(prompts.filter(has_text=NUMBER)).to_have_count(cells)

    def run_cell(self, number: int) -> None:
        """Run one cell by Shift+Enter; return when it has another number than before.

        Raises AssertionError when that takes longer than two minutes.
        """
        prompt = self.cell(number).locator(".jp-InputPrompt")
        before = re.escape(prompt.text_content())
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        another = re.compile(f"^(?!{before}){NUMBER.pattern}")
        expect(prompt).to_have_text(another, timeout=120_000)

    def output(self, number: int, sought: str) -> str:
        """Return the text that a cell shows under its code, `sought` in it if it comes
        within five seconds: what a cell has printed may be drawn after its number."""
        output = self.cell(number).locator(".jp-Cell-outputArea")
        with suppress(AssertionError):
            expect(output).to_contain_text(sought)
        parts = output.locator(".jp-OutputArea-output").all_text_contents()
        return "\n".join(parts).strip()

    def collect(self) -> dict:
        """Return what the page shows, as plain data."""
        return self.page.evaluate(COLLECT)

    def save(self) -> None:
        """Save by Ctrl+S; return when nothing is unsaved. Raises UserError."""
        self.page.keyboard.press("ControlOrMeta+s")
        self.wait(SAVED, 30, "Ctrl+S did not save the lesson in 30 s.")

    def shoot(self, name: str, number: int | None = None) -> None:
        """Write a screenshot, with a cell in view if one is named."""
        if number is not None:
            self.cell(number).scroll_into_view_if_needed()
        self.page.screenshot(path=self.folder / f"{name}.png")

    def shoot_all(self) -> None:
        """Write the whole page in pieces: page-01.png and so on."""
        outer = self.page.locator(f"{PANEL} .jp-WindowedPanel-outer")
        self.page.set_viewport_size(TALL)
        outer.evaluate("e => e.scrollTop = 0")
        for number in range(1, 100):
            self.shoot(f"page-{number:02d}")
            if not outer.evaluate(DOWN):
                break
        self.page.set_viewport_size(SCREEN)
