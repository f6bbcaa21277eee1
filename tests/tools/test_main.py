"""`pixels NAME`: bad input is one sentence, the environment holds defaults."""

import os
import subprocess
import sys
from argparse import Namespace
from fnmatch import fnmatch
from pathlib import Path

import pytest
from support.project import MAKEFILE, PROJECT, SETUPTOOLS

from helpers.core.errors import UserError
from tools import __main__ as tools_main
from tools.course import files, options
from tools.lab import clean


def python(*words, stdout=subprocess.PIPE, **environment):
    """Run this Python in the checkout; return exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=files.ROOT,
        env=os.environ | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()


@pytest.fixture
def asked(monkeypatch):
    """Return a function that reads a command line in an environment; a test of a
    command that cannot be imported without its extra is skipped."""

    # Whether one can be imported is asked, not whether its extra is there.
    monkeypatch.setattr(tools_main, "EXTRAS", {})

    def read(words, environment=None):
        for name in options.VARIABLES:
            monkeypatch.delenv(f"PIXELS_{name}", raising=False)
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        try:
            return tools_main.parsed(words.split(" ") if words else [])
        except UserError as error:
            if str(error).startswith("This Python lacks"):
                pytest.skip(str(error))
            raise

    return read


@pytest.mark.parametrize(
    ("words", "environment", "sentence"),
    [
        ("", {}, "the following arguments are required: NAME"),
        ("quux", {}, "There is no command 'quux'; there are lab, test, run, "),
        ("rnu 01", {}, "There is no command 'rnu'; did you mean run?"),
        ("run --budget much", {}, "--budget: invalid float value: 'much'"),
        ("run --jobs 0", {}, "--jobs: invalid positive value: '0'"),
        ("run", {"PIXELS_SEED": "first"}, "--seed: invalid int value: 'first'"),
        ("claims --seeds 0 one", {}, "--seeds: invalid seeds value: 'one'"),
        ("claims --seeds ,", {}, "--seeds: ',' is empty; it needs numbers such as"),
        ("claims --seeds 4-0", {}, "--seeds: The range 4-0 runs backwards; it needs"),
        ("lab 01", {}, "unrecognized arguments: 01"),
    ],
)
def test_bad_arguments_are_one_sentence(words, environment, sentence, asked, capsys):
    with pytest.raises((SystemExit, UserError)) as left:
        asked(words, environment)
    assert left.type is UserError or left.value.code == 2
    printed = capsys.readouterr().err or f"{left.value}\n"
    assert sentence in printed and printed.count("\n") == 1


VALUES = [  # what is typed, what the environment says, what comes of it
    ("run", {}, {"lessons": [], "seed": None, "budget": None, "jobs": 2}),
    ("run", {"PIXELS_LESSONS": "01 03"}, {"lessons": ["01", "03"]}),
    ("run 02", {"PIXELS_LESSONS": "01 03"}, {"lessons": ["02"]}),
    ("run", {"PIXELS_SEED": "4", "PIXELS_BUDGET": ".5"}, {"seed": 4, "budget": 0.5}),
    ("run --seed 5", {"PIXELS_SEED": "first"}, {"seed": 5}),
    ("run", {"PIXELS_DEVICE": ""}, {"device": None}),
    ("run", {"SEED": "4", "LESSONS": "01"}, {"seed": None, "lessons": []}),
    ("bench", {"PIXELS_DEVICE": "cpu"}, {"device": "cpu", "jobs": 1}),
    ("claims", {}, {"seeds": [0, 1, 2, 3, 4], "scheduler": None}),
    ("claims", {"PIXELS_SEEDS": ""}, {"seeds": [0, 1, 2, 3, 4]}),
    ("claims", {"PIXELS_SEEDS": "3 1 3"}, {"seeds": [3, 1]}),
    ("claims 02 --seeds 7 0-2 1", {}, {"seeds": [7, 0, 1, 2], "lessons": ["02"]}),
    ("claims --seeds 0,2", {"PIXELS_SEEDS": "5"}, {"seeds": [0, 2]}),
    ("claims", {"PIXELS_SCHEDULER": "tcp://a:1"}, {"scheduler": "tcp://a:1"}),
    ("faults", {"PIXELS_FAULTS": "a b"}, {"names": ["a", "b"], "until": "lessons"}),
    ("habits 01 --only cpu", {"PIXELS_HABITS": "again twice"}, {"only": ["cpu"]}),
    ("e2e", {}, {"budget": 0.1}),
    ("classroom 01 --grade", {}, {"lessons": ["01"], "grade": True}),
    ("habits", {"PIXELS_HABITS": "again twice"}, {"only": ["again", "twice"]}),
    ("lock", {"PIXELS_UPGRADE": "a b"}, {"upgrade": ["a", "b"]}),
    ("weights", {}, {"names": []}),
    ("slides", {"PIXELS_REVEAL": "a b"}, {"reveal": "a b", "lessons": []}),
    ("test unit -- -k x", {}, {"steps": ["unit"], "passed_on": ["-k", "x"]}),
    ("test --lessons 01", {}, {"steps": [], "lessons": ["01"], "passed_on": []}),
    ("test", {"PIXELS_LESSONS": "01"}, {"lessons": ["01"]}),
]


@pytest.mark.parametrize(("words", "environment", "expected"), VALUES)
def test_values_are_typed_or_come_from_the_environment(
    words, environment, expected, asked
):
    found = vars(asked(words, environment))
    assert {name: found[name] for name in expected} == expected


def test_every_variable_is_read_and_make_passes_it_on():
    read = {name for _, environment, _ in VALUES for name in environment}
    assert {f"PIXELS_{name}" for name in options.VARIABLES} <= read
    assert f"\nVARIABLES := {' '.join(options.VARIABLES)}\n" in MAKEFILE


@pytest.mark.parametrize("name", tools_main.COMMANDS)
def test_help_has_an_example_that_works_and_make_knows_who_takes_lessons(name, asked):
    takes_lessons = hasattr(asked(name), "lessons")
    module = tools_main.load(name)
    if hasattr(module, "options"):
        asked(f"{name} {module.EXAMPLE}")
    (of_lessons,) = (x for x in MAKEFILE.splitlines() if x.startswith("OF_LESSONS :="))
    assert (name in of_lessons.split()) is takes_lessons


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("01", ["01"]),
        ("01 03", ["01", "03"]),
        ("1,2", ["1", "2"]),
        ("1, 3,", ["1", "3"]),
        ("00-02", ["00", "01", "02"]),
        ("9-11 01_cnn-b", ["9", "10", "11", "01_cnn-b"]),
    ],
)
def test_a_text_stands_for_names(text, names):
    assert options.spelled_out(text) == names


CLASSROOM = 'install -c constraints.txt -e ".[classroom]"\n'


@pytest.mark.parametrize(
    ("name", "raised", "code", "printed"),
    [
        ("lab", UserError("The cat sat on the data."), 2, "The cat sat on the data.\n"),
        ("lab", KeyboardInterrupt(), 130, "interrupted\n"),
        ("lab", ModuleNotFoundError(name="nbformat"), 2, "lacks nbformat: type `make "),
        ("teach", ModuleNotFoundError(name="nbgrader.apps"), 2, CLASSROOM),
    ],
)
def test_what_a_user_can_mend_has_no_traceback(
    name, raised, code, printed, monkeypatch, capsys
):
    def imported(_):
        raise raised

    monkeypatch.setattr(tools_main.importlib, "import_module", imported)
    assert tools_main.main([name]) == code
    said = capsys.readouterr().err
    assert printed in said and said.count("\n") == 1


ONLY_TESTS = (
    "papermill nbval nbstripout distributed pytest ruff importlinter yaml nbgrader"
)
WITHOUT = f"""
import sys
for name in "{ONLY_TESTS}".split():
    sys.modules[name] = None
