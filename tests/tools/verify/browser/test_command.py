"""`python -m tools e2e`: everything around the browser. The browser itself, and whether
the checks see a broken lesson, is what `make e2e` runs."""

import ast
import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from nbformat import v4
from support.tiny_lessons import code, tiny_cells

from helpers.core.errors import UserError
from helpers.page.exercises import find, judge_answer
from tools import __main__ as tools_main
from tools.course import notebooks
from tools.editions.student import student_notebook
from tools.verify.browser import broken, plans
from tools.verify.browser import page as e2e_page
from tools.verify.browser import server as e2e_chromium
from tools.verify.browser import server as e2e_server
from tools.verify.browser.page import LessonPage
from tools.verify.browser.report import Visit, report


@pytest.fixture
def program(tmp_path):
    """Return a function that makes an executable file and returns its path."""

    def make(name):
        path = tmp_path / (f"{name}.exe" if os.name == "nt" else name)
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


def test_the_systems_browser_is_taken_from_the_path_first(tmp_path, program):
    elsewhere, on_path = program("chrome"), program("google-chrome")
    found = e2e_chromium.system_browser(str(tmp_path), [elsewhere])
    assert os.path.normcase(found) == os.path.normcase(str(on_path))


def test_without_one_on_the_path_it_is_sought_where_installers_put_it(
    tmp_path, program
):
    empty = tmp_path / "empty"
    empty.mkdir()
    chrome = program("chrome")
    assert e2e_chromium.system_browser(str(empty), [chrome]) == str(chrome)
    assert e2e_chromium.system_browser(str(empty), [tmp_path / "none"]) is None


def test_on_windows_chrome_is_sought_in_the_folders_of_programs():
    places = e2e_chromium.usual_places({"PROGRAMFILES": "C:/Programs"})
    assert any(place.name == "chrome.exe" for place in places)


def test_without_any_browser_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(e2e_chromium, "system_browser", lambda: None)
    monkeypatch.setattr(subprocess, "call", lambda words: asked.append(words) or 1)
    with pytest.raises(UserError, match="apt install chromium"):
        e2e_chromium.browser_path(str(tmp_path / "none"))
    assert asked[0][1:] == ["-m", "playwright", "install", "chromium"]


def test_playwrights_own_browser_is_used_where_it_is_installed(monkeypatch, program):
    monkeypatch.setattr(e2e_chromium, "system_browser", lambda: None)
    own = program("own")
    assert e2e_chromium.browser_path(str(own)) == str(own)


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem[:2])
def test_the_wrong_answer_that_is_typed_gets_its_own_message(path):
    student = student_notebook(notebooks.read(path))
    plan = plans.plan_of(student)
    assert plan, "no wrong answer in the lesson's bank is `typed`"
    stub = student.cells[plans.position(student, "ex", plan.exercise)].source
    source = plans.expected_source(stub, plan.wrong.typed.splitlines())
    bank = importlib.import_module(f"helpers.lessons.lesson{path.stem[:2]}.exercises")
    page = dict(vars(bank))
    exec(source, page)
    answer = page[ast.parse(source).body[0].name]
    verdict = judge_answer(find(plan.exercise), answer)
    assert verdict.state == "wrong"
    assert verdict.message.startswith(plan.wrong.message)


def test_typed_lines_take_the_place_and_the_indentation_of_the_dots():
    stub = "def f(x):\n    ...\n    return y\n"
    typed = plans.expected_source(stub, ["with x:", "    y = 1"])
    assert typed == "def f(x):\n    with x:\n        y = 1\n    return y"


def test_what_a_plan_needs_and_does_not_find_is_one_sentence():
    nb = v4.new_notebook(cells=[code("x = 1", "parameters")])
    with pytest.raises(UserError, match="no cell 'ex-9-9'"):
        plans.position(nb, "ex", "9.9")
    with pytest.raises(UserError, match="no parameter BUDGET"):
        plans.parameter_line(nb, "BUDGET")
    with pytest.raises(UserError, match=r"no line '...' to replace"):
        plans.stub_line("x = ...")
    with pytest.raises(UserError, match="no solution to type"):
        plans.solution_lines("x = 1")


def test_the_number_of_the_parameters_cell_and_its_line_are_found():
    nb = v4.new_notebook(cells=tiny_cells())
    assert plans.parameter_line(nb, "BUDGET") == (1, "BUDGET = 1.0")


def test_nothing_of_the_users_home_reaches_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("PIXELS_QUIET", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    environment = e2e_server.own_environment(tmp_path)
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
        e2e_server.said_address(process, log)
    log.write_text("http://127.0.0.1:8/lab/tree/a?token=0af\n", encoding="utf-8")
    assert e2e_server.said_address(process, log) == ("http://127.0.0.1:8", "0af")


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
    e2e_server.stop(process)
    psutil.wait_procs([kernel], timeout=10)
    assert process.returncode is not None
    assert not kernel.is_running()


def test_an_address_opens_only_the_lesson_that_was_asked_for(tmp_path):
    server = e2e_server.Server("http://127.0.0.1:8", "0af", tmp_path)
    address = server.address("01_a.ipynb")
    assert address == "http://127.0.0.1:8/lab/tree/study/01_a.ipynb?token=0af&reset"


def test_lessons_and_budget_come_from_the_environment_too(monkeypatch):
    monkeypatch.setenv("LESSONS", "01 04")
    monkeypatch.setenv("BUDGET", "0.5")
    given = tools_main.parser().parse_args(["e2e"])
    assert (given.lessons, given.budget) == (["01", "04"], 0.5)
    monkeypatch.delenv("BUDGET")
    assert tools_main.parser().parse_args(["e2e", "03"]).budget == 0.1


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


def test_the_broken_lesson_has_a_cell_for_every_problem():
    nb = broken.worked()
    assert set(broken.PROBLEMS) < {cell.id for cell in nb.cells}
    stub = student_notebook(nb).cells[plans.position(nb, "ex", "0.2")].source
    assert plans.stub_line(stub) == 1


def test_waiting_ends_with_the_value_or_with_one_sentence(monkeypatch):
    from tools.verify.browser.page import wait_until

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    answers = iter([None, 0, "now"])
    assert wait_until(lambda: next(answers), 60, "never") == "now"
    with pytest.raises(UserError, match="never"):
        wait_until(lambda: None, 0, "never")


def test_run_all_waits_for_cells_that_are_not_drawn_yet(monkeypatch):
    drawn = [["1", "*"], ["1", "2"], ["1", "2", "*"], ["1", "2", "3"], ["late"]]
    server = SimpleNamespace(kernel=lambda: {"execution_state": "busy"})
    browser = SimpleNamespace(click=lambda selector: None)
    page = LessonPage(browser, server, "01.ipynb", Path())
    monkeypatch.setattr(LessonPage, "prompts", lambda self: drawn.pop(0))
    monkeypatch.setattr(e2e_page.time, "sleep", lambda seconds: None)
    page.run_all(3)
    assert drawn == [["late"]]
