"""Faults: each one fits, the tool reports who notices, and a few are made here."""

import ast
import re
from argparse import Namespace
from collections import Counter
from dataclasses import replace

import pytest

from helpers.core.errors import UserError
from tools.course import files as course_files
from tools.verify.faults import bench, command, detectors
from tools.verify.faults.bench import Bench, Outcome
from tools.verify.faults.catalogue import Fault, choose, read_faults
from tools.verify.faults.command import FaultFinding, Memory, look, look_at_all, summary
from tools.verify.faults.detectors import asked, imports, kind, nearest, users

ALL = read_faults()
NAMES = [fault.name for fault in ALL]


@pytest.mark.parametrize("fault", ALL, ids=NAMES)
def test_a_fault_fits_and_changes_what_is_executed(fault):
    text = (course_files.ROOT / fault.file).read_text(encoding="utf-8")
    before, after = (ast.dump(ast.parse(t)) for t in (text, fault.applied(text)))
    assert before != after
    assert nearest(fault, course_files.ROOT)


def test_every_room_of_the_course_has_faults():
    files = {fault.file.removeprefix("helpers/") for fault in ALL}
    rooms = {"data.py", "text.py", "cache.py", "runtime.py", "training.py"}
    rooms |= {"claims.py", "exercises.py", "compare.py", "parity.py", "pretrained.py"}
    assert rooms <= files
    assert {file.partition("/")[0] for file in files} >= {"models", "answers"}
    assert 60 <= len(ALL) <= 90


def test_every_lesson_that_builds_something_has_three():
    lessons = Counter()
    for fault in ALL:
        text = (course_files.ROOT / fault.file).read_text(encoding="utf-8")
        built = re.search(r"[Ll]esson (\d\d)", ast.get_docstring(ast.parse(text)))
        if built and fault.file.startswith("helpers/models/"):
            lessons[built[1]] += 1
    assert sorted(lessons) == ["01", "02", "03", "04", "05", "06"]
    assert min(lessons.values()) >= 3


def test_faults_are_chosen_by_name_or_by_how_it_begins():
    some = [Fault(name, "", "", "") for name in ("data-leaks", "data", "database")]
    assert [f.name for f in choose(["data"], some)] == ["data-leaks", "data"]
    assert choose([], some) == some
    with pytest.raises(UserError, match="No fault is called 'dat'"):
        choose(["dat"], some)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 3", "holds no list of faults"),
        ('[["a.py"]]\nname = "a"\nold = "1"\nnew = "2"\nwhen = 1', "'when'"),
        ('[["a.py"]]\nname = "a"', "missing 2 required"),
        (2 * '[["a.py"]]\nname = "a"\nold = "1"\nnew = "2"\n', "names a twice"),
    ],
)
def test_a_list_that_is_none_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "faults.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said) as raised:
        read_faults(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("one", "two", "occurs 0 times in a.py"),
        ("1", "2", "occurs 2 times in a.py"),
        ("= 1 + 1", "=", "a.py is not Python"),
    ],
)
def test_a_fault_that_does_not_fit_is_one_sentence(old, new, said):
    with pytest.raises(UserError, match=f"Fault x: .*{said}"):
        Fault("x", "a.py", old, new).applied("a = 1 + 1\n")


# ---------------------------------------------------------------- who is asked


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        (Fault("x", "helpers/page/claims.py", "", ""), ["test_claims.py"]),
        (Fault("x", "helpers/models/vision/cnn.py", "", ""), ["test_models_cnn.py"]),
        (
            Fault("x", "helpers/lessons/lesson06/exercises.py", "", ""),
            ["test_answers_lesson06.py", "test_answers.py", "test_solutions.py"],
        ),
        (
            Fault("x", "helpers/page/claims.py", "", "", ("test_data", "test_claims")),
            ["test_data.py", "test_claims.py"],
        ),
    ],
)
def test_the_tests_of_the_changed_file_come_first(fault, names):
    found = asked(fault, "suite", course_files.ROOT)
    assert [detector.name for detector in found] == [*names, "all unit tests"]
    found = asked(fault, "nearest", course_files.ROOT)
    assert [detector.name for detector in found] == names


def test_lessons_that_use_the_module_come_last():
    fault = Fault("x", "helpers/data/images/splits.py", "", "")
    found = list(asked(fault, "lessons", course_files.ROOT))
    names = ["test_stratified.py", "all unit tests", "06_transfer_learning"]
    assert [detector.name for detector in found] == names
    assert found[-1].command[:2] == ("tools", "run")


