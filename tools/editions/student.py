"""The student edition: the lessons without solutions and outputs, never edited."""

import argparse
import copy
import json
import re
from contextlib import suppress
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.core.errors import UserError
from helpers.core.files import ROOT, text_digest
from tools.course import files, notebooks
from tools.course.files import put
from tools.course.imports import imports

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN_TESTS = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


def replace_regions(source: str, markers: tuple[str, str], stub: str | None) -> str:
    """Return `source` with each marked region replaced by `stub`, or removed.

    The stub takes the indentation of the opening marker. Raises UserError for a
    marker without its partner.
    """
    begin, end = markers
    # Whole lines, from the last opening marker that comes before a closing one.
    region = rf"(\n?[ \t]*)[^\n]*{begin}(?:(?!{begin}).)*?{end}[^\n]*"
    instead = "" if stub is None else rf"\g<1>{stub}"
    found = re.sub(region, instead, source, flags=re.DOTALL)
    for marker in markers:
        if marker in found:
            raise UserError(f"{marker!r} has no partner: {source[:60]!r}.")
    return found


def student_notebook(nb: NotebookNode) -> NotebookNode:
    """Return the student edition of a worked notebook, which stays as it is.

    Raises UserError for unbalanced solution or hidden-test markers.
    """
    nb = not_yet_run(nb)
    for cell in notebooks.code_cells(nb):
        cell.source = replace_regions(cell.source, SOLUTION, "...")
        cell.source = replace_regions(cell.source, HIDDEN_TESTS, None)
    nb.metadata["pixels"] = {"edition": "student", "content": fingerprint(nb)}
    nbformat.validate(nb)
    return nb


def not_yet_run(nb: NotebookNode) -> NotebookNode:
    """Return a copy of a worked notebook without what only the worked one has: its
    outputs and the cells tagged so."""
    nb = copy.deepcopy(nb)
    nb.cells = [cell for cell in nb.cells if "worked-only" not in notebooks.tags(cell)]
    for cell in notebooks.code_cells(nb):
        cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
    nb.metadata.pop("widgets", None)
    return nb


def fingerprint(nb: NotebookNode) -> str:
    """Return a hash of what a student sees: the sources and metadata of the cells."""
    cells = [[c.cell_type, c.id, c.source, c.metadata] for c in nb.cells]
    return text_digest(json.dumps(cells, sort_keys=True))


def content_of(path: Path) -> str:
    """Return the fingerprint kept in a student's file, "" where there is none."""
    try:
        nb = json.loads(path.read_text(encoding="utf-8"))
        return nb["metadata"]["pixels"]["content"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def deliver(nb: NotebookNode, path: Path) -> str:
    """Put a student notebook at `path`, or beside it when a file is there.

    Returns a sentence on what was done, "" when the student has this edition.
    """
    content = nb.metadata.pixels.content
    beside = path.with_name(f"{path.stem}.new-{content[:8]}.ipynb")
    if content_of(path) == content or (path.exists() and beside.exists()):
        return ""
    if put(path, nbformat.writes(nb) + "\n", ours=False, beside=beside) == path:
        return f"{path.name} is new"
    said = f"{path.name} was left as it is; "
    if moved := moved_imports(path):
        said += f"it imports {moved[0]}, which has moved, so it no longer runs: "
    return f"{said}the newer edition is {beside.name}"


def moved_imports(path: Path) -> list[str]:
    """Return what a learner's notebook imports from the helpers and is not there,
    such as "helpers.claims"; [] for a file that is no notebook."""
    found: set[str] = set()
    with suppress(UserError):
        for cell in notebooks.code_cells(notebooks.read(path)):
            with suppress(SyntaxError):  # half a thought, or a magic
                found |= imports(cell.source)
    return sorted(n for n in found if n.startswith("helpers.") and not is_there(n))


def is_there(name: str) -> bool:
    """Return whether a dotted name is a folder, a module, or may stand in a module."""
    path = ROOT.joinpath(*name.split("."))
    modules = (path.with_suffix(".py"), path.parent.with_suffix(".py"))
    return path.is_dir() or any(module.is_file() for module in modules)


def write_edition(folder: Path, source: Path | None = None) -> list[str]:
    """Deliver every lesson into `folder`; return the sentences on what was done.

    Raises UserError when the folder cannot be written or a lesson is faulty.
    """
    editions = [(path, student_edition(path)) for path in notebooks.lessons(source)]
    with files.writing(folder):
        said = [deliver(nb, folder / path.name) for path, nb in editions]
    return [sentence for sentence in said if sentence]


def student_edition(path: Path) -> NotebookNode:
    """Return the student edition of the lesson in `path`."""
    try:
        return student_notebook(notebooks.read(path))
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from error


def main(arguments: argparse.Namespace) -> int:
    """Write the student edition into study/; return 0."""
    said = write_edition(files.STUDY)
    print("\n".join(said) or f"{files.STUDY} is up to date")
    return 0
