"""Where pretrained weights are absent, each costs a lesson one line and nothing else.

Here the cells that open weights, and those that use what was opened, run alone, in
every lesson. The whole page without them: `pixels habits --only weightless`.
"""

import ast
import builtins
from unittest.mock import MagicMock

import huggingface_hub.constants
import pytest

from helpers.checkpoints import efficientnet, minilm
from tools.course import notebooks

FINDERS = "helpers.checkpoints"  # its functions open_… return None without weights


def opened(source):
    """Return the names that a cell gives to what it opens, by ":=" as well."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "")[:5] == "open_":
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
    using = [source for source in sources if names & names_in(source)]
    return [*imports(sources), *using] if names else []


LESSONS = {path.stem: cells_of(path) for path in notebooks.lessons()}
OPENING = {name: cells for name, cells in LESSONS.items() if cells}


class Anything(dict):
    """The names of a page: what the chosen cells did not make stands for anything."""

    def __missing__(self, name):
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return MagicMock(name=name)


class Finders(ast.NodeTransformer):
    """Leaves of all imports only those of finders: the rest stands for anything."""

    def visit_Import(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_ImportFrom(self, node):
        return node if node.module.startswith(FINDERS) else self.visit_Import(node)


def run(sources):
    """Execute cells one after another."""
    page = Anything(__name__="__main__")
    for source in sources:
        exec(compile(Finders().visit(ast.parse(source)), "<cell>", "exec"), page)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without any weights."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(minilm, "package_folder", lambda: None)
    monkeypatch.setattr(efficientnet, "package_file", lambda: None)
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path))


def test_every_lesson_that_opens_weights_is_among_them():
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in notebooks.lessons()
    }
    finders = ("open_minilm()", "open_efficientnet()")
    for finder in finders:
        names = {name for name, text in texts.items() if finder in text}
        assert names and names <= set(OPENING)


@pytest.mark.parametrize("name", OPENING)
def test_each_costs_one_line_and_no_cell(name, nowhere, capfd):
    cells = OPENING[name]
    run(cells)
    said, errors = capfd.readouterr()
    lines = [line for line in said.splitlines() if "left out" in line]
    assert len(lines) == sum(source.count("= open_") for source in cells)
    assert all("pixels weights" in line for line in lines) and errors == ""


@pytest.mark.parametrize(
    "cell",
    ["net = open_minilm()\nnet.tokens('a')", "net = open_minilm()\nlen(net)"],
)
def test_a_cell_that_needs_them_all_the_same_is_seen(cell, nowhere):
    assert opened(cell) == {"net"}
    with pytest.raises((AttributeError, TypeError)):
        run(["from helpers.checkpoints.minilm import open_minilm", cell])
