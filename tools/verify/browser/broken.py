"""A lesson in which everything is broken: can `make e2e` see it?

It is opened before the real lessons. Each problem must be found, and no other one.
"""

from nbformat import NotebookNode, v4

from helpers.page.exercises import Wrong
from tools.verify.browser.plans import Plan

NAME = "broken.ipynb"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# What is typed is wrong, but has another misconception than this.
PLAN = Plan("0.2", Wrong(abs, "A misconception.", typed="return 1 / 0"))
DISPLAY = "from IPython.display import HTML, Image, display\n"
TABLE = 'row = "<td>a-wide-cell-of-a-table</td>" * 30'
PICTURE = """from io import BytesIO
from PIL import Image as Picture

file = BytesIO()
Picture.new("L", (40, 40)).save(file, "png")
display(Image(file.getvalue()))"""
RAW = '<p class="tex2jax_ignore mathjax_ignore">left alone: $x + 1$</p>'
CHECK = "from helpers.page.exercises import check\n\ncheck("


def code(id: str, source: str, *tags: str, **metadata) -> NotebookNode:
    """Return a code cell that the browser is asked to run."""
    return v4.new_code_cell(source, id=id, metadata=metadata | {"tags": list(tags)})


def graded(grade_id: str) -> dict:
    """Return the metadata by which an exercise's cells are found."""
    return {"grade_id": grade_id, "grade": grade_id.startswith("check")}


def cells() -> list[NotebookNode]:
    """Return the cells, each with one thing wrong."""
    stub = "def surprise(logits_k, label):\n    ..."
    solution = stub.replace(
        "...", "### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION"
    )
    exercise = code("answer", solution, nbgrader=graded("ex-0-2"))
    check = code("check", f'{CHECK}"0.2", surprise)', nbgrader=graded("check-0-2"))
    idle = "from ipywidgets import IntSlider, VBox\n\n"
    idle += 'print("still")\ndisplay(VBox([IntSlider(description="idle")]))'
    return [
        code("parameters", "BUDGET = 1.0", "parameters"),
        code("error", "1 / 0", "raises-exception"),
        code("stderr", 'import sys\n\nprint("oh", file=sys.stderr)'),
        code("wide", f'{DISPLAY}{TABLE}\ndisplay(HTML(f"<table>{{row}}</table>"))'),
        code("small", f"{DISPLAY}display(HTML('<p style=\"font-size: 6px\">a</p>'))"),
        code("long", 'print("line\\n" * 90)'),
        code("box", 'print("line\\n" * 40)', scrolled=True),
        code("no-figure", "None"),
        code("no-alt", DISPLAY + PICTURE),
        v4.new_markdown_cell(r"broken: $\frac{1}$", id="formula"),
        v4.new_markdown_cell(RAW, id="raw"),
        code("explorer", DISPLAY + idle),
        exercise,
        check,
    ]


def worked() -> NotebookNode:
    """Return the broken lesson's worked edition, which stores a figure too many."""
    nb = v4.new_notebook(cells=cells(), metadata={"kernelspec": KERNEL})
    figure = v4.new_output("display_data", {"image/png": "AAAA"})
    next(cell for cell in nb.cells if cell.id == "no-figure").outputs = [figure]
    return nb


# Where each problem must be seen, by how its sentence begins after the cell's id.
PROBLEMS = {
    "error": ("error output: ZeroDivisionError",),
    "stderr": ("stderr: oh",),
    "wide": ("sticks out of the page by",),
    "small": ("letters of 6 pixels",),
    "long": ("its output is ",),
    "box": ("its output scrolls inside a box",),
    "no-figure": ("0 of 1 figures",),
    "no-alt": ("a figure has no alt text",),
    "formula": ("a broken formula",),
    "raw": ("0 of 1 formulas", "a formula is shown raw"),
    "explorer": ("the control 'idle' changes nothing",),
}
EXERCISE = (
    "exercise 0.2: the wrong answer gets no misconception",
    "exercise 0.2: the right answer does not say ✓",
    "exercise 0.2: the file does not hold the verdict ✓",
)


def unseen(problems: list[str]) -> list[str]:
    """Return in what the problems that were found differ from those that are there."""
    starts = [*EXERCISE]
    for id, texts in PROBLEMS.items():
        starts += [f"cell {id}: {text}" for text in texts]
    missing = [s for s in starts if not any(p.startswith(s) for p in problems)]
    extra = [p for p in problems if not p.startswith(tuple(starts))]
    found = [f"a broken lesson is not noticed: {start}" for start in missing]
    return found + [f"seen, but not there: {problem}" for problem in extra]
