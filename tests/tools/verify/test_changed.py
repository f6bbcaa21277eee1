"""`pixels test changed`: which tests are chosen, in which order, and when they stop."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from support.git import git

from helpers.core.errors import UserError
from tools.course.files import ROOT
from tools.execute import kernels
from tools.verify import changed, in_time

FILES = {
    "helpers/low.py": "x = 1",
    "helpers/middle.py": "def f():\n    from helpers import low",
    "helpers/high.py": "import helpers.middle",
    "helpers/reads.py": 'from a import ROOT\nFOLDER = ROOT / "data" / "set"',
    "tests/helpers/test_low.py": "from helpers.low import x",
    "tests/helpers/test_low_more.py": "",
    "tests/helpers/test_high.py": "from helpers import high",
    "tests/helpers/test_middle.py": "import helpers.middle",
    "tests/helpers/test_reads.py": "import helpers.reads",
    "tests/support/tool.py": "from helpers import low",
    "tests/a/test_tool.py": "from support import tool",
    "tests/course/test_portable.py": "",
    "tests/course/test_documents.py": 'path = "guide.md"',
    "guide.md": "# A guide",
    "data/set/a.txt": "a",
}


@pytest.fixture
def course(tmp_path):
    """Return a small course that is one commit of git."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("/build/\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all")
    return tmp_path


def test_what_is_edited_staged_new_or_gone_has_changed_and_what_is_ignored_has_not(
    course,
):
    assert changed.changed_files("HEAD", course) == []
    (course / "helpers/low.py").write_text("x = 2\n", encoding="utf-8")
    (course / "helpers/middle.py").rename(course / "helpers/é b.py")
    (course / "helpers/new.py").touch()
    git(course, "add", "helpers/new.py")
    (course / "build").mkdir()
    (course / "build/x.py").touch()
    found = ["helpers/low.py", "helpers/middle.py", "helpers/new.py", "helpers/é b.py"]
    assert changed.changed_files("HEAD", course) == found
    git(course, "add", "-A")
    git(course, "commit", "-qm", "more")
    assert changed.changed_files("HEAD", course) == []
    assert changed.changed_files("HEAD~1", course) == found


@pytest.mark.parametrize("since", ["no-such-commit", "--output=x", "guide.md"])
def test_what_is_no_commit_is_one_sentence(course, since):
    with pytest.raises(UserError, match=r"Git cannot say|is no revision"):
        changed.changed_files(since, course)
    assert not (course / "x").exists()


def test_without_history_or_git_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="Git cannot say what has changed"):
        changed.changed_files("HEAD", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        UserError, match="Git knows what has changed, and there is no git here"
    ):
        changed.changed_files("HEAD", tmp_path)


def test_the_nearest_come_first_and_all_that_reach_it_follow(course):
    far = "that reach it"
    assert list(changed.chosen(["helpers/low.py"], course).items()) == [
        ("tests/helpers/test_low.py", changed.OWN),
        ("tests/helpers/test_low_more.py", changed.OWN),
        ("tests/course/test_portable.py", "of the course's rules"),
        ("tests/helpers/test_middle.py", far),  # in its room, so before one that is not
        ("tests/a/test_tool.py", far),
        ("tests/helpers/test_high.py", far),
    ]


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("helpers/high.py", ["helpers/test_high", "course/test_portable"]),
        ("tests/a/test_tool.py", ["a/test_tool", "course/test_portable"]),
        ("tests/support/tool.py", ["a/test_tool", "course/test_portable"]),
        ("guide.md", ["course/test_documents"]),
        ("data/set/a.txt", ["helpers/test_reads"]),
        ("data/other/a.txt", []),
    ],
)
def test_each_kind_of_file_has_its_tests(course, file, tests):
    found = [*changed.chosen([file], course)]
    assert found == [f"tests/{name}.py" for name in tests]


def test_a_bank_a_page_and_a_fault_have_the_rules_of_the_course():
    banks = {"tests/course/test_exercise_banks.py", "tests/course/test_solutions.py"}
    assert banks <= {*changed.by_rule("helpers/lessons/lesson03/exercises.py", ROOT)}
    page = changed.by_rule("notebooks/03_lstm_language_modeling.ipynb", ROOT)
    assert {*banks, "tests/course/test_form_and_page.py"} <= {*page}
    assert changed.by_rule("tests/faults/03.toml", ROOT)[0] == changed.FAULTS
    named = {name for names in changed.RULES.values() for name in names}
    assert all((ROOT / f"tests/course/{name}.py").is_file() for name in named)


