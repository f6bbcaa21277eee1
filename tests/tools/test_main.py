"""`python -m tools`: bad input is one sentence, values come from the environment."""

import os
import subprocess
import sys
from argparse import Namespace
from types import SimpleNamespace

import pytest

from helpers.core.errors import UserError
from tools import __main__ as tools_main
from tools.course import files
from tools.lab import clean


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["paint"], "invalid choice: 'paint'"),
        (["run", "--budget", "much"], "--budget: invalid float value: 'much'"),
        (["run", "--jobs", "0"], "--jobs: invalid positive value: '0'"),
        (["claims", "--seeds", "0 one"], "--seeds: invalid seeds value: '0 one'"),
        (["claims", "--seeds", " "], "--seeds: invalid seeds value: ' '"),
        ([], "the following arguments are required: NAME"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as left:
        tools_main.main(arguments)
    printed = capsys.readouterr().err
    assert left.value.code == 2
    assert sentence in printed
    assert printed.count("\n") == 1


def test_values_come_from_the_environment(monkeypatch):
    for name, value in {"LESSONS": "01 03", "SEED": "4", "BUDGET": "0.5"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DEVICE", "")  # what make exports for a variable left empty
    arguments = tools_main.parser().parse_args(["run"])
    assert arguments.lessons == ["01", "03"]
    assert (arguments.seed, arguments.budget) == (4, 0.5)
    assert arguments.device is None


def test_the_command_line_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("SEED", "4")
    monkeypatch.setenv("LESSONS", "01 03")
    arguments = tools_main.parser().parse_args(["run", "--seed", "5", "02"])
    assert (arguments.seed, arguments.lessons) == (5, ["02"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(None, [0, 1, 2, 3, 4]), ("", [0, 1, 2, 3, 4]), ("7", [7]), ("3 1 3", [3, 1])],
)
def test_the_seeds_of_the_ledger(monkeypatch, typed, expected):
    monkeypatch.delenv("SEEDS", raising=False)
    if typed is not None:
        monkeypatch.setenv("SEEDS", typed)
    assert tools_main.parser().parse_args(["claims"]).seeds == expected


def test_a_bench_runs_one_lesson_at_a_time():
    assert tools_main.parser().parse_args(["bench"]).jobs == 1
    assert tools_main.parser().parse_args(["claims"]).jobs == 2


def test_a_bad_value_in_the_environment_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("SEED", "first")
    with pytest.raises(SystemExit):
        tools_main.main(["run"])
    assert "argument --seed: invalid int value: 'first'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "exit_code", "printed"),
    [
        (UserError("The cat sat on the data."), 2, "The cat sat on the data.\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_what_a_user_can_mend_has_no_traceback(
    raised, exit_code, printed, monkeypatch, capsys
):
    def main(_):
        raise raised

    module = SimpleNamespace(main=main)
    monkeypatch.setattr(tools_main.importlib, "import_module", lambda name: module)
    assert tools_main.main(["student"]) == exit_code
    assert capsys.readouterr().err == printed


def test_without_the_course_installed_it_says_how_to_install_it():
    bare = [sys.executable, "-S", "-m", "tools", "student"]  # no site-packages
    done = subprocess.run(
        bare, cwd=files.ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 2
    assert "make lab" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_command_of_the_classroom_says_what_to_install(monkeypatch, capsys):
    def lacking(name):
        raise ModuleNotFoundError("no nbgrader", name="nbgrader.apps")

    monkeypatch.setattr(tools_main.importlib, "import_module", lacking)
    assert tools_main.main(["classroom"]) == 2
    said = "This Python lacks nbgrader.apps: type `make classroom`, or python -m pip "
    said += 'install -c constraints.txt -e ".[classroom]".\n'
    assert capsys.readouterr().err == said


def test_signs_are_printed_whatever_the_system_would_write():
    command = [sys.executable, "-m", "tools", "✓"]
    windows = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, cwd=files.ROOT, env=windows, capture_output=True)
    assert "invalid choice: '✓'" in done.stderr.decode()


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from tools.__main__ import parser; parser().format_help(); "
        "print({'torch', 'papermill', 'nbformat'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=files.ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stdout == "set()\n"


def test_clean_leaves_what_cannot_be_made_again(tmp_path):
    gone = ["build/run", "helpers/__pycache__", ".ruff_cache"]
    kept = ["study", "classroom", ".venv", "data/cache", "helpers/models"]
    for name in gone + kept:
        (tmp_path / name).mkdir(parents=True)
    clean.main(Namespace(), tmp_path)
    assert not any((tmp_path / name).exists() for name in gone)
    assert all((tmp_path / name).exists() for name in kept)
