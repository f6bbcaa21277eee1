"""`python -m tools bench`: where the seconds of a lesson went."""

from argparse import Namespace
from pathlib import Path

import pytest
from nbformat import v4
from support.tiny_lessons import code

from tools.course import files, notebooks
from tools.execute import bench
from tools.execute.bench import CellCost, LessonCost
from tools.execute.schedule import Job, Result, run_jobs

SLEEP = "import os\ntime.sleep(0.2)"


@pytest.fixture(scope="module")
def executed(tmp_path_factory, write_lesson):
    """Execute a lesson that holds and one that breaks."""
    folder = tmp_path_factory.mktemp("bench")
    start = [v4.new_markdown_cell("# A"), code("SEED = 0", "parameters")]
    cells = [*start, code("# why\nimport time"), code(SLEEP)]
    holds = write_lesson(folder, "01_holds", cells)
    breaks = write_lesson(folder, "02_breaks", [*start, code("1 / 0"), code("2")])
    jobs = [Job(path, folder / "out" / path.name) for path in (holds, breaks)]
    return [bench.lesson_cost(result) for result in run_jobs(jobs)]


def test_the_parts_make_the_whole(executed):
    cost = executed[0]
    assert [cell.line for cell in cost.cells] == [
        "SEED = 0",
        "import time",
        "import os",
    ]
    assert cost.imports == cost.cells[0].seconds + cost.cells[1].seconds
    assert cost.compute == pytest.approx(cost.cells[2].seconds)
    assert cost.compute >= 0.2  # it slept that long
    parts = cost.start_up + cost.imports + cost.compute
    assert parts == pytest.approx(cost.result.seconds)


def test_a_lesson_that_breaks_is_marked_and_costs_what_ran(executed):
    assert executed[1].row()[0] == "02_breaks FAILED"
    assert executed[1].cells[-1].seconds == 0


def cost(name, seconds, *cells, imports=0.0, error=""):
    """Return the cost of a lesson that was never executed."""
    job = Job(Path(f"{name}.ipynb"), Path(f"out/{name}.ipynb"))
    result = Result(job, error, seconds, 512.4, 7.6)
    found = [CellCost(name, i + 1, s, f"step_{i}()") for i, s in enumerate(cells)]
    return LessonCost(result, imports, tuple(found))


COSTS = [cost("01_a", 10.0, 2.0, 5.0, imports=2.0), cost("02_b", 20.0, 1.0, 15.0)]


def test_the_table_adds_up_what_can_be_added():
    assert bench.lesson_table(COSTS).splitlines() == [
        "lesson  seconds  start-up  imports  compute  CPU s  peak MB",
        "------  -------  --------  -------  -------  -----  -------",
        "01_a       10.0       3.0      2.0      5.0      8      512",
        "02_b       20.0       4.0      0.0     16.0      8      512",
        "all        30.0       7.0      2.0     21.0",
    ]


def test_the_slowest_cells_come_first():
    assert bench.slowest_table(COSTS, count=3).splitlines() == [
        "lesson  cell  seconds  of lesson  first line",
        "------  ----  -------  ---------  ----------",
        "02_b     [2]     15.0        75%  step_1()",
        "01_a     [2]      5.0        50%  step_1()",
        "01_a     [1]      2.0        20%  step_0()",
    ]


def test_where_nothing_is_known_of_the_kernel_a_dash_stands():
    job = Job(Path("01_a.ipynb"), Path("out/01_a.ipynb"))
    row = LessonCost(Result(job, "the process ended early", 0.0, None), 0.0, ()).row()
    assert row == ("01_a FAILED", "0.0", "0.0", "0.0", "0.0", "-", "-")
    assert "0%" in bench.slowest_table([cost("01_a", 0.0, 0.0)])


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\n# a comment\n\nx = 1\ny = 2", "x = 1"),
        ("# only a comment", ""),
        ("x = " + "1" * 100, "x = " + "1" * 55 + "…"),
    ],
)
def test_a_cell_is_named_by_its_first_line_of_code(source, line):
    assert bench.first_line(source) == line


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os", True),
        ("from os import path\npath", True),
        ("def f():\n    import os", False),
        ("%matplotlib inline\nimport os", False),
    ],
)
def test_an_import_is_seen_at_the_top_level(source, expected):
    assert bench.imports_something(v4.new_code_cell(source)) is expected


def test_the_command_prints_both_tables(tmp_path, write_lesson, monkeypatch, capsys):
    write_lesson(tmp_path, "01_a", [code("SEED = 0", "parameters"), code("SEED + 41")])
    monkeypatch.setattr(files, "BUILD", tmp_path / "build")
    monkeypatch.setattr(notebooks.choose, "__defaults__", (tmp_path,))
    asked = {"seed": 1, "budget": None, "device": None, "set": []}
    assert bench.main(Namespace(lessons=["01"], jobs=1, **asked)) == 0
    printed = capsys.readouterr().out
    assert "lesson  seconds  start-up  imports  compute" in printed
    assert "SEED + 41" in printed