def test_a_helper_deep_down_reaches_much_and_a_lessons_own_little():
    assert len(changed.chosen(["helpers/core/run.py"], ROOT)) > 30
    own = changed.chosen(["helpers/lessons/lesson05/recipe.py"], ROOT)
    assert next(iter(own)) == "tests/helpers/lessons/lesson05/test_recipe.py"
    assert len(own) < 6


def test_what_a_fault_names_comes_second():
    found = changed.chosen(["helpers/training/fit.py"], ROOT)
    first, second, *_ = found
    assert first == "tests/helpers/training/test_fit.py"
    assert second == "tests/helpers/training/test_language.py"
    assert found[second] == "known to notice"


TESTS = """
import pytest
@pytest.mark.parametrize("n", range(3))
def test_it(n):
    assert n != {fails}
"""
ENDLESS = """
import subprocess, sys, time
from tools.verify import in_time
def test_that_takes_an_interruption_for_a_failure():
    in_time.used = lambda: 1001
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        assert child.wait() == 0
"""
NAMES = ("test_b", "test_a", "test_c")  # the nearest first, whatever the alphabet says


@pytest.mark.parametrize(
    ("last", "code", "run", "left"),
    [
        (TESTS.format(fails=9), 0, NAMES, ["test_c"]),
        (ENDLESS, 2, NAMES[:2], ["test_a", "test_c"]),
        (TESTS.format(fails=1), 1, NAMES, ["test_c"]),
    ],
    ids=["all pass", "out of time", "a failure"],
)
def test_it_ends_at_a_failure_or_when_the_time_is_out_also_within_a_test(
    tmp_path, monkeypatch, last, code, run, left
):
    for name in NAMES:
        text = last if name == NAMES[-1] else TESTS.format(fails=9)
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(changed, "SECONDS", 1000)
    found, xml = [f"{name}.py" for name in NAMES], tmp_path / "report.xml"
    words = [sys.executable, *changed.tests(found, xml), f"--rootdir={tmp_path}"]
    env = kernels.child_environment(ROOT)
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == code, done.stdout
    assert (b"1000 CPU seconds are used up" in done.stdout) is (code == 2)
    report = xml.read_text(encoding="utf-8")
    assert 'failures="0"' in report or code == 1
    assert report.count("<testcase classname") == {0: 9, 1: 8, 2: 6}[code]
    assert changed.modules_run(xml) == [f"{name}.py" for name in run]
    cut = changed.not_reached(found, changed.modules_run(xml))
    assert cut == [f"{name}.py" for name in left]


@pytest.mark.parametrize(("limit", "first"), [(None, "tools"), (12.0, "helpers")])
def test_what_takes_long_comes_first_only_where_time_is_not_limited(
    pytestconfig, limit, first
):
    conftest = pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests/conftest.py"))
    given = SimpleNamespace(getoption={"cpu_limit": limit}.get)
    places = [ROOT / f"tests/{room}/test_x.py" for room in ("helpers", "tools")]
    items = [SimpleNamespace(path=path) for path in places]
    conftest.pytest_collection_modifyitems(given, items)
    assert items[0].path.parent.name == first


def test_what_it_has_started_counts_while_it_is_at_work():
    before, end = in_time.used() - time.process_time(), time.monotonic() + 60
    counted = 0.0
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        while counted < 0.5 and time.monotonic() < end:
            time.sleep(0.05)
            counted = in_time.used() - time.process_time() - before
        child.kill()
    assert counted >= 0.5


def test_form_is_checked_of_what_is_there(course):
    ruff, layout, rooms = changed.checks(["helpers/low.py", "gone.py"], course)
    assert ruff[-1] == layout[-1] == "helpers/low.py"
    assert rooms[0] == "-c"
    assert changed.checks(["guide.md", "gone.py"], course) == []


def test_it_says_what_and_why(course, capsys):
    (course / "helpers/high.py").write_text("y = 1\n", encoding="utf-8")
    names, found = changed.select("HEAD", course)
    said = capsys.readouterr().out.splitlines()
    assert names == ["helpers/high.py"]
    assert list(found) == [*changed.chosen(names, course)]
    assert said == [
        "changed: helpers/high.py",
        "could notice: 1 at its place (test_high); 1 of the course's rules "
        "(test_portable)",
    ]
    git(course, "checkout", "-q", ".")
    assert changed.select("HEAD", course) == ([], {})
    assert "Nothing differs from HEAD" in capsys.readouterr().out
