"""Which cells of a submission must run for its exercises to be judged.

No exercise needs a trained network, so most of a lesson can be left out. Which cells is
read from the sources: one runs when an exercise, or a cell that runs, reads a name that
it binds or may change. What a student has written or changed always runs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.classroom.dataflow import (
    Flow,
    Unreadable,
    flow_of,
    is_definition,
    statements_of,
)
from tools.course import notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode

LEFT_OUT = "left out while grading: no exercise needs it"
OPENING = "open_lesson("  # its cell seeds, and follows what is solved
FIXED = {"run", "claim"}  # what it returns: no call changes these
UNKNOWN = re.compile(r"name\s+'(\w+)'\s+is\s+not\s+defined")


def shortened(nb: NotebookNode, teachers: Path) -> dict[int, str]:
    """Return what to run instead of the cells of a submission that may be left out, by
    their place: the definitions in them that others need, or "".

    `teachers`: the file of the teacher's version; without it nothing is left out.
    """
    if not teachers.is_file():
        return {}
    lesson = {cell.source for cell in notebooks.code_cells(notebooks.read(teachers))}
    cells = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code"}
    sources = [cell.source for cell in cells.values()]
    always = [always_runs(cell, lesson) for cell in cells.values()]
    instead = sources_to_run(sources, [i for i, runs in enumerate(always) if runs])
    pairs = zip(cells.items(), instead, strict=True)
    return {i: part for (i, cell), part in pairs if part != cell.source}


def always_runs(cell: NotebookNode, lesson: Collection[str]) -> bool:
    """Return whether a cell is an exercise or its check, opens the page, or is not
    among the sources of the lesson: the student's own."""
    opens = "parameters" in notebooks.tags(cell) or OPENING in cell.source
    return "nbgrader" in cell.metadata or opens or cell.source not in lesson


def missed(nb: NotebookNode, shortened: Mapping[int, str]) -> list[str]:
    """Return the names that an executed notebook has looked for in vain, that its
    sources do not show, and that what was left out would have bound; also the errors of
    what was shortened."""
    bound, read, told, found = set(), set(), "", set()
    for i, cell in enumerate(nb.cells):
        if not shortened or cell.cell_type != "code":
            continue
        flow = flow_of(statements_of(shortened.get(i, cell.source)))
        read |= flow.now | flow.later
        for output in cell.outputs:
            told += output.get("text", "") + output.get("evalue", "")
            if i in shortened and output.output_type == "error":
                found.add(output.ename)
        if i in shortened:
            bound |= flow_of(statements_of(cell.source)).binds
    return sorted(found | bound.intersection(UNKNOWN.findall(told)) - read)


@dataclass(frozen=True, eq=False)
class Part:
    """Either all definitions of a cell or all the rest."""

    cell: int
    defining: bool
    flow: Flow


def sources_to_run(sources: Sequence[str], always: Collection[int]) -> list[str]:
    """Return what to run of each cell: all, only the definitions in it, or "".

    `always`: the places of the cells that run in any case. Where the sources do not
    tell, all must run.
    """
    try:
        parts = list(parts_of(sources))
    except Unreadable:
        return list(sources)
    needed = Page(parts).needed(part for part in parts if part.cell in always)
    run = []
    for i, source in enumerate(sources):
        of_cell = [part for part in parts if part.cell == i]
        some = [part.defining for part in of_cell if part in needed]
        whole = i in always or len(some) == len(of_cell) or False in some
        run.append(source if whole else definitions(source) if some else "")
    return run


def parts_of(sources: Sequence[str]) -> Iterator[Part]:
    """Yield the one or two parts of each cell, in order."""
    for number, source in enumerate(sources):
        statements = statements_of(source)
        for defining in (True, False):
            chosen = [s for s in statements if is_definition(s) == defining]
            if chosen:
                yield Part(number, defining, flow_of(chosen))


def definitions(source: str) -> str:
    """Return the definitions in a cell, as they are written."""
    lines = source.splitlines()
    kept = []
    for each in ast.parse(source).body:
        if is_definition(each):
            above = [d.lineno for d in getattr(each, "decorator_list", [])]
            first = min([each.lineno, *above])
            kept.append("\n".join(lines[first - 1 : each.end_lineno]))
    return "\n\n".join(kept)


class Page:
    """The parts of a page, and which of them rest on which."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        given = (part.flow.binds - part.flow.defines for part in parts)
        self.things = set().union(*given) - FIXED  # what a call may change
        self.shared = self.groups()
        self.changed = [self.changes(part) for part in parts]

    def groups(self) -> dict[str, set[str]]:
        """Return for each name all those with which it may share a thing."""
        found: dict[str, set[str]] = {}
        for part in self.parts:
            for meeting in part.flow.meetings:
                group = meeting & self.things
                group = group.union(*(found.get(name, ()) for name in group))
                found |= dict.fromkeys(group, group)
        return found

    def changes(self, part: Part) -> set[str]:
        """Return the names whose things may be other ones, or changed, once a part has
        run, with whatever functions it can reach."""
        names, before = part.flow.now | part.flow.later, None
        while names != before:
            before = names
            givers = [p for p in self.parts if not names.isdisjoint(p.flow.binds)]
            names = names.union(*(each.flow.now | each.flow.later for each in givers))
        flows = [part.flow, *(each.flow for each in givers if each.defining)]
        passed = set().union(*(flow.passes for flow in flows)) & self.things
        changed = passed.union(*(flow.sets for flow in flows))
        shared = (self.shared.get(name, ()) for name in changed)
        return changed.union(part.flow.binds, *shared)

    def needed(self, roots: Iterable[Part]) -> list[Part]:
        """Return the parts on which `roots` rest, these included."""
        found: list[Part] = []
        todo = list(roots)
        while todo:
            part = todo.pop()
            if part not in found:
                found.append(part)
                todo += self.below(part)
        return found

    def below(self, part: Part) -> Iterator[Part]:
        """Yield the parts that bind or may change a name that this one reads."""
        for each, changed in zip(self.parts, self.changed, strict=True):
            if not changed.isdisjoint(part.flow.later):  # called who knows where
                yield each
        for name in part.flow.now:
            yield from self.before(name, part)

    def before(self, name: str, part: Part) -> Iterator[Part]:
        """Yield what may give a name its thing before a part runs, the last first."""
        for each, changed in zip(self.parts[::-1], self.changed[::-1], strict=True):
            if each.cell > part.cell:
                continue
            if name in changed:
                yield each
            if each.cell < part.cell and name in each.flow.surely:
                return
