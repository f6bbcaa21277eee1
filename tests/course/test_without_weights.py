"""Where pretrained weights are absent, each costs a lesson one line and nothing else.

Here the cells that open weights, and those that use what was opened, run alone, in
every lesson. The whole page without them: `pixels habits --only weightless`.
"""

import ast
import builtins
import sys
from importlib import metadata
from pathlib import Path
from unittest.mock import MagicMock

import huggingface_hub.constants
import pytest

from tools.course import notebooks
from tools.machine.weights.hidden import hide
from tools.machine.weights.table import ALL, place

FINDERS = "helpers.checkpoints."  # without weights these modules' open_… print a line
# What these return has another form then, None, which every cell must bear. The others
# give a model of the same form in its place, and `pixels habits` runs the page with it.
NOTHING_THERE = {"open_minilm", "open_efficientnet"}
OPENERS = NOTHING_THERE | {"open_smollm"}


def opened(source, by=frozenset(NOTHING_THERE)):
    """Return the names that a cell gives to what it opens, by ":=" as well."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in by:
            found += [t.id for t in targets if isinstance(t, ast.Name)]
    return set(found)


def names_in(source):
    """Return every name that a cell reads or writes."""
    return {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}


def imports(sources):
    """Return the import lines by which a lesson gets its finders."""
    nodes = [n for s in sources for n in ast.walk(ast.parse(s))]
    found = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module]
    return [ast.unparse(n) for n in found if n.module.startswith(FINDERS)]


def cells_of(path):
    """Return the sources of a lesson's cells that open weights or use them, behind the
    imports of their finders; [] for a lesson that opens none."""
    nb = notebooks.read(path)
    sources = [cell.source for cell in notebooks.code_cells(nb)]
    names = set().union(*map(opened, sources))
    using = [s for s in sources if opened(s, OPENERS) or names & names_in(s)]
    return [*imports(sources), *using] if using else []


LESSONS = {path.stem: cells_of(path) for path in notebooks.lessons()}
OPENING = {name: cells for name, cells in LESSONS.items() if cells}


class Anything(dict):
    """The names of a page: what the chosen cells did not make stands for anything."""

    def __missing__(self, name):
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return MagicMock(name=name)


class Finders(ast.NodeTransformer):
    """Leaves of all imports only those of finders, and none of the page's functions:
    the rest stands for anything."""

    def visit_Import(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_ImportFrom(self, node):
        return node if node.module.startswith(FINDERS) else self.visit_Import(node)

    def visit_FunctionDef(self, node):
        return self.visit_Import(node)


def run(sources):
    """Execute cells one after another."""
    one_draw = MagicMock(device="cpu", **{"seeds.return_value": [0]})
    page = Anything(__name__="__main__", run=one_draw)
    page["open_lesson"] = lambda *args: (one_draw, MagicMock(name="claim"))
    for source in sources:
        exec(compile(Finders().visit(ast.parse(source)), "<cell>", "exec"), page)


@pytest.fixture
def nowhere(monkeypatch):
    """A machine without any weights: what `hide` changes is put back afterwards."""
    visible = metadata.Distribution.from_name
    monkeypatch.setattr(metadata.Distribution, "from_name", visible)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", "")
    monkeypatch.setenv("PIXELS_DATA", "")
    for path in (path for weights in ALL for path, _ in weights.files):
        monkeypatch.setitem(sys.modules, Path(path).parts[0], None)
    hide()
    assert not any(map(place, ALL))


def test_every_lesson_that_opens_weights_is_among_them():
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in notebooks.lessons()
    }
    opening = {n for n in texts for call in OPENERS if f"{call}()" in texts[n]}
    assert set(OPENING) == opening and OPENING


@pytest.mark.parametrize("name", OPENING)
def test_each_costs_one_line_and_no_cell(name, nowhere, capfd):
    cells = OPENING[name]
    run(cells)
    said, errors = capfd.readouterr()
    lines = [line for line in said.splitlines() if "left out" in line]
    assert len(lines) == sum(s.count(f"= {call}(") for s in cells for call in OPENERS)
    assert all("pixels weights" in line for line in lines) and errors == ""


@pytest.mark.parametrize(
    "cell",
    ["net = open_minilm()\nnet.tokens('a')", "net = open_minilm()\nlen(net)"],
)
def test_a_cell_that_needs_them_all_the_same_is_seen(cell, nowhere):
    assert opened(cell) == {"net"}
    with pytest.raises((AttributeError, TypeError)):
        run(["from helpers.checkpoints.minilm import open_minilm", cell])
