"""`python -m tools test`: every step runs, failures are counted, nothing hides."""

import re
import subprocess
import sys
from argparse import Namespace
from types import SimpleNamespace

import pytest
from nbval.plugin import get_sanitize_patterns

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.execute import kernels
from tools.verify import suite
from tools.verify.suite import Count


def refuse():
    raise UserError("No lesson found.")


def test_every_step_runs_and_the_last_line_sums_up(capsys):
    steps = [
        ("first", lambda: Count(3, 1)),
        ("second", refuse),
        ("third", lambda: Count(40, 0)),
    ]
    assert suite.main(Namespace(), steps) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("==")] == [
        "== first ==",
        "== second ==",
        "== third ==",
    ]
    assert "No lesson found." in printed
    assert printed[-1] == "43 passed, 2 failed"


def test_success_is_exit_code_0(capsys):
    assert suite.main(Namespace(), [("only", lambda: Count(1, 0))]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"


def test_all_that_the_course_promises_is_among_the_steps():
    names = " ".join(name for name, _ in suite.STEPS)
    for promised in ("ruff check", "ruff format", "unit tests", "nbval", "SEED=1"):
        assert promised in names
    assert names.endswith("student edition: BUDGET=0.1")


@pytest.fixture
def pytest_run(tmp_path, monkeypatch):
    """Replace pytest by something that leaves a report and an exit code."""
    monkeypatch.setattr(files, "BUILD", tmp_path)

    def prepare(exit_code, **counts):
        attributes = " ".join(f'{key}="{value}"' for key, value in counts.items())

        def ran(command):
            if counts:
                xml = f"<testsuites><testsuite {attributes}/></testsuites>"
                (tmp_path / "name.xml").write_text(xml, encoding="utf-8")
            return exit_code

        monkeypatch.setattr(suite, "ran", ran)
        return suite.pytest("name", "tests")

    return prepare


def test_tests_are_counted_from_the_report(pytest_run):
    count = pytest_run(1, tests=20, failures=2, errors=1, skipped=4)
    assert count == Count(13, 3)


def test_a_crash_is_a_failure_even_without_a_failed_test(pytest_run):
    assert pytest_run(3, tests=5, failures=0, errors=0, skipped=0) == Count(5, 1)
    assert pytest_run(0, tests=5, failures=0, errors=0, skipped=0) == Count(5, 0)


def test_an_old_report_is_not_taken_for_a_new_one(pytest_run):
    pytest_run(0, tests=5, failures=0, errors=0, skipped=0)
    assert pytest_run(4) == Count(0, 1)


def test_what_children_print_is_utf8_whatever_the_system_would_write(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")  # as on Windows
    command = [sys.executable, "-c", "print('✓')"]
    child = kernels.child_environment()
    printed = subprocess.run(command, env=child, capture_output=True).stdout
    assert printed.decode().strip() == "✓"


def test_ruff_counts_as_one(monkeypatch):
    monkeypatch.setattr(suite, "ran", lambda command: 1)
    assert suite.ruff("check") == Count(0, 1)
    monkeypatch.setattr(suite, "ran", lambda command: 0)
    assert suite.ruff("check") == Count(1, 0)


def test_a_notebook_with_problems_counts_as_failed():
    reports = [SimpleNamespace(problems=()), SimpleNamespace(problems=("a", "b"))]
    assert suite.count_reports(reports) == Count(1, 1)


def test_nbval_gets_the_stored_lessons_and_one_kernel_each(monkeypatch, tmp_path):
    (tmp_path / "01_a.ipynb").touch()
    monkeypatch.setattr(notebooks.lessons, "__defaults__", (tmp_path,))
    calls = []
    monkeypatch.setattr(suite, "pytest", lambda *call: calls.append(call))
    suite.nbval()
    assert {"--nbval-lax", "--dist=loadfile", str(tmp_path / "01_a.ipynb")} <= set(
        calls[0]
    )


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<A at 0x7f00aa12>", "<A at ADDRESS>"),
        ("640x480", "640x480"),
        ("took 12.5 s", "took DURATION"),
        ("3 sheep", "3 sheep"),
        ("loss  40%|####   | 4/10", "lossPROGRESS"),
        ("40% of them", "40% of them"),
    ],
)
def test_the_sanitizer_touches_what_differs_and_nothing_else(text, clean):
    rules = (files.ROOT / "tests" / "sanitize.cfg").read_text(encoding="utf-8")
    for pattern, replacement in get_sanitize_patterns(rules):
        text = re.sub(pattern, replacement, text)
    assert text == clean
