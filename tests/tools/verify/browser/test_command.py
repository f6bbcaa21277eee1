"""`python -m tools e2e`: everything around the browser. The browser itself, and whether
the checks see a broken lesson, is what `make e2e` runs."""

import ast
import importlib
import subprocess
import sys
from types import SimpleNamespace

import pytest
from nbformat import v4

from helpers.core.errors import UserError
from helpers.page.exercises import find, judge_answer
from tools.course import notebooks
from tools.editions.student import student_notebook

Error = pytest.importorskip("playwright.sync_api").Error  # of the extra `e2e`
from tools.verify.browser import broken, interact, server  # noqa: E402
from tools.verify.browser.visit import HEADER, Visit  # noqa: E402


@pytest.mark.parametrize(
    ("on_path", "with_chrome", "started"),
    [
        ("google-chrome", True, {"executable_path": "/bin/google-chrome"}),
        ("", True, {"channel": "chrome"}),
        ("", False, {}),
    ],
)
def test_the_systems_browser_is_started_or_playwrights_own(
    tmp_path, monkeypatch, on_path, with_chrome, started
):
    def launch(env, **how):
        if "channel" in how and not with_chrome:
            raise Error("Chromium distribution 'chrome' is not found")
        assert env["HOME"] == env["USERPROFILE"] == str(tmp_path / "home")
        return how

    fetched = []
    monkeypatch.setattr(server.shutil, "which", {on_path: f"/bin/{on_path}"}.get)
    monkeypatch.setattr(subprocess, "call", fetched.append)
    chromium = SimpleNamespace(launch=launch)
    assert server.start_browser(chromium, tmp_path) == started
    own = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    assert fetched == ([] if started else own)


def test_that_there_is_no_browser_is_one_sentence(tmp_path, monkeypatch):
    def fail(*_):
        raise Error("no browser\nat all")

    monkeypatch.setattr(server, "start_browser", fail)
    with (
        pytest.raises(UserError, match="no browser It needs Chromium"),
        server.browser(tmp_path),
    ):
        pass


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem[:2])
def test_the_wrong_answer_that_is_typed_gets_its_own_message(path):
    student = student_notebook(notebooks.read(path))
    plan = interact.plan_of(student)
    assert plan, "no wrong answer in the lesson's bank is `typed`"
    exercise, wrong = plan
    stub = student.cells[interact.position(student, "ex", exercise)].source
    source = interact.attempted(stub, wrong.typed)
    bank = importlib.import_module(f"helpers.lessons.lesson{path.stem[:2]}.exercises")
    page = dict(vars(bank))
    exec(source, page)
    verdict = judge_answer(find(exercise), page[ast.parse(source).body[0].name])
    assert verdict.state == "wrong"
    assert verdict.message.startswith(wrong.message)


def test_typed_lines_take_the_place_and_the_indentation_of_the_dots():
    stub = "def f(x):\n    ...\n    return y"
    solution = "### BEGIN SOLUTION\n    with x:\n        y = 1\n    ### END SOLUTION"
    solved = interact.solved(stub.replace("...", solution))
    assert solved == "def f(x):\n    with x:\n        y = 1\n    return y"
    assert interact.attempted(stub, "with x:\n    y = 1") == solved


def test_nothing_of_the_users_home_reaches_the_server(tmp_path, monkeypatch):
    homeless = ("PIXELS_QUIET", "XDG_CONFIG_HOME", "JUPYTERLAB_SETTINGS_DIR")
    configured = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MATPLOTLIBRC", "PYTHONSTARTUP")
    for name in (*homeless, *configured, "JUPYTER_PATH"):
        monkeypatch.setenv(name, "/elsewhere")
    environment = server.own_environment(tmp_path)
    assert environment["HOME"] == environment["USERPROFILE"] == str(tmp_path)
    assert "/elsewhere" not in environment.values()


def test_a_server_that_ends_at_once_is_one_sentence(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    log = tmp_path / "server.log"
    log.write_text("no address here\n", encoding="utf-8")
    with pytest.raises(UserError, match="JupyterLab did not start"):
        server.said_address(process, log)
    log.write_text("at http://127.0.0.1:8/lab/tree/a?token=0af\n", encoding="utf-8")
    found = server.said_address(process, log)
    assert found == "http://127.0.0.1:8/lab/tree/a?token=0af"


def test_a_lesson_without_exercises_has_a_line_of_the_table():
    nb = v4.new_notebook(cells=[v4.new_code_cell("x = 1")])
    to = Visit("01_a", nb, nb, interact.plan_of(nb), 1.0, {"explorer": "4 moved"})
    to.problems.append("cell x: a figure is empty")
    told = dict(zip(HEADER, to.row(), strict=True))
    assert told["lesson"] == "01_a"
    assert (told["explorer"], told["exercise"]) == ("4 moved", "-")
    assert told["problems"] == "1"


def test_the_self_check_wants_every_problem_and_no_other():
    found = [f"{problem} …" for problem in broken.PROBLEMS]
    assert broken.unseen(found) == []
    assert len(broken.unseen(found[1:])) == 1
    extra = "cell wide: was not run"
    assert broken.unseen([*found, extra]) == [f"seen, but not there: {extra}"]
