"""`python -m tools bench`: where the seconds of a lesson went."""

from argparse import Namespace

import pytest
from support.tiny_lessons import code

from helpers.core.errors import UserError
from tools.execute import bench, bench_saved
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
    asked |= {"save": False, "saved": None, "real": False}
    assert bench.main(Namespace(lessons=[], jobs=2, **asked)) == 1
    holds, breaks = capsys.readouterr().out.splitlines()[2:4]
    seconds, start_up, imports, compute = map(float, holds.split()[1:5])
    assert imports >= 0.2  # it slept that long
    assert compute == 0
    assert start_up + imports == pytest.approx(seconds, abs=0.2)
    assert breaks.startswith("02_breaks FAILED")


def test_what_is_saved_is_compared_by_lesson_and_by_cell(results, tmp_path, a_course):
    a_course("02_b", "01_a")
    file = tmp_path / "new folder" / "bench.json"
    saved = bench_saved.measured(results, bench.first_line)
    bench_saved.write(file, {"00_gone": saved["01_a"]}, saved)
    before = bench_saved.read(file)
    assert before == {"00_gone": saved["01_a"], **saved}
    now = bench_saved.measured(results, bench.first_line)
    now["01_a"] |= {"seconds": 15.0, "cpu_seconds": None, "megabytes": 256.2}
    now["01_a"]["cells"] = {"cell-0": [2.01, "import a"], "cell-9": [4.0, "z"]}
    now["02_b"]["parameters"] = {"SEED": 1}
    del before["02_b"]["cells"]["cell-0"]
    now["03_new"] = now["02_b"]
    shown = [
        " ".join(line.split())
        for line in bench_saved.compared(before, now).splitlines()
    ]
    assert "01_a s 10.0 15.0 1.50" in shown
    assert "01_a CPU s 7.6 - -" in shown
    assert "01_a MB 512.4 256.2 0.50" in shown
    start = shown.index("lesson cell saved now ratio first line")
    assert shown[start + 2 :][:3] == [
        "01_a cell-1 5.0 - - b",  # it is gone
        "01_a cell-9 - 4.0 - z",
        "02_b cell-0 - 1.0 - c",
    ]
    assert not any("import a" in line for line in shown)  # a hundredth: noise
    told = [line for line in shown if line.endswith(("is new", "is gone"))]
    assert told == ["03_new is new", "00_gone is gone"]
    assert "02_b was saved with other parameters: {}" in shown


def test_a_lesson_that_was_not_measured_or_broke_keeps_what_was_saved(
    results, tmp_path
):
    first, second = results
    file = tmp_path / "bench.json"
    kept = bench_saved.measured(results, bench.first_line)
    broken = Result(second.job, "cell [1]: it broke", 1.0, 1.0, 1.0)
    now = bench_saved.measured([first, broken], bench.first_line)
    assert now.keys() == {"01_a"}
    bench_saved.write(file, kept, now)
    assert bench_saved.read(file) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"form": "other", "lessons": {}}',
        '{"form": "pixels bench 1", "lessons": {"01_a": {"seconds": 1}}}',
        '{"form": "pixels bench 1", "lessons": {"01_a": {"seconds": "1", '
        '"cpu_seconds": 1, "megabytes": 1, "parameters": {}, "cells": {}}}}',
    ],
)
def test_another_file_is_told_in_one_sentence_before_anything_runs(text, tmp_path):
    file = tmp_path / "bench.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="is not what `bench --save` writes"):
        bench.main(Namespace(saved=str(file), real=False))


def test_nothing_saved_is_nothing_to_compare(tmp_path):
    assert bench_saved.read(tmp_path / "none.json") == {}
