"""`python -m tools run`: what it executes, refuses, reports and leaves alone."""

import os
from argparse import Namespace

import pytest
from support.tiny_lessons import claim_source, code, tiny_cells

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.execute import lessons, schedule, worker
from tools.execute.schedule import Job
from tools.execute.warm import Servers

FAILING = {
    "02_raises": "raise ValueError('line one\\nthe last line')",
    "03_dies": "import os\nos._exit(1)",
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory, write_lesson):
    """Execute four lessons once: one that holds, two that fail, one with open ends."""
    folder = tmp_path_factory.mktemp("with space") / "lessons"
    paths = [write_lesson(folder, "01_holds", tiny_cells(code("print(SEED)")))]
    for name, source in FAILING.items():
        paths.append(write_lesson(folder, name, tiny_cells(code(source))))
    open_ends = [claim_source("1.2", False, None), 'print("✗ 1.1")']
    cells = tiny_cells(*map(code, open_ends))
    cells[4].source = 'print("✗ 1.1  wrong")'
    paths.append(write_lesson(folder, "04_open", cells))
    before = [path.read_bytes() for path in paths]
    jobs = [Job(path, folder / "out" / path.name, {"SEED": 7}) for path in paths]
    with Servers(("ipykernel.kernelapp", "papermill")) as servers:
        results = schedule.run_jobs(jobs, servers=servers)
    assert [path.read_bytes() for path in paths] == before  # sources stay untouched
    return dict(zip([path.stem for path in paths], results, strict=True))


def test_a_lesson_that_holds_is_reported_without_problems(executed):
    report = lessons.report(executed["01_holds"], all_judged=True)
    assert notebooks.stream(report.result.notebook().cells[-1]) == "7\n"  # the SEED
    assert report.problems == []
    assert report.row()[3:] == ("1/1", "✓ 1/1", "passed")
    if os.name == "posix":  # Windows does not say
        assert report.result.megabytes > 10
        assert report.result.cpu_seconds > 0
    assert report.result.seconds > 0


def test_a_kernel_that_dies_is_a_failure(executed):
    assert executed["03_dies"].error.startswith("after 5 cells: DeadKernelError")


@pytest.mark.parametrize(
    ("parameters", "all_judged"),
    [
        ({}, True),
        ({"SEED": 1, "BUDGET": 1.0}, True),
        ({"BUDGET": 0.1}, False),
        ({"BUDGET": 1.0, "DATA": "fashion"}, False),
    ],
)
def test_only_the_page_as_printed_must_judge_every_claim(
    executed, monkeypatch, capsys, parameters, all_judged
):
    results = [executed["02_raises"], executed["04_open"]]
    monkeypatch.setattr(lessons, "run_jobs", lambda *_: results)
    monkeypatch.setattr(lessons, "fitting", lambda path, wanted: wanted)
    paths = [result.job.source for result in results]
    broken, left = lessons.run_lessons(paths, paths[0].parent / "out", parameters)
    assert broken.problems == ["cell [6]: the last line"]
    assert left.problems == [
        *(["claim 1.2 was not judged"] if all_judged else []),
        "0 of 1 exercises answered ✓",
    ]
    assert left.row()[3:] == ("1/1 (1 not judged)", "✓ 0/1", "FAILED")
    printed = capsys.readouterr().out
    assert "lesson     seconds  peak MB  claims held" in printed
    assert "02_raises: cell [6]: the last line  (see " in printed


@pytest.mark.parametrize(("cells", "calls"), [(0, 2), (1, 1)])
def test_a_kernel_that_never_came_up_is_tried_once_more(monkeypatch, cells, calls):
    called = []

    def fails(job, on_cell_start, on_cell_executed):
        called.append(job)
        for _ in range(cells):
            on_cell_start(cell={})
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(worker, "run", fails)
    assert worker.execute({}, None).startswith("after 0 cells: RuntimeError: Kernel")
    assert len(called) == calls


@pytest.fixture
def lesson(tmp_path, write_lesson, monkeypatch):
    """A lesson; executing anything is an error."""
    monkeypatch.setattr(lessons, "run_jobs", None)
    return write_lesson(tmp_path / "notebooks", "01_tiny", tiny_cells())


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"BUDGET": 0.0}, "BUDGET is 0.0"),
        ({"BUDGET": "nan"}, "BUDGET is 'nan'; it needs a value of type float"),
        ({"DEVICE": "abacus"}, "DEVICE is 'abacus'"),
        ({"SEED": -1}, "SEED is -1"),
        ({"SEED": "1.5"}, "SEED is '1.5'; it needs a value of type int"),
        ({"COLOUR": "red"}, "01_tiny has no parameter COLOUR; it has SEED, BUDGET,"),
    ],
)
def test_bad_parameters_are_refused_before_anything_runs(lesson, parameters, sentence):
    with pytest.raises(UserError, match=sentence):
        lessons.run_lessons([lesson], lesson.parent / "out", parameters)


def test_the_lessons_own_folder_is_refused_as_output(lesson):
    with pytest.raises(UserError, match="holds the lessons themselves"):
        lessons.run_lessons([lesson], lesson.parent / ".." / "notebooks", {})


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [("2", 1.0, 2.0), ("3", 0, 3), ("12", "docs", "12"), ("True", False, True)],
)
def test_values_take_the_type_of_the_lessons_own(value, default, expected):
    found = lessons.typed("NAME", value, default)
    assert found == expected
    assert type(found) is type(expected)


def test_command_line_options_become_parameters():
    arguments = Namespace(set=["IMAGES=a=b"], seed=0, budget=2.0, device=None)
    found = lessons.asked(arguments)
    assert found == {"IMAGES": "a=b", "SEED": 0, "BUDGET": 2.0}
    arguments.set = ["IMAGES"]
    with pytest.raises(UserError, match="needs the form NAME=VALUE"):
        lessons.asked(arguments)


@pytest.mark.parametrize("name", ["1", "01", "01_tiny", "notebooks/01_tiny.ipynb"])
def test_a_lesson_is_found_by_number_and_name(lesson, name):
    assert notebooks.choose([name], lesson.parent) == [lesson]


def test_a_lesson_that_is_not_there_or_is_none_is_one_sentence(lesson, tmp_path):
    with pytest.raises(UserError, match="no lesson '07'; there are 01_tiny"):
        notebooks.choose(["01", "07"], lesson.parent)
    with pytest.raises(UserError, match="No lesson found"):
        notebooks.choose([], tmp_path)
    lesson.write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read as a notebook"):
        notebooks.read(lesson)