def test_a_bank_is_used_by_its_lesson():
    fault = Fault("x", "helpers/lessons/lesson00/exercises.py", "", "")
    assert list(asked(fault, "lessons", course_files.ROOT))[-1].name == "00_start_here"


def test_of_a_harmless_fault_only_the_nearest_tests_are_asked():
    fault = Fault("x", "helpers/page/claims.py", "", "", harmless="nobody reads it")
    names = [d.name for d in asked(fault, "lessons", course_files.ROOT)]
    assert names == ["test_claims.py"]


def test_modules_are_followed_through_others(tmp_path):
    (tmp_path / "helpers").mkdir()
    for name, source in {
        "a": "x = 1",
        "b": "from helpers import a",
        "c": "def f():\n    from helpers.b import x",
        "d": "import helpers.e",
        "e": "x = 2",
    }.items():
        (tmp_path / "helpers" / f"{name}.py").write_text(source, encoding="utf-8")
    assert users("helpers.a", tmp_path) == {"helpers.a", "helpers.b", "helpers.c"}


def test_imports_are_named_in_full():
    found = imports("import a.b as c\nfrom d import e\ndef f():\n    from g.h import i")
    assert found == {"a.b", "d", "d.e", "g.h", "g.h.i"}


@pytest.mark.parametrize(
    ("by", "sort"),
    [
        ("test_models_cnn.py::test_conv2d_is_pytorchs_in_outputs", "parity check"),
        ("test_models_gpt.py::test_logits_are_gpt2s", "parity check"),
        ("test_data.py::test_the_split[torch]", "unit test"),
        ("test_data.py ended early", "unit test"),
        ("test_answers.py::test_the_reference_is_correct[1.1]", "exercise test"),
        ("test_solutions.py::test_every_worked_solution[00]", "exercise test"),
        ("04_a: cell [7]: ExerciseFailed: ✗ 4.1", "exercise test"),
        ("04_a: 1 of 9 exercises answered ✓", "exercise test"),
        ("04_a: cell [7]: ClaimFailed: ✗ 4.1", "claim"),
        ("04_a: claim 4.1 did not hold", "claim"),
        ("04_a: cell [7]: ValueError: no", "lesson"),
    ],
)
def test_what_sort_of_test_has_noticed(by, sort):
    assert kind(by) == sort


@pytest.mark.parametrize(
    ("printed", "by"),
    [
        ("..F\nFAILED tests/test_a.py::test_b[c d] - assert 1 == 2\n", "test_b[c d]"),
        ("ERROR tests/test_a.py - SyntaxError\n", ""),
        ("Segmentation fault\n", None),
    ],
)
def test_the_first_failed_test_is_named(printed, by):
    said = detectors.tests("test_a").complaint(printed)
    expected = f"test_a.py::{by}" if by else "test_a.py"
    assert said == ("test_a.py ended early" if by is None else expected)


def test_a_lessons_problem_is_named():
    lesson = detectors.Detector("04_a", (), "lessons")
    printed = "04_a: 60 cells\nlesson\n04_a: claim 4.1 did not hold  (see x.ipynb)\n"
    assert lesson.complaint(printed).endswith("claim 4.1 did not hold")


# ---------------------------------------------------------------- a tiny course

SOURCE = "def add(a, b):\n    return a + b\n"
TESTS = "from helpers.adder import add\ndef test_it_adds(): assert add(2, 2) == 4\n"
MINUS = Fault("minus", "helpers/adder.py", "a + b", "a - b")
TIMES = Fault("times", "helpers/adder.py", "a + b", "a * b")
ENDLESS = Fault("endless", "helpers/adder.py", "return a", "while True: a")


@pytest.fixture
def tiny(tmp_path):
    """A bench with one module and one test, which does not notice `TIMES`."""
    files = {"adder.py": SOURCE, "__init__.py": "", "../tests/test_adder.py": TESTS}
    for name in ("helpers", "tests"):
        (tmp_path / "main" / name).mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "main" / "helpers" / name).write_text(text, encoding="utf-8")
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


def test_a_fault_of_a_file_that_is_gone_is_one_sentence(tiny):
    gone = Fault("gone", "helpers/gone.py", "", "")
    with pytest.raises(UserError, match="Fault gone: there is no file"):
        tiny.with_fault(gone).__enter__()


def test_a_fault_that_does_not_fit_is_told_before_any_is_made(tiny, tmp_path):
    wrong = replace(TIMES, old="a ** b")
    memory = Memory(tmp_path / "faults.json", tiny)
    with pytest.raises(UserError, match="Fault times: its text occurs 0 times"):
        look_at_all([MINUS, wrong], memory, "nearest")
    assert memory.found == {}


