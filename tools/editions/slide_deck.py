"""A lesson as a deck: what a class sees of each cell.

The slide types stand in the cells' metadata, where RISE and nbconvert look for them.
"""

import copy
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from tools.course import notebooks
from tools.editions.slide_text import cut, sections

NEW = ("slide", "subslide")  # these begin a slide
UNSEEN = ("skip", "notes")
LINES = 10  # of code above an output; longer code is hidden


def slide_type(cell: NotebookNode) -> str:
    """Return what a cell is in the deck; "-" goes on with the slide before it."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def is_shown(cell: NotebookNode) -> bool:
    """Return whether a class sees the cell."""
    return slide_type(cell) not in UNSEEN


def has_figure(cell: NotebookNode) -> bool:
    """Return whether a picture is stored under the cell."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return any(kind.startswith("image/") for kinds in data for kind in kinds)


def asks(cell: NotebookNode) -> bool:
    """Return whether the cell asks for a prediction."""
    names = [s.name for s in sections(cell.source)]
    return cell.cell_type == "markdown" and "predict" in names


def lines_of(cell: NotebookNode) -> int:
    """Return how many lines of code a cell has, blank ones left out."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def deck(nb: NotebookNode) -> NotebookNode:
    """Return the notebook as it is shown; the one given stays as it is.

    Long texts are cut (the rest becomes speaker notes), and code is hidden where the
    picture or the result is what counts. One click in JupyterLab brings it back.
    """
    nb = copy.deepcopy(nb)
    nb.cells = [part for cell in nb.cells for part in parts(cell)]
    for cell in filter(hides_its_code, notebooks.code_cells(nb)):
        cell.metadata["jupyter"] = {"source_hidden": True}
    return nb


def hides_its_code(cell: NotebookNode) -> bool:
    """Return whether what a code cell gives is shown alone: a figure, the answer to
    a prediction (a fragment), or what long code has found."""
    if not is_shown(cell) or not cell.outputs:
        return False
    answers = slide_type(cell) == "fragment"
    return has_figure(cell) or answers or lines_of(cell) > LINES


def parts(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the cells that stand for a cell: itself, or its text in parts."""
    own = slide_type(cell)
    if cell.cell_type != "markdown" or own == "skip":
        yield cell
        return
    for number, (kind, text) in enumerate(cut(cell.source, own)):
        part = copy.deepcopy(cell)
        part.id = f"{cell.id[:60]}-{number}" if number else cell.id
        part.source, part.metadata["slideshow"] = text, {"slide_type": kind}
        yield part


def counts(nb: NotebookNode) -> Counter:
    """Return how many slides, figures and predictions a deck has."""
    shown = [cell for cell in nb.cells if is_shown(cell)]
    return Counter(
        slides=sum(slide_type(cell) in NEW for cell in shown),
        figures=sum(map(has_figure, shown)),
        predictions=sum(map(asks, shown)),
    )
