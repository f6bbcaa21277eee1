"""A lesson in which everything is broken: can `make e2e` see it?

It is opened before the real lessons. Each problem must be found, and no other one.
"""

from nbformat import NotebookNode, v4

from helpers.page.exercises import Wrong

NAME = "broken"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# What is typed is wrong, but has another misconception than this.
PLAN = ("0.2", Wrong(abs, "A misconception.", typed="return 1 / 0"))
DISPLAY = "from IPython.display import HTML, Image, display\n"
TABLE = 'row = "<td>a-wide-cell-of-a-table</td>" * 30'
PICTURE = """from io import BytesIO
from PIL import Image as Picture

file = BytesIO()
Picture.new("L", (40, 40)).save(file, "png")
display(Image(file.getvalue()))"""
RAW = '<p class="tex2jax_ignore mathjax_ignore">left alone: $x + 1$</p>'
IDLE = """from ipywidgets import IntSlider, VBox

print("still")
display(VBox([IntSlider(description="idle")]))"""
SOLUTION = """def surprise(logits_k, label):
    ### BEGIN SOLUTION
    return 2
    ### END SOLUTION"""
FIGURE = v4.new_output("display_data", {"image/png": "AAAA"})  # stored, never shown
CHECK = 'from helpers.page.exercises import check\n\ncheck("0.2", surprise)'


def code(id: str, source: str, *tags: str, **metadata) -> NotebookNode:
    """Return a code cell that the browser is asked to run."""
    return v4.new_code_cell(source, id=id, metadata=metadata | {"tags": list(tags)})


# The cells, each with how the sentences on what is wrong with it must begin.
CELLS = (
    (code("parameters", "BUDGET = 1.0", "parameters"),),
    (code("error", "1 / 0", "raises-exception"), "error output: ZeroDivisionError"),
    (code("stderr", 'import sys\n\nprint("oh", file=sys.stderr)'), "stderr: oh"),
    (
        code("wide", f'{DISPLAY}{TABLE}\ndisplay(HTML(f"<table>{{row}}</table>"))'),
        "sticks out of the page by",
    ),
    (
        code("small", f"{DISPLAY}display(HTML('<p style=\"font-size: 6px\">a</p>'))"),
        "letters of 6 pixels",
    ),
    (code("long", 'print("line\\n" * 90)'), "its output is "),
    (
        code("box", 'print("line\\n" * 40)', scrolled=True),
        "its output scrolls inside a box",
    ),
    (v4.new_code_cell("None", id="no-figure", outputs=[FIGURE]), "0 of 1 figures"),
    (code("no-alt", DISPLAY + PICTURE), "a figure has no alt text"),
    (v4.new_markdown_cell(r"broken: $\frac{1}$", id="formula"), "a broken formula"),
    (
        v4.new_markdown_cell(RAW, id="raw"),
        *("0 of 1 formulas", "a formula is shown raw"),
    ),
    (code("explorer", DISPLAY + IDLE), "the control 'idle' changes nothing"),
    (code("answer", SOLUTION, nbgrader={"grade_id": "ex-0-2"}),),
    (code("check", CHECK, nbgrader={"grade_id": "check-0-2"}),),
)
PROBLEMS = [f"cell {cell.id}: {text}" for cell, *texts in CELLS for text in texts] + [
    "exercise 0.2: the wrong answer gets no misconception",
    "exercise 0.2: the answer is not ✓",
    "exercise 0.2: the file does not hold the verdict ✓",
]
WORKED = v4.new_notebook(
    cells=[cell for cell, *_ in CELLS], metadata={"kernelspec": KERNEL}
)


def unseen(problems: list[str]) -> list[str]:
    """Return in what the problems that were found differ from those that are there."""
    missing = [p for p in PROBLEMS if not any(q.startswith(p) for q in problems)]
    extra = [p for p in problems if not p.startswith(tuple(PROBLEMS))]
    found = [f"a broken lesson is not noticed: {start}" for start in missing]
    return found + [f"seen, but not there: {problem}" for problem in extra]
