"""Faults: each one fits, the tool reports who notices, and a few are made here."""

import ast
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from support import warm_modules
from support.tiny_lessons import code

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.course.files import ROOT
from tools.course.imports import module_name
from tools.verify.faults import bench, command
from tools.verify.faults.bench import Bench, Outcome
from tools.verify.faults.catalogue import FOLDER, Fault, choose, faults_in, read_faults
from tools.verify.faults.command import Memory, look, look_at_all, summary
from tools.verify.faults.detectors import Detector, asked, nearest

ALL = read_faults()
NAMES = [fault.name for fault in ALL]
FAULT = '[["a.py"]]\nname = "a"\nold = "1"\nnew = "2"'
TAUGHT = {
    path.stem[:2]: {cell.metadata.get("teaches") for cell in notebooks.code_cells(nb)}
    for path in notebooks.lessons()
    for nb in [notebooks.read(path)]
}


def test_a_name_occurs_once():
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("fault", ALL, ids=NAMES)
def test_a_fault_fits_and_changes_what_is_executed(fault):
    whole = (ROOT / fault.file).read_text(encoding="utf-8")
    before, after = (ast.dump(ast.parse(t)) for t in (whole, fault.made_in(ROOT)))
    assert before != after
    assert nearest(fault, ROOT)
    assert all((ROOT / name).is_file() for name in fault.tests)


@pytest.mark.parametrize("number", [n for n, all_ in TAUGHT.items() if any(all_)])
def test_a_lesson_has_three_faults_of_what_it_teaches(number):
    own = [Path(fault.file) for fault in faults_in(FOLDER / f"{number}.toml")]
    assert sum(module_name(file) in TAUGHT[number] for file in own) >= 3


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_what_is_a_lessons_own_stands_in_its_file(path):
    for file in {Path(fault.file) for fault in faults_in(path)}:
        owners = [n for n, all_ in TAUGHT.items() if module_name(file) in all_]
        if file.match("helpers/lessons/*/*.py"):
            owners = [file.parts[2].removeprefix("lesson")]
        assert path.stem in (owners or [*TAUGHT, "shared"]), file


