"""Find the exercises and their checks in a submission that has lost what nbgrader wrote
into the cells, or has it twice.

A cell is known by nbgrader's id, else by its own, else by what it holds: a check by its
text, an exercise by the names that it defines.
"""

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy

from nbformat import NotebookNode, v4


def restore(nb: NotebookNode, release: NotebookNode) -> int:
    """Give the cells of a submission what nbgrader has written into the released ones,
    and the notebook the release's metadata; return how many cells lacked it.

    Of several cells for one exercise, one is it; the others stay as plain cells.
    """
    wanted = [cell for cell in release.cells if "nbgrader" in cell.metadata]
    given = {cell.source for cell in release.cells if "nbgrader" not in cell.metadata}
    own = [cell for cell in nb.cells if grade_id(cell) or cell.source not in given]
    found = matched(own, wanted)
    restored = 0
    for cell in nb.cells:
        had = cell.metadata.pop("nbgrader", {})
        if own := found.get(cell.id):
            cell.metadata["nbgrader"] = deepcopy(own.metadata["nbgrader"])
            restored += had.get("grade_id") != grade_id(own)
    kept_above(nb, found)
    rename(nb, found)
    nb.metadata = deepcopy(release.metadata)
    return restored


def matched(
    cells: Sequence[NotebookNode], wanted: Sequence[NotebookNode]
) -> dict[str, NotebookNode]:
    """Return {id of a submission's cell: the released cell that it is}."""
    found: dict[str, NotebookNode] = {}
    for fits in (same_grade, same_cell, same_content):
        for own in wanted:
            if own in found.values():
                continue
            free = [cell for cell in cells if cell.id not in found]
            likely = [cell for cell in free if fits(cell, own)]
            likely.sort(key=lambda cell: cell.id == own.id)  # the last counts
            if likely:
                found[likely[-1].id] = own
    return found


def same_grade(cell: NotebookNode, own: NotebookNode) -> bool:
    """Return whether nbgrader's id of a cell is that of a released one."""
    return grade_id(cell) == grade_id(own)


def same_cell(cell: NotebookNode, own: NotebookNode) -> bool:
    """Return whether a cell has the id of a released one."""
    return cell.id == own.id


def same_content(cell: NotebookNode, own: NotebookNode) -> bool:
    """Return whether a cell holds the same check, or defines what an exercise asks for
    and holds no check."""
    if cell.cell_type != "code":
        return False
    if is_check(own):
        return cell.source.strip() == own.source.strip()
    names = set(defined(own.source))
    return bool(names) and names <= set(defined(cell.source))


def is_check(own: NotebookNode) -> bool:
    """Return whether a released cell is locked: nbgrader writes its text anew."""
    return bool(own.metadata["nbgrader"].get("locked"))


def grade_id(cell: NotebookNode) -> str:
    """Return nbgrader's id of a cell, "" without one."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def defined(source: str) -> Iterator[str]:
    """Yield the names that a cell's own statements define; none where it is no
    Python."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for each in statements:
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            yield each.name
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = getattr(each, "targets", None) or [each.target]
            named = (node for target in targets for node in ast.walk(target))
            yield from (node.id for node in named if isinstance(node, ast.Name))


def kept_above(nb: NotebookNode, found: dict[str, NotebookNode]) -> None:
    """Put what a student has written into a check cell into one above: nbgrader writes
    the check's own text over it."""
    cells = []
    for cell in nb.cells:
        own = found.get(cell.id)
        if own and is_check(own):
            rest = cell.source.replace(own.source.strip(), "", 1).strip()
            if rest:
                cells.append(v4.new_code_cell(rest))
        cells.append(cell)
    nb.cells = cells


def rename(nb: NotebookNode, found: dict[str, NotebookNode]) -> None:
    """Give the cells that are known the ids of the released ones."""
    named = {own.id for own in found.values()}
    for cell in nb.cells:
        if own := found.get(cell.id):
            cell.id = own.id
        elif cell.id in named:
            cell.id = v4.new_code_cell().id
