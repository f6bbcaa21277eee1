"""Code taught once: lessons and helpers/models hold the same definitions."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from nbformat import v4
from support.tiny_lessons import code

from tools.course import files, notebooks

MODELS = sorted((files.ROOT / "helpers" / "models").rglob("[!_]*.py"))
LESSONS = sorted(files.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
stored = cache(notebooks.read)  # read once for all the names; nobody changes them


def definitions(source: str) -> dict[str, str]:
    """Return the public names that a source binds, each with its AST as text.

    Functions, classes and constants; comments and layout leave no trace in an AST.
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name for target in targets for name in bound(target)]
        else:
            continue
        found |= {name: ast.dump(node) for name in names if name[0] != "_"}
    return found


def bound(target: ast.expr) -> list[str]:
    """Return the names that an assignment to `target` binds."""
    nodes = [n for n in ast.walk(target) if isinstance(n, ast.Name)]
    return [node.id for node in nodes if isinstance(node.ctx, ast.Store)]


def module_name(path: Path) -> str:
    """Return the name under which a file of the checkout is imported."""
    return ".".join(path.relative_to(files.ROOT).with_suffix("").parts)


@cache
def library() -> dict[str, dict[str, str]]:
    """Return the definitions of every module in helpers/models."""
    return {
        module_name(path): definitions(path.read_text(encoding="utf-8"))
        for path in MODELS
    }


def taught(nb) -> Counter:
    """Return how often each "module.name" is defined in a cell that teaches it."""
    return Counter(
        f"{cell.metadata['teaches']}.{name}"
        for cell in notebooks.code_cells(nb)
        if "teaches" in cell.metadata
        for name in definitions(cell.source)
    )


@cache
def taught_in_lessons() -> dict[str, Counter]:
    """Return by lesson how often it defines each "module.name" that it teaches."""
    return {path.stem: taught(stored(path)) for path in LESSONS}


def faults(nb, known: dict[str, dict[str, str]]) -> list[str]:
    """Return where a lesson and the library differ."""
    found = []
    public = {name for module in known.values() for name in module}
    for cell in notebooks.code_cells(nb):
        here = definitions(cell.source)
        module = cell.metadata.get("teaches")
        if module is None:
            clash = public & here.keys()
            found += [f"{name} is redefined without 'teaches'" for name in clash]
        elif not here or module not in known:
            found.append(f"a cell teaches {module} but defines nothing of it")
        else:
            there = known[module]
            differ = [name for name in here if there.get(name) != here[name]]
            found += [f"{name} is not as in {module}" for name in differ]
    return found


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_and_library_hold_the_same_definitions(path):
    assert faults(stored(path), library()) == []


@pytest.mark.parametrize(
    "name",
    [f"{module}.{name}" for module, names in library().items() for name in names],
)
def test_every_public_name_is_taught_exactly_once(name):
    where = {lesson: names[name] for lesson, names in taught_in_lessons().items()}
    lessons = {lesson: times for lesson, times in where.items() if times}
    assert sum(lessons.values()) == 1, f"{name} is taught in {lessons or 'no lesson'}"


SOURCE = '''
WIDTH = 3


def double(x):
    """Return twice x."""
    return 2 * x
'''
KNOWN = {"helpers.models.toy": definitions(SOURCE)}


def lesson(source, **metadata):
    """Return a lesson of one code cell."""
    return v4.new_notebook(cells=[code(source, **metadata)])


def test_comments_and_layout_are_free():
    looser = SOURCE.replace("2 * x", "(2\n    * x)  # why not")
    assert faults(lesson(looser, teaches="helpers.models.toy"), KNOWN) == []


@pytest.mark.parametrize(
    ("source", "teaches", "fault"),
    [
        (SOURCE.replace("2 *", "3 *"), "helpers.models.toy", "double is not as in"),
        (SOURCE.replace("twice", "2"), "helpers.models.toy", "double is not as in"),
        (SOURCE.replace("= 3", "= 4"), "helpers.models.toy", "WIDTH is not as in"),
        ("def triple(x):\n    pass", "helpers.models.toy", "triple is not as in"),
        ("1 + 1", "helpers.models.toy", "defines nothing of it"),
        (SOURCE, "helpers.models.gone", "defines nothing of it"),
    ],
)
def test_a_drift_is_seen(source, teaches, fault):
    (found,) = faults(lesson(source, teaches=teaches), KNOWN)
    assert fault in found


@pytest.mark.parametrize("source", ["def double(x):\n    pass", "WIDTH = 3", SOURCE])
def test_a_redefinition_without_the_metadata_is_seen(source):
    assert all("without 'teaches'" in f for f in faults(lesson(source), KNOWN))
    assert faults(lesson(source), KNOWN)


def test_every_definition_of_a_teaching_cell_is_counted():
    nb = lesson(SOURCE, teaches="helpers.models.toy")
    assert taught(nb) == {"helpers.models.toy.WIDTH": 1, "helpers.models.toy.double": 1}
    nb.cells *= 2
    assert set(taught(nb).values()) == {2}


def test_all_kinds_of_definition_are_found():
    source = (
        "class A: pass\na, (b, _c) = 1, (2, 3)\nd: int = 4\ndef _e(): pass\nf.g = 1"
    )
    assert set(definitions(source)) == {"A", "a", "b", "d"}


def test_the_library_is_found():
    assert "helpers.models.vision.cnn" in library()
    assert Path(MODELS[0]).is_file()