def test_a_fault_is_noticed_or_survives(tiny):
    assert look(MINUS, tiny, "nearest").by == "test_adder.py::test_it_adds"
    assert look(TIMES, tiny, "nearest").by == ""
    assert list(tiny.clean) == ["test_adder.py"]


def test_no_bytecode_outlives_a_fault(tiny, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    look(TIMES, tiny, "nearest")
    assert not list(tiny.root.rglob("*.pyc"))


def test_a_fault_that_hangs_is_ended_and_noticed(tiny, monkeypatch):
    monkeypatch.setattr(bench, "PATIENCE", 1.0)
    tiny.clean["test_adder.py"] = 0.1
    finding = look(ENDLESS, tiny, "nearest")
    assert finding.by == "test_adder.py had not ended after 2 s"


def test_a_detector_that_fails_without_a_fault_is_an_error(tiny):
    (tiny.root / "tests" / "test_adder.py").write_text(
        "assert False\n", encoding="utf-8"
    )
    with pytest.raises(UserError, match="Without any fault, this fails"):
        look(MINUS, tiny, "nearest")


def test_the_first_that_notices_is_the_last_that_is_asked(tiny, monkeypatch):
    said = {"test_adder.py": "", "all unit tests": "test_b.py::test_c"}
    asked = []

    def run(detector, *_):
        asked.append(detector.name)
        return Outcome(said[detector.name], 2.0)

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(Bench, "limit", lambda *_: None)
    assert look(MINUS, tiny, "lessons") == FaultFinding(
        "test_b.py::test_c", 4.0, "lessons"
    )
    assert asked == list(said)


@pytest.fixture
def again(tiny, tmp_path, monkeypatch):
    """Look at two faults; return a function that opens the memory of it anew. What
    is asked from now on is an error."""
    look_at_all([MINUS, TIMES], Memory(tmp_path / "faults.json", tiny), "nearest")
    monkeypatch.setattr(command, "run", None)
    return lambda: Memory(tmp_path / "faults.json", Bench(tiny.root))


def test_what_is_known_is_not_asked_again(again):
    memory = again()
    look_at_all([MINUS, TIMES], memory, "nearest")
    assert memory.of(MINUS).by == "test_adder.py::test_it_adds"
    assert memory.of(TIMES).by == ""
    assert not memory.knows(TIMES, "suite")  # who could notice was not asked
    assert memory.knows(replace(TIMES, harmless="both are 4"), "suite")


def test_a_fault_that_is_another_now_is_asked_about_again(again):
    assert again().knows(replace(MINUS, fast=True), "nearest")
    assert not again().knows(replace(MINUS, new="b - a"), "nearest")
    assert not again().knows(replace(TIMES, tests=("test_times",)), "nearest")


def test_one_more_fault_changes_nothing_for_the_others(again, tiny):
    (tiny.root / "tests" / "faults.toml").write_text("", encoding="utf-8")
    assert again().knows(MINUS, "nearest")


def test_in_another_course_nothing_is_known(again, tiny):
    (tiny.root / "tests" / "test_adder.py").write_text(TESTS + "\n", encoding="utf-8")
    assert again().found == {}


def test_a_damaged_memory_is_none(tiny, tmp_path):
    (tmp_path / "faults.json").write_text("{", encoding="utf-8")
    assert Memory(tmp_path / "faults.json", tiny).found == {}


def test_nineteen_of_twenty_are_enough_where_the_rest_is_explained():
    some = [Fault(str(n), "", "", "") for n in range(19)]
    harmless = Fault("last", "", "", "", harmless="it is a comment")
    noticed = [
        (fault, FaultFinding("test_a.py::test_b", 1.0, "suite")) for fault in some
    ]
    missed = FaultFinding("", 1.0, "suite")
    text, good = summary([*noticed, (harmless, missed)])
    assert text == "19 of 20 noticed: 95.0%\nlast: it is a comment"
    assert good
    assert not summary([*noticed[1:], (harmless, missed)])[1]
    assert not summary([*noticed, (replace(harmless, harmless=""), missed)])[1]


# ---------------------------------------------------------------- the real ones


def test_a_few_faults_are_noticed_by_the_tests_of_their_files(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(course_files, "BUILD", tmp_path)
    assert command.main(Namespace(names=[], fast=True, until="lessons")) == 0
    few = [fault.name for fault in ALL if fault.fast]
    printed = capsys.readouterr().out
    assert 6 <= len(few) <= 8
    assert all(name in printed for name in few)
    assert f"{len(few)} of {len(few)} noticed: 100.0%" in printed
