"""What is left out of a submission changes no verdict."""

import nbformat
import pytest
from matplotlib import rc_context
from nbformat import v4
from support.tiny_lessons import GRADED

from helpers.page.exercises import ExerciseFailed
from tools.classroom.needed import missed, shortened, sources_to_run
from tools.course import notebooks
from tools.editions.teacher import source_notebook

LESSONS = notebooks.lessons()
# Cells, `|` between them, of which those with a * must run for the check.
PAGES = [
    # A training for a check that does not ask for it, and for one that does.
    "data = load() | fit(data) | * def f(): g() | * def g(): ... | f() | * check(f)",
    "* net = Net() | * fit(net) | * check(net)",
    "* a = load() | * b = a | * b.sort() | * check(a)",
    "* a = [] | * a.append(1) | * check(a)",
    "* a = [1] | * a[0] = 2 | * check(a)",
    "* a = 1 | * a += 1 | * check(a)",
    "* a = load() | * a += check(1)",
    "* a = load() | * for b in a: b.x = 1 | * check(a)",
    "* a = load() | * for a in b: ... | * check(a)",
    "* a = load() | * del a | * check(a)",
    # What is surely bound anew need not be bound before.
    "a = load() | * a = 2 | * check(a)",
    # Of what comes later, only what a function reads when it is called.
    "* a = load() | * check(a) | a = other()",
    "* def f(): a | * a = load() | * check(f)",
    # What a function changes, whoever calls it changes.
    "* a = load() | * def f(): a.pop() | * f() | b = 1 | * check(a)",
    "* a = load() | * f = lambda: a.pop() | * f() | b = 1 | * check(a)",
    "* a = load() | * def f(x): a.pop() | * g = partial(f, 1) | * g() | * check(a)",
    "* net = Net() | * net(1) | * check(net)",
    # A function's own names are not the page's.
    "size = load() | * def f(size): size += 1 | * check(f)",
    "x = load() | * check([x for x in (1, 2)])",
    # Modules, functions and classes change by being set, not by being used.
    "* import a | a.fit(net) | * check(a.zeros(1))",
    "* import a | * a.set_mode(1) | * check(a)",
    "* import a | * a.x = 1 | * check(a)",
    "* class A: ... | * setattr(A, 'f', len) | * check(A)",
    # What is no Python never runs, and so changes nothing.
    "a = load() | * b = load() | * def f(: a | * check(b)",
    # Where the sources do not tell, all runs.
    "* a = load() | * globals()['b'] = 1 | * check(1)",
    "* a = load() | * %timeit g() | * check(1)",
    "* a = load() | * %%time\nf(: | * check(1)",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_cell_runs_where_the_check_rests_on_it(page):
    marked = [cell.strip() for cell in page.split("|")]
    cells = [cell.removeprefix("* ") for cell in marked]
    always = [i for i, cell in enumerate(cells) if "check(" in cell]
    run = sources_to_run(cells, always)
    stars = [cell if cell != m else "" for cell, m in zip(cells, marked, strict=True)]
    assert run == stars


def test_of_a_cell_only_the_definitions_may_be_needed():
    cell = """\
import torch
from a import (
    b,
)

data = load()
LIMIT = 3


@torch.no_grad()
def f(x):
    return b(x, LIMIT)  # as it is written


fit(f, data)"""
    definitions = """\
import torch

from a import (
    b,
)

LIMIT = 3

@torch.no_grad()
def f(x):
    return b(x, LIMIT)  # as it is written"""
    assert sources_to_run([cell, "check(f)"], [1]) == [definitions, "check(f)"]
    asks = cell.replace("(x):", "(x, n=len(data)):")
    assert sources_to_run([asks, "check(f)"], [1]) == [asks, "check(f)"]


@pytest.fixture
def teachers(tmp_path):
    """Return the file of a teacher's version: parameters, a training, an exercise."""
    cells = {
        "SEED = 0": {"tags": ["parameters"]},
        "run, claim = open_lesson(SEED)": {},
        "import torch\n\nnet = train()": {},
        "score = measure()": {},
        "def f(): ...": {"nbgrader": GRADED | {"grade": False, "grade_id": "ex-1-1"}},
        "check(f)": {"nbgrader": GRADED | {"grade_id": "check-1-1"}},
    }
    nb = v4.new_notebook(
        cells=[v4.new_markdown_cell("# Title")]
        + [v4.new_code_cell(text, metadata=about) for text, about in cells.items()]
    )
    nbformat.write(nb, tmp_path / "lesson.ipynb")
    return tmp_path / "lesson.ipynb"


def test_the_page_is_opened_and_what_is_a_students_own_always_runs(teachers):
    nb = notebooks.read(teachers)
    assert shortened(nb, teachers) == {3: "", 4: ""}
    nb.cells.append(v4.new_code_cell("torch.ones(1)"))
    assert shortened(nb, teachers) == {3: "import torch", 4: ""}
    nb.cells[4].source += "  # mine"
    assert shortened(nb, teachers) == {3: "import torch"}


def test_an_answer_may_use_what_the_reference_does_not(teachers):
    nb = notebooks.read(teachers)
    nb.cells[5].source = "def f(): return net"
    assert shortened(nb, teachers) == {4: ""}


def test_without_a_teachers_version_all_runs(teachers):
    assert shortened(notebooks.read(teachers), teachers.with_name("no.ipynb")) == {}


def test_a_name_that_was_left_out_and_looked_for_is_missed(teachers):
    nb = notebooks.read(teachers)
    left_out = shortened(nb, teachers)
    assert missed(nb, left_out) == []
    said = "✗ 1.1  NameError: name\n   'score' is not defined"
    nb.cells[6].outputs = [v4.new_output("stream", text=said)]
    assert missed(nb, left_out) == ["score"]
    assert missed(nb, {3: ""}) == []  # it ran
    assert missed(nb, {}) == []
    nb.cells[6].source += "\nscore"  # whatever binds it before would have run
    assert missed(nb, left_out) == []


def test_an_error_in_what_was_shortened_is_missed(teachers):
    nb = notebooks.read(teachers)
    failed = v4.new_output("error", ename="NameError", evalue="name 'x' is not defined")
    nb.cells[6].outputs = [failed]
    assert missed(nb, {3: "", 4: ""}) == []
    nb.cells[3].outputs = [failed]
    assert missed(nb, {3: "", 4: ""}) == ["NameError"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_reference_passes_in_what_is_left_of_a_lesson(
    path, tmp_path, monkeypatch, capsys
):
    """The cells run here, one after the other, as in a kernel that grades."""
    nb = source_notebook(notebooks.read(path), 48213)
    nbformat.write(nb, tmp_path / path.name)
    left_out = shortened(nb, tmp_path / path.name)
    cells = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code"}
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    page = {"__name__": "__main__"}
    with rc_context():
        for i, cell in cells.items():
            exec(left_out.get(i, cell.source), page)
    said = capsys.readouterr().out
    hidden = sum("hidden=48213)" in cell.source for cell in cells.values())
    assert said.count("✓") == len(notebooks.exercises(nb)) + hidden
    assert len(left_out) > len(cells) / 2
    with pytest.raises(ExerciseFailed):
        page["check"](f"{int(path.stem[:2])}.1", None)
