"""`python -m tools claims`: what it merges, writes, resumes and reports."""

import json
import shutil
from argparse import Namespace
from concurrent.futures import Executor, Future

import pytest
from support import ledger_lessons
from support.ledger_lessons import RECORDS, claim

from tools.ledger import command


def run(seed, claims, lesson="01_tiny", error=""):
    """Return the record of a run."""
    return {
        "lesson": lesson,
        "title": "01 · A tiny lesson",
        "parameters": {"SEED": seed, "BUDGET": 1.0},
        "seconds": 2.5,
        "error": error,
        "claims": claims,
    }


def test_a_claim_gets_its_values_on_every_seed_and_the_smallest_margin():
    first, second = command.ledger([run(0, RECORDS[0]), run(1, RECORDS[1])], {})
    assert (first["id"], second["id"]) == ("1.1", "1.2")
    assert (first["lesson"], first["bound"], first["unit"]) == ("01_tiny", "≥ 4", "px")
    assert first["source"] == "Luo 2016"
    assert first["margin"] == -0.25
    runs = [(r["held"], r["values"], r["margin"]) for r in first["runs"]]
    assert runs == [(True, [8.0], 1.0), (False, [3.0], -0.25)]


HOLDS = [claim("1.1", 8, at_least=4)]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (HOLDS, [claim("1.1", 3, at_least=4)], ["does not hold at SEED 7"]),
        (HOLDS, [], ["missing at SEED 7"]),
        ([], HOLDS, ["missing at SEED 0"]),
        (HOLDS, [claim("1.1", 9, at_least=5)], ["has another text or bound at SEED 7"]),
        (HOLDS, [HOLDS[0] | {"unit": "m"}], ["has another text or bound at SEED 7"]),
        (HOLDS, [HOLDS[0] | {"judged": False, "held": None}], []),
    ],
)
def test_a_claim_that_fails_lacks_or_differs_is_a_problem(first, second, told):
    (entry,) = command.ledger([run(0, first), run(7, second)], {})
    assert entry["problems"] == told


@pytest.mark.parametrize(
    ("named", "told"),
    [("", "Step 2, citing Luo et al. 2016"), ("Cho 2014", "Cho 2014")],
)
def test_a_claim_without_a_source_has_that_of_its_cell(named, told):
    record = claim("1.1", 8, at_least=4) | {"source": named, "cell": 1}
    places = {"01_tiny": ["Step 1", "Step 2, citing Luo et al. 2016"]}
    (entry,) = command.ledger([run(0, [record])], places)
    assert entry["source"] == told


@pytest.fixture
def checkout(a_course, write_lesson, monkeypatch):
    """A course of two lessons, one of which has a claim that fails at SEED 1."""
    root = a_course()
    write_lesson(root / "notebooks", "01_fails", ledger_lessons.cells())
    good = [[claim("2.1", 5, at_least=4)]]
    write_lesson(root / "notebooks", "02_holds", ledger_lessons.cells(records=good))
    monkeypatch.setattr(command, "COMMITTED", root / "CLAIMS.md")
    monkeypatch.setattr(command, "FURTHER", root / "further")
    return root


def claims(*lessons, seeds=(0, 1, 2, 3, 4), budget=None, carry=False):
    """Call the command; return its exit code."""
    values = {"seeds": list(seeds), "budget": budget, "device": None, "carry": carry}
    more = {"lessons": lessons, "jobs": 2, "scheduler": None}
    return command.main(Namespace(**values, **more))


def pretend(monkeypatch):
    """Execute nothing; return the list of the tasks that would have been executed."""
    executed = []

    def execute(task):
        executed.append(task.name)
        seed = task.parameters["SEED"]
        text = task.source.read_text(encoding="utf-8")
        record = claim("1.1", seed - ("broken" in text), at_least=0)
        run_of_task = run(seed, [record], task.source.stem)
        of_task = {"parameters": task.parameters, "rests_on": task.rests_on}
        return run_of_task | of_task

    monkeypatch.setattr(command, "execute", execute)
    return executed


def test_the_command_measures_writes_and_reports(checkout, capsys):
    assert claims("01", seeds=[0, 1]) == 1
    printed = capsys.readouterr()
    assert "1.1 does not hold at SEED 1\n2 claims\n" in printed.out
    assert "01_fails, SEED 0: 2 claims, none failed (" in printed.err
    assert "01_fails, SEED 1: 2 claims, failed: 1.1 (" in printed.err
    found = json.loads((checkout / "build" / "claims.json").read_text(encoding="utf-8"))
    assert found["seeds"] == [0, 1]
    assert found["parameters"] == {"BUDGET": 1.0}
    assert [entry["margin"] for entry in found["claims"]] == [-0.25, 0.5]
    assert all(run["seconds"] > 0 for run in found["runs"])
    page = (checkout / "build" / "CLAIMS.md").read_text(encoding="utf-8")
    assert "[01 · A tiny lesson](../notebooks/01_fails.ipynb)" in page
    assert not (checkout / "CLAIMS.md").exists()  # not the grid that is committed


def test_only_what_is_new_is_executed(checkout, monkeypatch):
    executed = pretend(monkeypatch)
    assert claims(seeds=[0, 1]) == 0
    assert len(executed) == 4
    first = (checkout / "build" / "claims.json").read_bytes()
    assert claims(seeds=[0, 1]) == 0
    assert (checkout / "build" / "claims.json").read_bytes() == first
    claims("02", seeds=[0, 1, 2])
    claims("02", seeds=[0], budget=0.5)
    assert executed[4:] == ["02_holds, SEED 2", "02_holds, SEED 0"]
    ledger_lessons.edit(checkout / "notebooks" / "02_holds.ipynb", "a | b", "broken")
    assert claims(seeds=[0]) == 1
    assert executed[6:] == ["02_holds, SEED 0"]


