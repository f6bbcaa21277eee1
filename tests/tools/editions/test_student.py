"""The student edition: no solution is left, nothing of a learner's is lost."""

import ast

import nbformat
import pytest
from nbformat import v4
from support.tiny_lessons import code, tiny_cells

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.editions.student import SOLUTION as MARKERS
from tools.editions.student import (
    deliver,
    moved_imports,
    replace_regions,
    student_edition,
    student_notebook,
    write_edition,
)

SOLVED = """\
def f(x):
    y = 1
    ### BEGIN SOLUTION
    if x:
        y = 2
    ### END SOLUTION
    return y"""


def test_every_solution_becomes_a_stub_at_its_own_indentation():
    stub = "def f(x):\n    y = 1\n    ...\n    return y"
    twice = replace_regions(f"{SOLVED}\n{SOLVED}", MARKERS, "...")
    assert twice == f"{stub}\n{stub}"
    assert replace_regions(SOLVED, MARKERS, None) == stub.replace("    ...\n", "")


@pytest.mark.parametrize(
    "source",
    [
        SOLVED.replace("### END SOLUTION", ""),
        SOLVED.replace("### BEGIN SOLUTION", ""),
        SOLVED.replace("### END SOLUTION", "### BEGIN SOLUTION"),
        SOLVED.replace("y = 1", "### BEGIN SOLUTION"),
    ],
)
def test_unbalanced_markers_are_refused(source):
    with pytest.raises(UserError, match="has no partner"):
        replace_regions(source, MARKERS, "...")


def test_the_lesson_at_fault_is_named(tmp_path, write_lesson):
    cells = [code("### BEGIN SOLUTION\nx = 1")]
    path = write_lesson(tmp_path, "01_faulty", cells)
    with pytest.raises(UserError, match=r"01_faulty.ipynb: .*has no partner"):
        student_edition(path)


@pytest.fixture
def worked():
    """A worked lesson with everything that a student must not get."""
    hidden = "x = 1\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"
    cells = tiny_cells(
        code("raise_when_wrong()", "worked-only"),
        code(hidden),
        code("class Taught: pass", teaches="helpers.models.vision.cnn"),
    )
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs = [v4.new_output("stream", text="42")]
            cell.execution_count = 3
            cell.metadata["execution"] = {"iopub.execute_input": "now"}
    metadata = {"widgets": {"state": {}}}
    return v4.new_notebook(cells=cells, metadata=metadata)


def test_a_student_gets_no_solution_no_output_no_hidden_test(worked):
    before = nbformat.writes(worked)
    student = student_notebook(worked)
    text = nbformat.writes(student)
    for secret in ("return 42", "SOLUTION", "HIDDEN", "assert x", "raise_when_wrong"):
        assert secret not in text
    cells = notebooks.code_cells(student)
    assert all(not c.outputs and c.execution_count is None for c in cells)
    assert all("execution" not in cell.metadata for cell in cells)
    assert "widgets" not in student.metadata
    # What teaches and what grades stays, and the worked edition as it is.
    assert student.cells[-1].metadata.teaches == "helpers.models.vision.cnn"
    assert len(notebooks.exercises(student)) == 1
    assert nbformat.writes(worked) == before


@pytest.mark.parametrize("content", ["", "not a notebook", "[]", "{}"])
def test_a_file_of_any_other_content_is_left_alone(tmp_path, worked, content):
    path = tmp_path / "01_tiny.ipynb"
    path.write_text(content, encoding="utf-8")
    assert "was left as it is" in deliver(student_notebook(worked), path)
    assert path.read_text(encoding="utf-8") == content


# What the lessons began with before the helpers had rooms, and other imports.
OLD = "from helpers import claims, data\nfrom helpers.training import accuracy, fit"


@pytest.mark.parametrize(
    ("sources", "gone"),
    [
        ([OLD], "helpers.claims"),
        (["half a thought", "import helpers.plotting as p"], "helpers.plotting"),
        (["from helpers.training import accuracy"], "helpers.training.accuracy"),
        (["from helpers.training.fit import fit", "from helpers import data"], None),
        (["from helpers.exercises import check"], "helpers.exercises"),
        (["import helpers.core.errors, torch", "%time helpers = 1"], None),
    ],
)
def test_a_copy_whose_imports_have_moved_is_told_so(tmp_path, worked, sources, gone):
    path = tmp_path / "03_x.ipynb"
    nbformat.write(v4.new_notebook(cells=[code(source) for source in sources]), path)
    nb = student_notebook(worked)
    said = deliver(nb, path)
    start = "03_x.ipynb was left as it is; "
    end = f"the newer edition is 03_x.new-{nb.metadata.pixels.content[:8]}.ipynb"
    why = f"it imports {gone}, which has moved, so it no longer runs: " if gone else ""
    assert said == start + why + end


def test_two_upgrades_leave_every_file_untouched(tmp_path, write_lesson):
    source, study = tmp_path / "notebooks", tmp_path / "a b" / "study"
    names = ("01_tiny", "02_small", "03_short")
    upgrade(write_lesson, source, names, "first")
    said = write_edition(study, source)
    assert said == [f"{name}.ipynb is new" for name in names]
    solve(study / "01_tiny.ipynb")
    (study / "02_small.ipynb").write_text("half a note", encoding="utf-8")
    (study / "notes").mkdir()
    (study / "notes" / "01_tiny.ipynb").write_text("mine", encoding="utf-8")
    before = everything(study)

    upgrade(write_lesson, source, names, "second")
    assert len(write_edition(study, source)) == 3
    (newer,) = study.glob("01_tiny.new-*.ipynb")
    solve(newer)  # the learner goes on in the newer lesson
    after = everything(study)
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 3
    assert write_edition(study, source) == []  # the same edition once more
    assert everything(study) == after

    upgrade(write_lesson, source, names, "third")
    write_edition(study, source)
    last = everything(study)
    assert {path: last[path] for path in after} == after
    assert len(last) == len(after) + 3
    (study / "01_tiny.ipynb").unlink()
    assert write_edition(study, source) == ["01_tiny.ipynb is new"]


def upgrade(write_lesson, source, names, edition):
    """Write the lessons of an edition of the course."""
    for name in names:
        write_lesson(source, name, tiny_cells(code(f"# {name}, {edition}")))


def solve(path):
    """Answer the exercise of a lesson and save it, with an output."""
    nb = nbformat.read(path, as_version=4)
    nb.cells[3].source = "def answer():\n    return 42"
    nb.cells[4].outputs = [v4.new_output("stream", text="✓ 1.1  correct")]
    nbformat.write(nb, path)


def everything(folder):
    """Return {path: (bytes, time of change)} of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_every_lesson_has_a_student_edition(path):
    assert moved_imports(path) == []
    student = student_edition(path)
    for cell in notebooks.code_cells(student):
        ast.parse(cell.source)
        assert "SOLUTION" not in cell.source
    ids = [cell.id for cell in student.cells]
    assert len(ids) == len(set(ids))
