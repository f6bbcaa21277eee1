"""What must hold of a lesson's page, as pure functions over what the browser saw.

`seen` is one cell as collect.js describes it; a problem is a sentence.
"""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from tools.course import notebooks

MATH = re.compile(
    r"\$\$.+?\$\$|(?<!\\)\$[^$\n]+(?<!\\)\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL
)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
SCREENS = 1.5  # how tall one cell's output may be
LETTERS = 11  # CSS pixels: JupyterLab's tables have 12
SHRUNK = 0.75  # labels of 15 pixels would be smaller than 11
STRANGERS = ("nbgrader", "formgrader", "reveal", "rise", "assignment")


@dataclass(frozen=True)
class Expected:
    """What the browser must show of one cell."""

    id: str
    code: bool
    figures: int = 0
    formulas: int = 0
    tables: int = 0


def expected(student: NotebookNode, worked: NotebookNode) -> list[Expected]:
    """Return what must be seen of each cell of the student edition: the figures that
    the worked lesson stores, and the formulas and tables that the text holds."""
    stored = {cell.id: cell for cell in worked.cells}
    found = []
    for cell in student.cells:
        if cell.cell_type == "code":
            found.append(Expected(cell.id, True, figures(stored[cell.id])))
        else:
            text = CODE.sub("", cell.source)
            tables = len(re.findall(r"^\|[ :|-]+\|$", text, re.MULTILINE))
            maths = len(MATH.findall(text))
            found.append(Expected(cell.id, False, 0, maths, tables))
    return found


def figures(cell: NotebookNode) -> int:
    """Return how many pictures a cell has stored."""
    data = [output.get("data", {}) for output in cell.outputs]
    return sum(any(kind.startswith("image/") for kind in each) for each in data)


def ran_problems(seen: dict) -> list[str]:
    """Return whether a code cell ran, without an error and without a word on stderr."""
    found = []
    for text in seen["errors"] + seen["stderr"]:
        failed = text in seen["errors"] or "Traceback (most recent call" in text
        kind = "error output" if failed else "stderr"
        found.append(f"{kind}: {last_line(text)}")
    if not re.search(r"\[\d+\]", seen["prompt"]):
        found.append(f"was not run: its prompt is {seen['prompt']!r}")
    return found


def figure_problems(seen: dict, wanted: Expected) -> list[str]:
    """Return which pictures are missing, empty, or drawn too small to be read."""
    found, count = [], len(seen["pictures"])
    if count < wanted.figures:
        found.append(f"{count} of {wanted.figures} figures are shown")
    for picture in seen["pictures"]:
        (natural, _), (shown, height) = picture["natural"], picture["shown"]
        if not (natural and shown and height):
            found.append("a figure is empty")
        elif shown < SHRUNK * natural:
            found.append(f"a figure is shrunk from {natural} to {shown} pixels")
    return found


def text_problems(seen: dict, wanted: Expected) -> list[str]:
    """Return what is wrong with formulas, tables and the size of letters."""
    found = [f"a broken formula: {text!r}" for text in seen["broken"]]
    if seen["formulas"] < wanted.formulas:
        found.append(f"{seen['formulas']} of {wanted.formulas} formulas are rendered")
    if not wanted.code:
        raw = MATH.findall(seen["prose"])
        found += [f"a formula is shown raw: {text[:60]!r}" for text in raw]
    filled = [table for table in seen["tables"] if table["rows"]]
    if len(filled) < wanted.tables:
        found.append(f"{len(filled)} of {wanted.tables} tables are rendered")
    if seen["letters"] and seen["letters"] < LETTERS:
        found.append(f"letters of {seen['letters']:.0f} pixels are too small")
    return found


def layout_problems(seen: dict, screen: int) -> list[str]:
    """Return what is wider than the page or taller than `screen` allows, in pixels."""
    found = []
    wide = max([seen["excess"], *(table["excess"] for table in seen["tables"])])
    if wide > 1:
        found.append(f"sticks out of the page by {wide} pixels")
    if seen["code"] > 1:
        found.append(f"code is {seen['code']} pixels wider than its cell")
    if seen["height"] > SCREENS * screen:
        found.append(f"its output is {seen['height'] / screen:.1f} screens tall")
    if seen["scrolled"]:
        found.append("its output scrolls inside a box")
    return found


def cell_problems(seen: dict, wanted: Expected, screen: int) -> list[str]:
    """Return all problems of one cell, each with the cell's id."""
    found = ran_problems(seen) if wanted.code else []
    found += figure_problems(seen, wanted)
    found += text_problems(seen, wanted)
    found += layout_problems(seen, screen)
    return [f"cell {wanted.id}: {problem}" for problem in found]


def page_problems(page: dict, wanted: list[Expected]) -> list[str]:
    """Return all problems of a page that has been run."""
    if len(page["cells"]) != len(wanted):
        return [f"{len(page['cells'])} of {len(wanted)} cells are shown"]
    found = [
        problem
        for seen, each in zip(page["cells"], wanted, strict=True)
        for problem in cell_problems(seen, each, page["screen"])
    ]
    return found + around_problems(page)


def around_problems(page: dict) -> list[str]:
    """Return what a learner's JupyterLab should not show around the lesson."""
    found = [
        f"JupyterLab has a button of the extra `classroom`: {button!r}"
        for button in page["buttons"]
        if any(word in words(button) for word in STRANGERS)
    ]
    found += [f"JupyterLab says: {text[:100]!r}" for text in page["toasts"]]
    return found + [f"JupyterLab asks: {text[:100]!r}" for text in page["dialogs"]]


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"[a-z]+", text.lower())


def alt_problems(nb: NotebookNode) -> list[str]:
    """Return which pictures of a saved lesson have no text for those who cannot see
    them. (JupyterLab 4.6 shows none of these texts; other readers do.)"""
    found = []
    for cell in notebooks.code_cells(nb):
        for output in cell.outputs:
            for kind in output.get("data", {}):
                said = output.get("metadata", {}).get(kind, {}).get("alt", "")
                if kind.startswith("image/") and not said.strip():
                    found.append(f"cell {cell.id}: a figure has no alt text")
    return found


def last_line(text: str) -> str:
    """Return the last line that says something, cut to 120 characters."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:120] if lines else "(empty)"
