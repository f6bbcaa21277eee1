"""`python -m tools claims`: what it merges, writes, resumes and reports."""

import json
from argparse import Namespace

import pytest
from support import ledger_lessons
from support.ledger_lessons import RECORDS, claim

from tools.course import files, notebooks
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


def found(*runs):
    """Return the entries of the ledger by claim."""
    return {entry["id"]: entry for entry in command.ledger(runs, {})}


def test_a_claim_gets_its_values_on_every_seed_and_the_smallest_margin():
    entries = found(run(0, RECORDS[0]), run(1, RECORDS[1]))
    assert list(entries) == ["1.1", "1.2"]
    first = entries["1.1"]
    assert (first["lesson"], first["bound"], first["unit"]) == ("01_tiny", "≥ 4", "px")
    assert first["source"] == "Luo 2016"
    assert first["margin"] == -0.25
    runs = first["runs"]
    assert [run["held"] for run in runs] == [True, False]
    assert [run["values"] for run in runs] == [[8.0], [3.0]]
    assert [run["margin"] for run in runs] == [1.0, -0.25]


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ([claim("1.1", 3, at_least=4)], "does not hold at SEED 7"),
        ([], "missing at SEED 7"),
        ([claim("1.1", 9, at_least=5)], "has another text or bound at SEED 7"),
        ([claim("1.1", 9, at_least=4, unit="m")], "has another text or bound at SEED"),
    ],
)
def test_a_claim_that_fails_lacks_or_differs_is_a_problem(second, problem):
    (entry,) = command.ledger(
        [run(0, [claim("1.1", 8, at_least=4)]), run(7, second)], {}
    )
    assert len(entry["problems"]) == 1
    assert entry["problems"][0].startswith(problem)


def test_a_claim_that_holds_or_was_not_judged_is_none():
    unjudged = claim("1.1", 1, at_least=4) | {"judged": False, "held": None}
    runs = [run(0, [claim("1.1", 8, at_least=4)]), run(1, [unjudged])]
    (entry,) = command.ledger(runs, {})
    assert entry["problems"] == []
    assert entry["margin"] == 1


def test_a_claim_that_only_a_later_seed_shows_is_not_lost():
    (entry,) = command.ledger([run(0, []), run(1, [claim("1.1", 8, at_least=4)])], {})
    assert entry["problems"] == ["missing at SEED 0"]


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
def checkout(tmp_path, write_lesson, monkeypatch):
    """A course of two lessons, one of which has a claim that fails at SEED 1."""
    folder = tmp_path / "notebooks"
    write_lesson(folder, "01_fails", ledger_lessons.cells())
    good = [[claim("2.1", 5, at_least=4)]]
    write_lesson(folder, "02_holds", ledger_lessons.cells(records=good))
    monkeypatch.setattr(files, "BUILD", tmp_path / "build")
    monkeypatch.setattr(files, "NOTEBOOKS", folder)
    monkeypatch.setattr(notebooks.lessons, "__defaults__", (folder,))
    monkeypatch.setattr(notebooks.choose, "__defaults__", (folder,))
    monkeypatch.setattr(command, "COMMITTED", tmp_path / "CLAIMS.md")
    return tmp_path


def claims(*lessons, seeds=(0, 1, 2, 3, 4), budget=None):
    """Call the command; return its exit code."""
    values = {"seeds": list(seeds), "budget": budget, "device": None}
    more = {"lessons": lessons, "jobs": 2, "scheduler": None}
    return command.main(Namespace(**values, **more))


def pretend(monkeypatch):
    """Execute nothing; return the list of the tasks that would have been executed."""
    executed = []

    def execute(task):
        executed.append(task.name)
        seed, budget = task.parameters["SEED"], task.parameters["BUDGET"]
        text = task.source.read_text(encoding="utf-8")
        record = claim("1.1", seed - ("broken" in text), at_least=0)
        result = run(seed, [record], task.source.stem)
        return result | {
            "key": task.key,
            "parameters": {"SEED": seed, "BUDGET": budget},
        }

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


def test_a_second_call_executes_nothing_and_writes_the_same(checkout, monkeypatch):
    executed = pretend(monkeypatch)
    assert claims(seeds=[0, 1]) == 0
    assert len(executed) == 4
    first = (checkout / "build" / "claims.json").read_bytes()
    assert claims(seeds=[0, 1]) == 0
    assert len(executed) == 4
    assert (checkout / "build" / "claims.json").read_bytes() == first


def test_only_what_is_new_is_executed(checkout, monkeypatch):
    executed = pretend(monkeypatch)
    claims("02", seeds=[0, 1])
    claims("02", seeds=[0, 1, 2])
    claims("02", seeds=[0], budget=0.5)
    assert sorted(executed) == [f"02_holds, SEED {seed}" for seed in (0, 0, 1, 2)]
    assert claims(seeds=[0]) == 0
    ledger_lessons.edit(checkout / "notebooks" / "02_holds.ipynb", "a | b", "broken")
    assert claims(seeds=[0]) == 1
    assert executed[4:] == ["01_fails, SEED 0", "02_holds, SEED 0"]


def test_after_an_interruption_the_same_command_goes_on(checkout, monkeypatch):
    executed = pretend(monkeypatch)
    execute = command.execute

    def interrupted(task):
        if task.parameters["SEED"] == 1:
            raise KeyboardInterrupt
        return execute(task)

    monkeypatch.setattr(command, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        claims("02", seeds=[0, 1])
    assert not (checkout / "build" / "claims.json").exists()
    monkeypatch.setattr(command, "execute", execute)
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
        ([], {"budget": 0.5}, False),
    ],
)
def test_only_the_whole_course_as_printed_becomes_the_committed_page(
    checkout, monkeypatch, arguments, options, committed
):
    pretend(monkeypatch)
    claims(*arguments, **options)
    assert (checkout / "CLAIMS.md").exists() is committed


def test_the_committed_page_links_from_where_it_stands(checkout, monkeypatch):
    pretend(monkeypatch)
    claims()
    page = (checkout / "CLAIMS.md").read_text(encoding="utf-8")
    assert "[01 · A tiny lesson](notebooks/01_fails.ipynb)" in page
    assert str(checkout) not in page
