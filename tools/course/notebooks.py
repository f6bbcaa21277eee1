"""The course on disk: its folders, its lessons, and what stands in a notebook."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.core import signs
from helpers.core.errors import UserError
from helpers.core.files import text_digest
from tools.course import files
from tools.course.options import spelled_out, unknown

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMULA = re.compile(
    r"\$\$.+?\$\$|(?<!\\)\$[^$\n]+(?<!\\)\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL
)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def title(nb: NotebookNode) -> str:
    """Return the heading a notebook opens with, "" where there is none."""
    first = nb.cells[0].source.partition("\n")[0] if nb.cells else ""
    return first.removeprefix("# ") if first.startswith("# ") else ""


def lessons(folder: Path | None = None) -> list[Path]:
    """Return the lessons in order. Raises UserError when there is none."""
    folder = folder or files.NOTEBOOKS
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise UserError(f"No lesson found: {folder} holds no file like 01_name.ipynb.")
    return found


def choose(names: Iterable[str], folder: Path | None = None) -> list[Path]:
    """Return the lessons called `names` ("1", "01", "01_cnn…"), all when empty; a name
    may stand for several: "1,3" or "00-02".

    Raises UserError for a name that no lesson has, or that stands for none.
    """
    known = lessons(folder)
    chosen = set()
    for name in names:
        words = [name] if name.endswith(".ipynb") else spelled_out(name)
        chosen.update(path for word in words for path in named(word, known))
    return [path for path in known if path in chosen] or known


def named(name: str, known: Sequence[Path]) -> list[Path]:
    """Return the lessons of one name or number. Raises UserError where none has it."""
    stem = Path(name).stem
    number = f"{int(stem):02d}" if stem.isdecimal() else None
    found = [path for path in known if path.stem == stem or path.stem[:2] == number]
    if not found:
        raise unknown("lesson", name, [path.stem for path in known])
    return found


def read(path: Path) -> NotebookNode:
    """Return the notebook in `path`. Raises UserError when it is not one."""
    import nbformat  # takes seconds: a --help does without

    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as a notebook: {reason}") from error


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def parameters(nb: NotebookNode) -> dict[str, object]:
    """Return name and default of everything in the cell tagged `parameters`.

    Raises ValueError where the cell holds anything but `NAME = literal`.
    """
    found = {}
    for cell in code_cells(nb):
        if "parameters" in tags(cell):
            for statement in ast.parse(cell.source).body:
                if not isinstance(statement, ast.Assign):
                    raise ValueError(f"not NAME = literal: {ast.unparse(statement)}")
                (target,) = statement.targets
                found[ast.unparse(target)] = ast.literal_eval(statement.value)
    return found


def claims(nb: NotebookNode) -> list[dict]:
    """Return the records of all claims that the executed notebook shows, with the
    number of their `cell` among the lesson's own code cells."""
    from helpers.page.claims import MIME  # brings torch, which a --help does not need

    own = [cell for cell in code_cells(nb) if "injected-parameters" not in tags(cell)]
    return [
        output.data[MIME] | {"cell": number}
        for number, cell in enumerate(own)
        for output in cell.outputs
        if MIME in output.get("data", {})
    ]


def optional(nb: NotebookNode) -> set[str]:
    """Return the ids of the cells in optional steps: from a heading of the second
    level such as "## Step 9 (optional). Title" to the next of its level."""
    found, inside = set(), False
    for cell in nb.cells:
        heading = HEADING.search(cell.source)
        if cell.cell_type == "markdown" and heading:
            inside = "(optional)" in heading[1]
        if inside:
            found.add(cell.id)
    return found


def exercises(nb: NotebookNode) -> list[NotebookNode]:
    """Return the cells that check an exercise (nbgrader's graded cells)."""
    cells = code_cells(nb)
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


def stream(cell: NotebookNode, name: str = "stdout") -> str:
    """Return what a cell has printed to "stdout" or "stderr"."""
    return "".join(o.text for o in cell.outputs if o.get("name") == name)


def verdicts(cell: NotebookNode) -> list[str]:
    """Return the signs ✓ ○ ✗ with which the checks of a cell have answered."""
    return [sign for sign, _ in signs.verdicts(stream(cell))]


def code_fingerprint(nb: NotebookNode) -> str:
    """Return a hash of the code that the stored outputs belong to."""
    return text_digest(json.dumps([cell.source for cell in code_cells(nb)]))


def formulas(text: str) -> list[str]:
    """Return the formulas of a text with what marks them, such as "$x$"; not those
    in code."""
    return FORMULA.findall(CODE.sub("", text))
