"""Where a claim stands in its lesson, and which works are cited there."""

import re

from nbformat import NotebookNode

CODE = "\0"  # stands for a code cell, whose own text cites nothing
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
NAME = r"[A-ZÀ-Þ][\w'’-]+"
# "Luo et al. 2016", "He and Sun (2015)", "Elman, 1990".
WORK = re.compile(rf"({NAME}(?: et al\.| and {NAME})?),? \(?((?:19|20)\d\d)\b")


def sources(nb: NotebookNode) -> list[str]:
    """Return for each code cell of a lesson what its claims rest on."""
    cells = [CODE if c.cell_type == "code" else c.source for c in nb.cells]
    before, *rest = HEADING.split("\n\n".join(cells))
    sections = [("", before), *zip(rest[::2], rest[1::2], strict=True)]
    return [
        source(title, text) for title, text in sections for _ in range(text.count(CODE))
    ]


def source(title: str, text: str) -> str:
    """Return the step of a section and the works that it cites, such as "Step 8, citing
    Luo et al. 2016"."""
    step = re.split(r"[.:,] ", title)[0]
    works = dict.fromkeys(" ".join(work) for work in WORK.findall(text))
    return f"{step}, citing {'; '.join(works)}" if works else step
