"""What must hold of a lesson's page, as pure functions over what the browser saw.

`seen` is one cell as collect.js describes it; a problem is a sentence.
"""

import re

from nbformat import NotebookNode

from tools.course import notebooks

SCREENS = 1.5  # how tall one cell's output may be
LETTERS = 11  # CSS pixels: JupyterLab's tables have 12
SHRUNK = 0.75  # labels of 15 pixels would be smaller than 11


def pictures(cell: NotebookNode) -> list[str]:
    """Return the texts, for those who cannot see, of the pictures a cell has stored."""
    return [
        output.get("metadata", {}).get(kind, {}).get("alt", "")
        for output in cell.outputs
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]


def code_problems(seen: dict, worked: NotebookNode) -> list[str]:
    """Return whether a code cell ran, without an error and without a word on stderr,
    and shows the figures that the worked lesson stores."""
    found, stored = [], len(pictures(worked))
    for text in seen["stderr"]:
        kind = "error output" if "Traceback (most recent call" in text else "stderr"
        *_, last = text.strip().split("\n")
        found.append(f"{kind}: {last.strip()[:120]}")
    if not re.search(r"\[\d+\]", seen["prompt"]):
        found.append(f"was not run: its prompt is {seen['prompt']!r}")
    if len(seen["pictures"]) < stored:
        found.append(f"{len(seen['pictures'])} of {stored} figures are shown")
    return found


def text_problems(seen: dict, worked: NotebookNode) -> list[str]:
    """Return which formulas and tables of a text are not drawn as such."""
    found, formulas = [], len(notebooks.formulas(worked.source))
    if seen["formulas"] < formulas:
        found.append(f"{seen['formulas']} of {formulas} formulas are rendered")
    raw = notebooks.formulas(seen["prose"])
    found += [f"a formula is shown raw: {text[:60]!r}" for text in raw]
    text = notebooks.CODE.sub("", worked.source)
    tables = len(re.findall(r"^\|[ :|-]+\|$", text, re.MULTILINE))
    filled = [table for table in seen["tables"] if table["rows"]]
    if len(filled) < tables:
        found.append(f"{len(filled)} of {tables} tables are rendered")
    return found


def shown_problems(seen: dict, screen: int) -> list[str]:
    """Return what is broken, too small to be read, wider than the page, or taller than
    a `screen` of so many pixels allows."""
    wide = max([seen["excess"], *(table["excess"] for table in seen["tables"])])
    letters, high = seen["letters"] or LETTERS, seen["height"] / screen
    told = (
        (letters < LETTERS, f"letters of {letters:.0f} pixels are too small"),
        (wide > 1, f"sticks out of the page by {wide} pixels"),
        (seen["code"] > 1, f"code is {seen['code']} pixels wider than its cell"),
        (high > SCREENS, f"its output is {high:.1f} screens tall"),
        (seen["scrolled"], "its output scrolls inside a box"),
    )
    found = [f"a broken formula: {text!r}" for text in seen["broken"]]
    for picture in seen["pictures"]:
        (natural, _), (shown, height) = picture["natural"], picture["shown"]
        if not (natural and shown and height):
            found.append("a figure is empty")
        elif shown < SHRUNK * natural:
            found.append(f"a figure is shrunk from {natural} to {shown} pixels")
    return found + [problem for is_so, problem in told if is_so]


def cell_problems(seen: dict, worked: NotebookNode, screen: int) -> list[str]:
    """Return all problems of one cell, each with the cell's id."""
    own = code_problems if worked.cell_type == "code" else text_problems
    found = own(seen, worked) + shown_problems(seen, screen)
    return [f"cell {worked.id}: {problem}" for problem in found]


def page_problems(page: dict, student: NotebookNode, worked: NotebookNode) -> list[str]:
    """Return all problems of a student's page that has been run; `worked` says what
    must be seen of it."""
    if len(page["cells"]) != len(student.cells):
        return [f"{len(page['cells'])} of {len(student.cells)} cells are shown"]
    stored, found = {cell.id: cell for cell in worked.cells}, []
    for seen, cell in zip(page["cells"], student.cells, strict=True):
        found += cell_problems(seen, stored[cell.id], page["screen"])
    found += [f"JupyterLab says: {text[:100]!r}" for text in page["toasts"]]
    return found + [f"JupyterLab asks: {text[:100]!r}" for text in page["dialogs"]]


def alt_problems(nb: NotebookNode) -> list[str]:
    """Return which pictures of a saved lesson have no text for those who cannot see
    them. (JupyterLab 4.6 shows none of these texts; other readers do.)"""
    return [
        f"cell {cell.id}: a figure has no alt text"
        for cell in notebooks.code_cells(nb)
        for said in pictures(cell)
        if not said.strip()
    ]
