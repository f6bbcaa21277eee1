"""The grid of the ledger: what a run depends on, what is kept, what is run again."""

import pytest
from support import ledger_lessons
from support.tiny_lessons import code

from helpers.core.errors import UserError
from tools.course import files
from tools.ledger import grid

FIXED = {"BUDGET": 1.0}


@pytest.fixture
def lesson(tmp_path, write_lesson):
    """Return a lesson that can be changed."""
    cells = ledger_lessons.cells()
    return write_lesson(tmp_path / "with space", "01_tiny", cells)


def task(lesson, seed=0, **fixed):
    """Return the one task of a lesson at a seed."""
    folder = files.make_folder(lesson.parent / "out")
    (only,) = grid.tasks([lesson], [seed], FIXED | fixed, folder)
    return only


@pytest.fixture(scope="module")
def executed(tmp_path_factory, write_lesson):
    """Execute two lessons once: one with a failing claim, one that breaks."""
    folder = tmp_path_factory.mktemp("grid")
    paths = [
        write_lesson(folder, "01_fails", ledger_lessons.cells("last = SEED")),
        write_lesson(folder, "02_breaks", ledger_lessons.cells("1 / 0")),
    ]
    todo = grid.tasks(paths, [1], FIXED, folder / "out")
    return {task.source.stem: (task, grid.execute(task)) for task in todo}


def test_the_grid_goes_seed_by_seed_through_the_lessons(lesson):
    found = grid.tasks([lesson, lesson], [3, 5], FIXED, lesson.parent)
    names = ["01_tiny, SEED 3"] * 2 + ["01_tiny, SEED 5"] * 2
    assert [task.name for task in found] == names
    assert found[0].parameters == {"SEED": 3, "BUDGET": 1.0}
    with pytest.raises(UserError, match="SEED is -1"):
        task(lesson, seed=-1)


def test_a_failing_claim_is_recorded_and_the_lesson_goes_on(executed):
    task, run = executed["01_fails"]
    assert run["error"] == ""
    assert run["key"] == task.key
    assert run["title"] == "01 · A tiny lesson"
    assert run["parameters"] == {"SEED": 1, "BUDGET": 1.0}
    held = {claim["id"]: claim["held"] for claim in run["claims"]}
    assert held == {"1.1": False, "1.2": True}
    assert run["seconds"] > 0


def test_a_lesson_that_breaks_names_its_cell(executed):
    _, run = executed["02_breaks"]
    assert run["error"].endswith("ZeroDivisionError: division by zero")
    assert run["claims"] == []


def test_a_kept_run_comes_back_unless_its_file_is_damaged(executed):
    task, run = executed["01_fails"]
    assert grid.kept(task) is None
    grid.keep(task, run)
    assert grid.kept(task) == run
    text = task.file(".json").read_text(encoding="utf-8")
    task.file(".json").write_text(text[: len(text) // 2], encoding="utf-8")
    assert grid.kept(task) is None


def test_other_code_seed_or_budget_is_another_run_other_prose_is_not(lesson):
    first = task(lesson)
    ledger_lessons.edit(lesson, "# 01 · A tiny lesson", "# 01 · Another title")
    assert task(lesson).key == first.key
    others = [task(lesson, seed=1), task(lesson, BUDGET=0.5)]
    ledger_lessons.edit(lesson, "a | b < c_d", "another text")
    assert len({one.key for one in (first, *others, task(lesson))}) == 4
    # What has changed since the start is not taken for the task's.
    with pytest.raises(UserError, match="differ from those the ledger was started"):
        grid.execute(first)
    assert not first.file(".ipynb").exists()


CELL = "from helpers.a import f\nfrom helpers.page.exercises import check"


@pytest.fixture
def checkout(tmp_path, write_lesson):
    """A small checkout: a lesson that imports a, which imports b, which reads data."""
    sources = {
        "helpers/a.py": "def f():\n    from helpers import b\n    return b.FOLDER",
        "helpers/b.py": 'FOLDER = ROOT / "data" / "read"',
        "helpers/c.py": "import helpers.a",
        "helpers/lessons/lesson01/exercises.py": "from helpers import d",
        "helpers/d.py": "",
        "helpers/page/exercises.py": "",
        "helpers/lessons/lesson02/exercises.py": "",
        "data/read/table.json": "{}",
        "data/other/table.json": "{}",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
    lesson = write_lesson(tmp_path, "01_tiny", [code(CELL)])
    return tmp_path, lesson


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("helpers/a.py", True),
        ("helpers/b.py", True),  # imported by what is imported, in a function
        ("helpers/lessons/lesson01/exercises.py", False),  # judges answers, no claims
        ("helpers/d.py", False),  # which imports it
        ("helpers/page/exercises.py", False),
        ("data/read/table.json", True),
        ("data/read/more.json", True),  # a new file
        ("helpers/c.py", False),  # imports what the lesson imports, not the reverse
        ("helpers/lessons/lesson02/exercises.py", False),
        ("data/other/table.json", False),
    ],
)
def test_a_run_rests_on_what_its_lesson_imports_and_reads(checkout, file, counts):
    root, lesson = checkout
    before = grid.fingerprint(lesson, root)
    old = (root / file).read_text(encoding="utf-8") if (root / file).exists() else ""
    (root / file).write_text(f"{old}\nx = 1\n", encoding="utf-8")
    assert (grid.fingerprint(lesson, root) != before) == counts


def test_a_comment_or_a_docstring_makes_no_other_run(checkout):
    root, lesson = checkout
    before = grid.fingerprint(lesson, root)
    text = (root / "helpers/a.py").read_text(encoding="utf-8")
    told = text.replace("():\n", '():  # why\n    """Return it,\n\n    whole."""\n\n')
    (root / "helpers/a.py").write_text(f'"""A."""\n\n{told}', encoding="utf-8")
    assert grid.fingerprint(lesson, root) == before


def test_paths_inside_the_checkout_are_found_on_another_machine(tmp_path):
    assert grid.portable(files.NOTEBOOKS / "01_a.ipynb") == "notebooks/01_a.ipynb"
    assert grid.portable(tmp_path) == str(tmp_path.resolve())