def test_faults_are_chosen_by_name_or_by_how_it_begins():
    some = [Fault(name, "", "", "") for name in ("data-leaks", "data", "database")]
    assert [f.name for f in choose(["data"], some)] == ["data-leaks", "data"]
    assert choose([], some) == some
    with pytest.raises(UserError, match="No fault is called 'dat'"):
        choose(["dat"], some)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no list of faults"),
        ({"01.toml": "= 3"}, "01.toml holds no list of faults"),
        ({"01.toml": FAULT, "02.toml": f"{FAULT}\nwhen = 1"}, "02.toml holds.*'when'"),
    ],
)
def test_a_list_that_is_none_is_one_sentence(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_faults(tmp_path)


# ---------------------------------------------------------------- who is asked

SOURCES = {
    "helpers/a/b.py": "x = 1",
    "helpers/a/bc.py": "from helpers.a import b",
    "helpers/lessons/lesson77/exercises.py": "from helpers.a.bc import b",
    "helpers/other.py": "def f():\n    from helpers.lessons.lesson77 import exercises",
}
OF_B = ["helpers/a/test_b.py", "helpers/a/test_b_more.py"]
OF_BC = ["helpers/a/test_bc.py"]
OF_BANKS = ["course/test_exercise_banks.py", "course/test_solutions.py"]
SUITE, BOTH = "all unit tests", ["77_first", "99_last"]


@pytest.fixture
def tree(tmp_path, write_lesson):
    """A course of two lessons; only the second one imports a helper by itself."""
    empty = {f"tests/{name}": "" for name in (*OF_B, *OF_BC, *OF_BANKS)}
    for name, text in (SOURCES | empty).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_lesson(tmp_path / "notebooks", "77_first", [code("1")])
    write_lesson(tmp_path / "notebooks", "99_last", [code("import helpers.other")])
    return tmp_path


def of(file, **options):
    """Return a fault in one of the helpers."""
    return Fault("x", f"helpers/{file}.py", "", "", **options)


@pytest.mark.parametrize(
    ("fault", "until", "names"),
    [
        (of("a/b"), "nearest", OF_B),
        (of("a/b"), "suite", [*OF_B, SUITE]),
        (of("a/b", tests=(f"tests/{OF_BC[0]}",)), "nearest", [*OF_BC, *OF_B]),
        (of("a/bc"), "lessons", [*OF_BC, SUITE, *BOTH]),
        (of("lessons/lesson77/exercises"), "lessons", [*OF_BANKS, SUITE, *BOTH]),
        (of("other"), "lessons", [SUITE, "99_last"]),
    ],
)
def test_the_tests_of_the_file_come_first_and_lessons_that_use_it_last(
    tree, fault, until, names
):
    found = list(asked(fault, until, tree))
    assert [detector.name for detector in found] == names
    assert (found[-1].command[:2] == ("tools", "run")) is (names[-1] == "99_last")


@pytest.mark.parametrize(
    ("printed", "by"),
    [
        (
            "..F\nFAILED tests/a/test_b.py::test_c[d e] - no\n",
            "a/test_b.py::test_c[d e]",
        ),
        ("ERROR tests/a/test_b.py - SyntaxError\n", "a/test_b.py"),
        ("04_a: 60 cells\n04_a: claim 4.1 failed  (see x)\n", "04_a: claim 4.1 failed"),
        ("Segmentation fault\n", "04_a ended early"),
    ],
)
def test_the_first_that_failed_is_named(printed, by):
    assert Detector("04_a", ()).complaint(printed) == by


# ---------------------------------------------------------------- a tiny course

SOURCE = "def add(a, b):\n    return a + b\n"
TESTS = "from helpers.adder import add\ndef test_it_adds(): assert add(2, 2) == 4\n"
ADDER = "helpers/test_adder.py"
NOTICED = f"{ADDER}::test_it_adds"
MINUS = Fault("minus", "helpers/adder.py", "a + b", "a - b")
TIMES = Fault("times", "helpers/adder.py", "a + b", "a * b")
ENDLESS = Fault("endless", "helpers/adder.py", "return a", "while True: a")


@pytest.fixture
def tiny(tmp_path):
    """A bench with one module and one test, which does not notice `TIMES`."""
    sources = {MINUS.file: SOURCE, "helpers/__init__.py": "", f"tests/{ADDER}": TESTS}
    for name, text in sources.items():
        (tmp_path / "main" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "main" / name).write_text(text, encoding="utf-8")
    for name in (".git", ".venv", "helpers/__pycache__"):
        (tmp_path / "main" / name).mkdir()
    return Bench.copy_of(tmp_path / "main", tmp_path / "copy")


def test_the_copy_holds_sources_alone_and_the_checkout_stays_whole(tiny, tmp_path):
    assert {path.name for path in tiny.root.iterdir()} == {"helpers", "tests"}
    with pytest.raises(KeyError), tiny.with_fault(MINUS):
        assert "a - b" in (tiny.root / MINUS.file).read_text(encoding="utf-8")
        assert (tmp_path / "main" / MINUS.file).read_text(encoding="utf-8") == SOURCE
        raise KeyError
    assert (tiny.root / MINUS.file).read_text(encoding="utf-8") == SOURCE


@pytest.mark.parametrize(
    ("change", "times"),
    [({"old": "a ** b"}, 0), ({"old": "a"}, 3), ({"file": "helpers/gone.py"}, 0)],
)
def test_a_fault_that_does_not_fit_is_told_before_any_is_made(
    tiny, tmp_path, change, times
):
    memory = Memory(tmp_path / "faults.json", tiny)
    with pytest.raises(UserError, match=f"Fault times: its text occurs {times} times"):
        look_at_all([MINUS, replace(TIMES, **change)], memory, "nearest")
    assert memory.found == {}


def test_a_fault_is_noticed_or_survives_and_leaves_no_bytecode(tiny, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    assert look(MINUS, tiny, "nearest").by == NOTICED
    assert look(TIMES, tiny, "nearest").by == ""
    assert list(tiny.clean) == [ADDER]
    assert not list(tiny.root.rglob("*.pyc"))


def test_a_fault_that_hangs_is_ended_and_noticed(tiny, monkeypatch):
    monkeypatch.setattr(bench, "PATIENCE", 1.0)
    tiny.clean[ADDER] = 0.1
    finding = look(ENDLESS, tiny, "nearest")
    assert finding.by == f"{ADDER} had not ended after 2 s"


def test_a_detector_that_fails_without_a_fault_is_an_error(tiny):
    (tiny.root / "tests" / ADDER).write_text("assert False\n", encoding="utf-8")
    with pytest.raises(UserError, match="Without any fault, this fails"):
        look(MINUS, tiny, "nearest")


def test_the_first_that_notices_is_the_last_that_is_asked(tiny, monkeypatch):
    said = {ADDER: "", "all unit tests": "test_b.py::test_c"}
    asked = []

    def run(detector, *_):
        asked.append(detector.name)
        return Outcome(said[detector.name], 2.0)

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(Bench, "limit", lambda *_: None)
    assert look(MINUS, tiny, "lessons") == Outcome("test_b.py::test_c", 4.0, "lessons")
    assert asked == list(said)


@pytest.fixture
def again(tiny, tmp_path, monkeypatch):
    """Keep what became of two faults; return a function that opens the memory of it
    anew. What is asked from now on is an error."""
    memory = Memory(tmp_path / "faults.json", tiny)
    memory.keep(MINUS, Outcome(NOTICED, 1.0, "nearest"))
    memory.keep(TIMES, Outcome("", 1.0, "nearest"))
    monkeypatch.setattr(command, "run", None)
    return lambda: Memory(tmp_path / "faults.json", Bench(tiny.root))


def test_what_is_known_is_not_asked_again(again):
    memory = again()
    look_at_all([MINUS, TIMES], memory, "nearest")
    assert [found.by for found in memory.found.values()] == [NOTICED, ""]


@pytest.mark.parametrize(
    ("fault", "until", "known"),
    [
        (TIMES, "suite", False),  # who could notice was not asked
        (replace(TIMES, harmless="both are 4"), "suite", True),
        (replace(TIMES, tests=("tests/test_times.py",)), "nearest", False),
        (replace(MINUS, fast=True), "suite", True),
        (replace(MINUS, new="b - a"), "nearest", False),
    ],
)
def test_a_fault_is_known_while_all_that_decides_is_the_same(
    again, tiny, fault, until, known
):
    lists = tiny.root / "tests" / "faults"
    lists.mkdir()
    (lists / "99.toml").write_text("", encoding="utf-8")  # is none of the course's
    assert again().knows(fault, until) == known


def test_in_another_course_or_from_a_damaged_memory_nothing_is_known(
    again, tiny, tmp_path
):
    (tiny.root / "tests" / ADDER).write_text(TESTS + "\n", encoding="utf-8")
    assert again().found == {}
    (tmp_path / "faults.json").write_text("{", encoding="utf-8")
    assert again().found == {}


def test_nineteen_of_twenty_are_enough_where_the_rest_is_explained():
    noticed = [(MINUS, Outcome(NOTICED, 1.0, "suite"))] * 19
    harmless = replace(TIMES, harmless="it is a comment")
    missed = Outcome("", 1.0, "suite")
    text, good = summary([*noticed, (harmless, missed)])
    assert text == "19 of 20 noticed: 95.0%\ntimes: it is a comment"
    assert good
    assert not summary([*noticed[1:], (harmless, missed)])[1]
    assert not summary([*noticed, (TIMES, missed)])[1]


# ---------------------------------------------------------------- the real ones


@pytest.fixture
def forked(monkeypatch):
    """Run detectors in forks that need not import torch, and none without a fault:
    these tests are in this very run."""
    with ExitStack() as stack:

        @cache
        def python(root):
            quiet = warm_modules.modules(root, PYTHONDONTWRITEBYTECODE="1")
            return stack.enter_context(quiet)

        def run(detector, root, limit):
            done = python(root).run(*detector.command)
            return Outcome(detector.complaint(done.text) if done.code else "", 1.0)

        monkeypatch.setattr(command, "run", run)
        monkeypatch.setattr(Bench, "limit", lambda *_: None)
        yield


@pytest.mark.usefixtures("forked")
def test_a_few_faults_are_noticed_by_the_tests_of_their_files(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(files, "BUILD", tmp_path)
    assert command.main(Namespace(names=[], fast=True, until="lessons")) == 0
    few = [fault.name for fault in ALL if fault.fast]
    printed = capsys.readouterr().out
    assert few
    assert all(name in printed for name in few)
    assert f"{len(few)} of {len(few)} noticed: 100.0%" in printed
