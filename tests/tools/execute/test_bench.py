"""`python -m tools bench`: where the seconds of a lesson went."""

from argparse import Namespace

import pytest
from support.tiny_lessons import code

from tools.execute import bench
from tools.execute.schedule import Job, Result


@pytest.fixture
def results(tmp_path, write_lesson):
    """Return what became of two lessons that were never executed."""

    def result(name, seconds, **cells):
        costs = [code(s, papermill={"duration": d}) for s, d in cells.items()]
        for number, cell in enumerate(costs, start=1):
            cell.execution_count = number
        path = write_lesson(tmp_path, name, costs)
        return Result(Job(path, path), "", seconds, 512.4, 7.6)

    first = result("01_a", 10.0, **{"import a": 2.0, "b": 5.0})
    return [first, result("02_b", 20.0, c=1.0, d=15.0, e=None)]


def test_the_parts_of_a_lesson_and_their_sums(results):
    assert bench.lesson_table(results).splitlines() == [
        "lesson  seconds  start-up  imports  compute  CPU s  peak MB",
        "------  -------  --------  -------  -------  -----  -------",
        "01_a       10.0       3.0      2.0      5.0      8      512",
        "02_b       20.0       4.0      0.0     16.0      8      512",
        "all        30.0       7.0      2.0     21.0",
    ]


def test_the_slowest_cells_come_first(results, monkeypatch):
    monkeypatch.setattr(bench, "SLOWEST", 3)
    assert bench.slowest_table(results).splitlines() == [
        "lesson  cell  seconds  of lesson  first line",
        "------  ----  -------  ---------  ----------",
        "02_b     [2]     15.0        75%  d",
        "01_a     [2]      5.0        50%  b",
        "01_a     [1]      2.0        20%  import a",
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\n# a comment\n\nx = 1\ny = 2", "x = 1"),
        ("# only a comment", ""),
        ("x = " + "1 + " * 100, "x = " + "1 + " * 13 + "1 …"),
    ],
)
def test_a_cell_is_named_by_its_first_line_of_code(source, line):
    assert bench.first_line(source) == line


def test_lessons_are_executed_and_one_that_breaks_is_marked(
    a_course, write_lesson, capsys
):
    folder, start = a_course() / "notebooks", code("SEED = 0", "parameters")
    sleep = "import time\ntime.sleep(0.2)\ndel SEED"
    write_lesson(folder, "01_holds", [start, code(sleep)])
    write_lesson(folder, "02_breaks", [start, code("import os\nos._exit(1)")])
    asked = {"seed": 1, "budget": None, "device": None, "set": []}
    assert bench.main(Namespace(lessons=[], jobs=2, **asked)) == 1
    holds, breaks = capsys.readouterr().out.splitlines()[2:4]
    seconds, start_up, imports, compute = map(float, holds.split()[1:5])
    assert imports >= 0.2  # it slept that long
    assert compute == 0
    assert start_up + imports == pytest.approx(seconds, abs=0.2)
    assert breaks.startswith("02_breaks FAILED")