class OneTask(Executor):
    """An executor that does its first task, and never begins another."""

    def __init__(self):
        self.futures = []

    def submit(self, do, task):
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.futures[0].set_result(do(task))
        return self.futures[-1]


def test_after_an_interruption_the_same_command_goes_on(checkout, monkeypatch):
    executed, one_task = pretend(monkeypatch), OneTask()

    def interrupted(waiting):
        yield next(iter(waiting))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(command, "pool", lambda scheduler, at_once: one_task)
        patch.setattr(command, "as_completed", interrupted)
        claims("02", seeds=[0, 1])
    assert [future.cancelled() for future in one_task.futures] == [False, True]
    assert not (checkout / "build" / "claims.json").exists()
    assert claims("02", seeds=[0, 1]) == 0
    assert executed == ["02_holds, SEED 0", "02_holds, SEED 1"]


def test_a_run_that_broke_is_named_and_run_again(checkout, monkeypatch, capsys):
    executed = pretend(monkeypatch)
    execute = command.execute

    def breaks(task):
        if task.lesson.endswith("01_fails.ipynb"):
            raise RuntimeError("the worker was lost:\nno answer")
        return execute(task) | {"error": "oh no"}

    monkeypatch.setattr(command, "execute", breaks)
    assert claims() == 1
    printed = capsys.readouterr().out
    assert "01_fails, SEED 4: no answer\n02_holds, SEED 4: oh no\n" in printed
    page = (checkout / "build" / "CLAIMS.md").read_text(encoding="utf-8")
    assert "- 02\\_holds, SEED 4: oh no" in page
    assert not (checkout / "CLAIMS.md").exists()
    monkeypatch.setattr(command, "execute", execute)
    assert claims() == 0
    assert len(executed) == 5 + 10


@pytest.mark.parametrize(
    ("arguments", "options", "committed"),
    [
        ([], {}, True),
        (["01", "02"], {"budget": 1.0}, True),
        (["01"], {}, False),
        ([], {"seeds": (0, 1, 2)}, False),
        ([], {"seeds": range(15)}, True),
        ([], {"seeds": (*range(5), 99)}, False),
        ([], {"budget": 0.5}, False),
    ],
)
def test_only_the_whole_course_as_printed_becomes_the_committed_page(
    checkout, monkeypatch, arguments, options, committed
):
    pretend(monkeypatch)
    claims(*arguments, **options)
    page = checkout / "CLAIMS.md"
    assert page.exists() is committed
    link = "[01 · A tiny lesson](notebooks/01_fails.ipynb)"
    assert not committed or link in page.read_text(encoding="utf-8")
    assert (checkout / "further" / "02_holds.json").exists() is committed


def test_further_seeds_that_were_measured_before_stand_on_the_committed_page(
    checkout, monkeypatch
):
    executed = pretend(monkeypatch)
    claims("02", seeds=[6, 7])
    claims()
    assert len(executed) == 2 + 10
    page = (checkout / "CLAIMS.md").read_text(encoding="utf-8")
    assert "| 4 | 6 to 7 (2) |" in page
    assert "| 4 | – |" in page  # lesson 01
    shutil.rmtree(checkout / "build")  # a fresh clone, on another day
    lesson = checkout / "notebooks" / "02_holds.ipynb"
    ledger_lessons.edit(lesson, "a | b", "another")  # leaves all values as they were
    claims()
    page = (checkout / "CLAIMS.md").read_text(encoding="utf-8")
    assert "| 4 | 6 to 7 (2) |" in page
    ledger_lessons.edit(lesson, "another", "broken")
    claims()
    page = (checkout / "CLAIMS.md").read_text(encoding="utf-8")
    assert "further" not in page.split("| id |")[1]


def test_what_was_kept_of_the_same_code_is_not_measured_again_when_that_is_asked(
    checkout, monkeypatch
):
    executed = pretend(monkeypatch)
    claims("01", seeds=[6])
    claims()
    page = (checkout / "CLAIMS.md").read_text(encoding="utf-8")
    kept = (checkout / "further" / "01_fails.json").read_bytes()
    shutil.rmtree(checkout / "build")  # another machine
    lesson = checkout / "notebooks" / "02_holds.ipynb"
    ledger_lessons.edit(lesson, "a | b", "another")
    executed.clear()
    claims(carry=True)
    assert sorted(executed) == ["01_fails, SEED 0", *of_02(range(5))]
    assert (checkout / "CLAIMS.md").read_text(encoding="utf-8") == page
    assert (checkout / "further" / "01_fails.json").read_bytes() == kept
    executed.clear()
    claims(carry=True, seeds=range(8))
    assert sorted(executed) == [
        "01_fails, SEED 5",
        "01_fails, SEED 7",
        *of_02([5, 6, 7]),
    ]
    executed.clear()
    shutil.rmtree(checkout / "build")
    claims("01", carry=True)  # no page to commit, so nothing is carried
    assert len(executed) == 5
    shutil.rmtree(checkout / "build")
    claims("01", "02", seeds=[6])
    executed.clear()
    claims(carry=True)  # the words of seed 6 are there, so no run is needed for them
    assert executed == []


def of_02(seeds):
    """Return the names of the second lesson's runs."""
    return [f"02_holds, SEED {seed}" for seed in seeds]
