"""Who may import whom: the contracts of pyproject.toml, and what they cannot see."""

import ast
import shutil
import subprocess
import sys

import pytest

from helpers.core.files import ROOT
from tools.course import imports, notebooks

TESTS = ROOT / "tests"
LINT = "from importlinter.cli import lint_imports_command as run; run()"
ROOM = "helpers.lessons.lesson"
# A line that breaks a contract, the file that gets it, and the contract's first words.
BREACHES = [
    ("from helpers.page import claims", "helpers/data/measured.py", "helpers: a room"),
    ("from helpers.core import run", "helpers/models/vision/cnn.py", "helpers: a room"),
    ("from helpers.models.vision import cnn", "helpers/core/run.py", "helpers: a room"),
    (
        "from helpers.lessons.lesson01 import figures",
        "helpers/lessons/lesson02/exercises.py",
        "helpers: no lesson",
    ),
    ("def f():\n    import nbgrader", "helpers/page/claims.py", "helpers import"),
    ("from tools.course import files", "helpers/core/errors.py", "helpers import"),
    ("from tools.ledger import grid", "tools/execute/store.py", "tools: a room"),
    ("from tools.publish import tree", "tools/lab/lab.py", "tools: a room"),
    (
        "from helpers.lessons.lesson01 import figures",
        "tools/ledger/grid.py",
        "tools know",
    ),
    ("pass", "helpers/newroom/__init__.py", "helpers: a room"),  # it needs a layer
]


def lint(root):
    """Return what import-linter says of a checkout, on one line."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-logo", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return " ".join(done.stdout.split())


def test_every_contract_is_kept():
    assert " 0 broken" in lint(ROOT)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the code, for breaches."""
    root = tmp_path_factory.mktemp("contracts")
    for room in ("helpers", "tools"):
        shutil.copytree(
            ROOT / room, root / room, ignore=lambda _, names: {"__pycache__"}
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.parametrize(("line", "file", "contract"), BREACHES)
def test_a_breach_is_seen(copy, line, file, contract):
    path = copy / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    said = lint(copy)
    if before is None:
        shutil.rmtree(path.parent)
    else:
        path.write_text(before, encoding="utf-8")
    assert " 1 broken" in said
    assert contract in said[said.index("Broken contracts") :]


def foreign(lesson, sources):
    """Return the rooms of other lessons that the cells of a lesson import."""
    found = set().union(*map(imports.imports, sources))
    rooms = (name for name in found if name.startswith(ROOM))
    return sorted(n for n in rooms if not n.startswith(f"{ROOM}{lesson.stem[:2]}"))


@pytest.mark.parametrize("lesson", notebooks.lessons(), ids=lambda path: path.stem)
def test_a_lesson_imports_no_other_lessons_room(lesson):
    cells = notebooks.code_cells(notebooks.read(lesson))
    assert foreign(lesson, [cell.source for cell in cells]) == []


def test_another_lessons_room_is_seen():
    lesson = notebooks.lessons()[0]
    own = f"from {ROOM}{lesson.stem[:2]} import exercises"
    other = f"def f():\n    from {ROOM}98.figures import draw"
    assert foreign(lesson, [own]) == []
    assert foreign(lesson, [own, other]) == [
        f"{ROOM}98.figures",
        f"{ROOM}98.figures.draw",
    ]


def from_tests(source):
    """Return the names of test modules, and conftest, that a source imports."""
    words = {w for name in imports.imports(source) for w in name.split(".")}
    return {word for word in words if word.startswith("test_") or word == "conftest"}


def test_tests_import_no_tests():
    """What two of them need stands in tests/support/."""
    sources = {p: p.read_text(encoding="utf-8") for p in TESTS.rglob("*.py")}
    assert {p: from_tests(s) for p, s in sources.items() if from_tests(s)} == {}
    assert from_tests("from tools.test_main import x\nimport conftest") == {
        "test_main",
        "conftest",
    }


def test_no_folder_of_tests_is_a_package():
    """With an __init__.py below tests/ and none in it, `import helpers` would find
    tests/helpers."""
    assert list(TESTS.rglob("__init__.py")) == []


def test_packages_are_empty():
    """An import costs what is imported, and nothing else. The two outermost alone hold
    something: a sentence for pages whose imports have moved, and what defers an import
    before any tool asks for it."""
    rooms = (ROOT / "helpers", ROOT / "tools")
    found = [path for room in rooms for path in room.rglob("__init__.py")]
    full = {p for p in found if ast.parse(p.read_text(encoding="utf-8")).body}
    assert full <= {ROOT / "helpers" / "__init__.py", ROOT / "tools" / "__init__.py"}
