"""`python -m tools e2e`: everything around the browser. The browser itself, and whether
the checks see a broken lesson, is what `make e2e` runs."""

import ast
import importlib
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
from nbformat import v4
from playwright.sync_api import Error

from helpers.core.errors import UserError
from helpers.page.exercises import find, judge_answer
from tools.course import notebooks
from tools.editions.student import student_notebook
from tools.execute.processes import end_family
from tools.verify.browser import broken, plans, server
from tools.verify.browser.report import Visit, report


@pytest.mark.parametrize(
    ("on_path", "with_chrome", "fetched", "started"),
    [
        ("google-chrome", True, True, {"executable_path": "/bin/google-chrome"}),
        ("", True, True, {"channel": "chrome"}),
        ("", False, True, {}),
        ("", False, False, None),
    ],
)
def test_the_systems_browser_is_started_or_playwrights_own(
    tmp_path, monkeypatch, on_path, with_chrome, fetched, started
):
    def launch(args, env, **how):
        if "channel" in how and not with_chrome:
            raise Error("Chromium distribution 'chrome' is not found")
        assert env["HOME"] == env["USERPROFILE"] == str(tmp_path / "home")
        return how

    def fetch(words):
        assert words[1:] == ["-m", "playwright", "install", "chromium"]
        own.touch()
        return 0 if fetched else 1

    own = tmp_path / "own"
    chromium = SimpleNamespace(launch=launch, executable_path=str(own))
    which = {on_path: f"/bin/{on_path}"}
    monkeypatch.setattr(server.shutil, "which", which.get)
    monkeypatch.setattr(subprocess, "call", fetch)
    if started is None:
        with pytest.raises(UserError, match="apt install chromium"):
            server.start_browser(chromium, tmp_path)
    else:
        assert server.start_browser(chromium, tmp_path) == started


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem[:2])
def test_the_wrong_answer_that_is_typed_gets_its_own_message(path):
    student = student_notebook(notebooks.read(path))
    plan = plans.plan_of(student)
    assert plan, "no wrong answer in the lesson's bank is `typed`"
    stub = student.cells[plans.position(student, "ex", plan.exercise)].source
    source = plans.attempted(stub, plan.wrong.typed)
    bank = importlib.import_module(f"helpers.lessons.lesson{path.stem[:2]}.exercises")
    page = dict(vars(bank))
    exec(source, page)
    answer = page[ast.parse(source).body[0].name]
    verdict = judge_answer(find(plan.exercise), answer)
    assert verdict.state == "wrong"
    assert verdict.message.startswith(plan.wrong.message)


def test_typed_lines_take_the_place_and_the_indentation_of_the_dots():
    stub = "def f(x):\n    ...\n    return y"
    solution = "### BEGIN SOLUTION\n    with x:\n        y = 1\n    ### END SOLUTION"
    solved = plans.solved(stub.replace("...", solution))
    assert solved == "def f(x):\n    with x:\n        y = 1\n    return y"
    assert plans.attempted(stub, "with x:\n    y = 1") == solved


def test_a_lesson_may_have_nothing_to_type():
    nb = v4.new_notebook(cells=[v4.new_code_cell("x = 1")])
    assert plans.plan_of(nb) is None
    with pytest.raises(UserError, match="no cell 'ex-9-9'"):
        plans.position(nb, "ex", "9.9")


def test_nothing_of_the_users_home_reaches_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("PIXELS_QUIET", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    environment = server.own_environment(tmp_path)
    assert environment["HOME"] == environment["USERPROFILE"] == str(tmp_path)
    assert not {"PIXELS_QUIET", "XDG_CONFIG_HOME"} & set(environment)
    own = [name for name in environment if name.endswith("_DIR")]
    inside = [name for name in own if environment[name].startswith(str(tmp_path))]
    assert len(inside) >= 5


def test_a_server_that_ends_at_once_is_one_sentence(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    log = tmp_path / "server.log"
    log.write_text("no address here\n", encoding="utf-8")
    with pytest.raises(UserError, match="JupyterLab did not start"):
        server.said_address(process, log)
    log.write_text("http://127.0.0.1:8/lab/tree/a?token=0af\n", encoding="utf-8")
    assert server.said_address(process, log) == ("http://127.0.0.1:8", "0af")


ORPHAN = """
import subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_no_kernel_outlives_its_server():
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process.stdout as said:
        kernel = psutil.Process(int(said.readline()))
    end_family(process, patience=20)
    psutil.wait_procs([kernel], timeout=10)
    assert process.returncode is not None
    assert not kernel.is_running()


def test_the_table_tells_what_was_seen_and_any_problem_fails(capsys):
    good = Visit("01_a", 10, 3, 2, 4, "1.2 ○ ✗ ✓", 30.2)
    assert report([good], []) == 0
    words = capsys.readouterr().out.splitlines()[2].split()
    assert words[:6] == ["01_a", "10", "3", "2", "4", "moved"]
    assert words[6:] == ["1.2", "○", "✗", "✓", "0", "30"]
    bad = Visit("02_b", problems=["cell x: a figure is empty"])
    assert report([good, bad], []) == 1
    assert "02_b: cell x: a figure is empty" in capsys.readouterr().out
    assert report([good], ["a broken lesson is not noticed"]) == 1
    assert "self-check: a broken" in capsys.readouterr().out


def broken_problems():
    """Return what a visit to the broken lesson must find."""
    cells = [(id, text) for id, texts in broken.PROBLEMS.items() for text in texts]
    return [f"cell {id}: {text} …" for id, text in cells] + list(broken.EXERCISE)


def test_the_self_check_wants_every_problem_and_no_other():
    found = broken_problems()
    assert broken.unseen(found) == []
    assert len(broken.unseen(found[1:])) == 1
    assert broken.unseen([*found, "cell wide: was not run"]) == [
        "seen, but not there: cell wide: was not run"
    ]
