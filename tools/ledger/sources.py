"""Where a claim stands in its lesson, and which works are cited there."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
NAME = r"[A-ZÀ-Þ][\w'’-]+"
# "Luo et al. 2016", "He and Sun (2015)", "Elman, 1990".
WORK = re.compile(rf"({NAME}(?: et al\.| and {NAME})?),? \(?((?:19|20)\d\d)\b")


@dataclass
class Section:
    """A heading, the text below it, and how many code cells."""

    title: str
    text: str = ""
    cells: int = 0

    def source(self) -> str:
        """Return the step and the works it cites: "Step 8, citing Luo et al. 2016"."""
        step = re.split(r"[.:,] ", self.title)[0]
        works = dict.fromkeys(" ".join(work) for work in WORK.findall(self.text))
        return f"{step}, citing {'; '.join(works)}" if works else step


def sources(nb: NotebookNode) -> list[str]:
    """Return for each code cell of a lesson what its claims rest on."""
    found = [Section("")]
    for cell in nb.cells:
        if cell.cell_type == "code":
            found[-1].cells += 1
        else:
            before, *rest = HEADING.split(cell.source)
            found[-1].text += before
            found += map(Section, rest[::2], rest[1::2])
    return [section.source() for section in found for _ in range(section.cells)]