import tools.__main__ as pixels
try:
    pixels.main(sys.argv[1:])
except SystemExit as end:
    sys.exit(end.code)
"""


@pytest.mark.parametrize("name", ["lab", "student", "progress", "weights"])
def test_a_learners_commands_need_no_more_than_a_learner_has(name):
    code, _, errors = python("-c", WITHOUT, name, "--help")
    assert code == 0, errors


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("run", "test"),
        ("claims", "test"),
        ("bench", "test"),
        ("teach", "classroom"),
        ("lock", "lock"),
    ],
)
def test_what_another_command_needs_is_one_sentence(name, extra, monkeypatch, capsys):
    monkeypatch.setattr(tools_main.importlib.util, "find_spec", lambda _: None)
    assert tools_main.main([name]) == 2
    assert f'-c constraints.txt -e ".[{extra}]"\n' in capsys.readouterr().err


def test_a_module_of_ours_that_is_missing_is_a_bug_and_shows_itself(monkeypatch):
    def imported(_):
        raise ModuleNotFoundError(name="tools.lab.lba")

    monkeypatch.setattr(tools_main.importlib, "import_module", imported)
    with pytest.raises(ModuleNotFoundError):
        tools_main.main(["lab"])


def test_without_any_package_it_says_how_to_install_them():
    code, _, printed = python("-S", "-m", "tools", "student")  # no site-packages
    assert code == 2 and "make student" in printed and printed.count("\n") == 1


def test_without_the_course_around_it_says_to_clone_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(tools_main, "ROOT", tmp_path)  # as in site-packages
    assert tools_main.main(["--version"]) == 2
    assert "clone the course" in capsys.readouterr().err


def test_signs_are_printed_whatever_the_system_would_write():
    printed = python("-m", "tools", "✓", PYTHONIOENCODING="cp1252")[2]
    assert "no command '✓'" in printed


@pytest.mark.skipif(os.name != "posix", reason="a pipe of another system")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_nobody_reads_is_left_quietly(unbuffered):
    read, write = os.pipe()
    os.close(read)
    script = "from tools import __main__ as m; m.main = lambda: print(1); "
    script += "raise SystemExit(m.script())"
    found = python("-c", script, stdout=write, PYTHONUNBUFFERED=unbuffered)
    os.close(write)
    assert found == (141, "", "")


@pytest.mark.parametrize(
    "imported",
    ["tools.__main__ as m; m.parser().format_help()", "tools.machine.command"],
)
def test_no_help_and_no_check_imports_what_is_heavy_or_could_be_broken(imported):
    heavy = {"torch", "papermill", "nbformat", "matplotlib", "psutil", "tools.lab.lab"}
    script = f"import sys; import {imported}; print({heavy} & set(sys.modules))"
    assert python("-c", script)[1].strip() == "set()"


def test_the_version_is_the_projects():
    printed = python("-m", "tools", "--version")[1]
    assert printed.split() == ["pixels", PROJECT["version"]]


def test_clean_leaves_what_cannot_be_made_again(tmp_path):
    gone = ["build/run", "helpers/__pycache__", ".ruff_cache"]
    kept = ["study", "classroom", ".venv", "data/cache", "helpers/models"]
    for name in gone + kept:
        (tmp_path / name).mkdir(parents=True)
    clean.main(Namespace(), tmp_path)
    assert not any((tmp_path / name).exists() for name in gone)
    assert all((tmp_path / name).exists() for name in kept)


def test_every_file_beside_the_code_is_in_the_wheel():
    assert "namespaces" not in SETUPTOOLS["packages"]["find"]  # folders of data, too
    globs = SETUPTOOLS["package-data"]["*"]
    rooms = [Path(files.ROOT, room) for room in ("helpers", "tools")]
    paths = [path for room in rooms for path in room.rglob("*") if path.is_file()]
    found = [path for path in paths if path.suffix not in (".py", ".pyc")]
    assert found
    for path in found:
        assert any(fnmatch(path.name, glob) for glob in globs), path
