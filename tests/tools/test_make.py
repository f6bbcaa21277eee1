"""The Makefile: in a path with spaces and signs, from elsewhere, twice in a row."""

import os
import shutil
import stat
import subprocess

import pytest

from tools.course import files
from tools.machine import preflight

if os.name != "posix" or shutil.which("make") is None:
    pytest.skip("there is no make here", allow_module_level=True)

# Stands in for Python: it writes down how it was called, and can make a venv. One
# tool is slow, so that two at once would be seen in the order of the calls.
FAKE = """\
#!/bin/sh
if [ "$3" = student ]; then sleep 0.3; fi
if [ "$1" = tools/machine/torch_index.py ]; then echo "${INDEX-$TORCH_INDEX}"; fi
if [ "$3" = weights ]; then FAIL=${NO_WEIGHTS:-$FAIL}; fi
if [ "$4" = --no-deps ]; then FAIL=${NO_TORCH:-$FAIL}; fi
echo "$(pwd)|$PIXELS_LESSONS|$PIXELS_SEED|$*" >> "$CALLS"
if [ "$1 $2" = "-m venv" ]; then mkdir -p .venv/bin && cp "$0" .venv/bin/python; fi
if [ "$4" = "${FAIL_AT:-none}" ]; then FAIL=1; fi
exit ${FAIL:-0}
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose path holds spaces, signs and a dollar."""
    root = tmp_path / "with  space & 'quote' $HOME" / "main"
    table = root / "tools/machine/weights/minilm.txt"
    table.parent.mkdir(parents=True)
    table.touch()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy2(files.ROOT / name, root)
    fake = tmp_path / "fake python"
    fake.write_text(FAKE, encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    return root


@pytest.fixture
def make(checkout, tmp_path):
    """Return a function that calls make from elsewhere, and returns what became of it
    and the calls of Python."""

    def call(*arguments, **variables):
        calls = tmp_path / "calls"
        calls.write_text("", encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHON": str(tmp_path / "fake python"),
            "CALLS": str(calls),
        }
        done = subprocess.run(
            ["make", "-C", str(checkout), *arguments],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        said = calls.read_text(encoding="utf-8").splitlines()
        return done, [line.split("|") for line in said]

    return call


def commands(calls):
    """Return only what the fake Python was asked to do."""
    return [call[-1] for call in calls]


def given(calls):
    """Return which lessons and which seed the last call was given."""
    return calls[-1][1:3]


INSTALL = [
    "tools/machine/torch_index.py",
    "tools/machine/preflight.py",
    "-m venv .venv",
    "-m pip install -c constraints.txt -e .",
]
FOR_TESTS = "-m pip install -c constraints.txt -e .[test]"
WEIGHTS = "-m tools weights"


@pytest.mark.parametrize(
    ("command", "extras", "weights"),
    [
        ("lab", [], [WEIGHTS]),
        ("progress", [], []),
        ("student", [], []),
        ("run", ["test"], [WEIGHTS]),
        ("check", ["test"], [WEIGHTS]),
        ("test", ["test", "classroom", "e2e"], [WEIGHTS]),
        ("classroom", ["classroom"], [WEIGHTS]),
        ("teach", ["classroom"], [WEIGHTS]),
        ("e2e", ["e2e"], [WEIGHTS]),
        ("mutants", ["test", "mutants"], [WEIGHTS]),
        ("lock", ["lock"], []),
        ("weights", [], []),
    ],
)
def test_it_installs_once_what_is_needed_and_then_only_calls_the_tool(
    make, checkout, command, extras, weights
):
    more = [f"-m pip install -c constraints.txt -e .[{extra}]" for extra in extras]
    _, first = make(command)
    found = commands(first)
    assert found[: len(INSTALL)] == INSTALL
    assert sorted(found[len(INSTALL) : -1]) == sorted([*more, *weights])
    assert found[-1] == f"-m tools {command}"
    assert {call[0] for call in first} == {str(checkout)}
    _, second = make(command)
    assert commands(second) == [f"-m tools {command}"]


def test_weights_that_cannot_be_had_stop_nothing_and_are_not_tried_at_each_start(make):
    done, calls = make("lab", NO_WEIGHTS="1")
    assert done.returncode == 0
    assert commands(calls)[-2:] == [WEIGHTS, "-m tools lab"]
    assert commands(make("lab", NO_WEIGHTS="1")[1]) == ["-m tools lab"]
    assert make("weights", NO_WEIGHTS="1")[0].returncode != 0


def test_other_weights_in_the_table_are_looked_for_at_the_next_start(make, checkout):
    make("lab")
    table = checkout / "tools/machine/weights/minilm.txt"
    os.utime(table, (2**31, 2**31))
    assert commands(make("lab")[1]) == [WEIGHTS, "-m tools lab"]


def test_by_the_lock_every_hash_is_checked_and_nothing_else_installed(make):
    index = "https://example.org/cpu"
    done, calls = make("test", LOCKED="1", INDEX=index)
    assert done.returncode == 0
    pip = [words for words in commands(calls) if " pip " in f" {words} "]
    assert pip == [
        f"-m pip install --no-deps --index-url {index} -c constraints.txt torch "
        "torchvision",
        "-m pip install --require-hashes --only-binary :all: -r requirements.lock",
        "-m pip install -c constraints.txt torch torchvision",
        "-m pip install --no-deps --no-build-isolation -e .",
    ]


def test_a_lock_that_does_not_hold_installs_nothing_more(make):
    done, calls = make("student", LOCKED="1", FAIL_AT="--require-hashes")
    assert done.returncode != 0
    assert commands(calls)[-1].endswith("-r requirements.lock")


@pytest.mark.parametrize(
    ("typed", "lessons", "seed"),
    [
        (["run", "LESSONS=01 03", "SEED=1"], "01 03", "1"),
        (["run", "01", "03"], "01 03", ""),
        (["02,3", "run", "00-01"], "02,3 00-01", ""),
        (["test", "01"], "01", ""),
        (["run"], "", ""),
    ],
)
def test_only_what_is_typed_reaches_the_tool(make, typed, lessons, seed):
    shell = {"SEED": "9", "LESSONS": "9"}  # set there for something else
    done, calls = make(*typed, **shell)
    assert done.returncode == 0, done.stderr
    assert given(calls) == [lessons, seed]
    tools = [call for call in commands(calls) if "-m tools" in call]
    assert len([call for call in tools if call != WEIGHTS]) == 1


def test_what_the_shell_says_to_the_tools_reaches_them(make):
    _, calls = make("run", PIXELS_LESSONS="02", PIXELS_SEED="3")
    assert given(calls) == ["02", "3"]


def test_values_reach_the_tool_without_a_shell_in_between(make, checkout):
    lessons = "01; touch $HOME $$ `touch x` $(shell touch x) 'a b' \"c\" # d"
    _, calls = make("run", f"LESSONS={lessons}")
    assert given(calls) == [lessons, ""]
    done, calls = make("run", "0`touch x`", "0$(shell touch x)")
    assert done.returncode and not calls
    assert not list(checkout.rglob("x")) and not (checkout.parents[1] / "x").exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["rnu"], "There is no 'make rnu'"),
        (["test", "unit"], "There is no 'make unit'"),
        (["lab", "01"], "`make lab` takes no lessons, so leave out 01"),
        (["01"], "such as: make run 01"),
        (["lab", "PYTHON=python9"], "There is no 'python9' here"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(make, typed, sentence):
    done, calls = make(*typed)
    assert done.returncode and sentence in done.stderr
    assert not calls


def test_torch_and_torchvision_come_first_and_from_the_given_index(make):
    index = "https://download.pytorch.org/whl/cpu"
    _, calls = make("student", TORCH_INDEX=index)
    torch = "-m pip install --no-deps --index-url {} -c constraints.txt {}"
    torch = torch.format(index, "torch torchvision")
    install = [*INSTALL[:3], torch, INSTALL[3]]
    assert commands(calls) == [*install, "-m tools student"]


def test_where_the_index_that_was_chosen_fails_the_default_build_is_taken(make):
    done, calls = make("student", INDEX="https://example.org/cpu", NO_TORCH="1")
    assert done.returncode == 0
    assert "--index-url https://example.org/cpu" in commands(calls)[3]
    assert commands(calls)[4:] == [INSTALL[3], "-m tools student"]


def test_where_the_index_that_was_asked_for_fails_nothing_else_is_taken(make):
    done, calls = make("student", TORCH_INDEX="https://example.org/cpu", NO_TORCH="1")
    assert done.returncode != 0
    assert "--index-url https://example.org/cpu" in commands(calls)[-1]


def test_after_a_failure_or_a_changed_version_it_installs_again(make, checkout):
    assert make("student", FAIL="1")[0].returncode != 0
    assert commands(make("student")[1])[:-1] == INSTALL
    os.utime(checkout / "constraints.txt", (2**31, 2**31))
    assert commands(make("student")[1])[:-1] == INSTALL


def test_the_tools_exit_code_reaches_the_caller(make):
    make("test")
    assert make("test", FAIL="1")[0].returncode != 0


def test_parallel_make_runs_one_thing_at_a_time(make):
    _, calls = make("-j8", "student", "run")
    found = commands(calls)
    assert found[:5] == [*INSTALL, "-m tools student"]
    assert sorted(found[5:7]) == sorted([FOR_TESTS, WEIGHTS])
    assert found[7:] == ["-m tools run"]


def test_clean_and_help_install_nothing(make):
    assert commands(make("clean")[1]) == ["-m tools clean"]
    assert not make()[1]


BOTH = ["venv", "ensurepip"]


@pytest.mark.parametrize(
    ("version", "modules", "free", "need", "sentence"),
    [
        ((3, 10), BOTH, 99, 12, "This is Python 3.10; the course"),
        ((3, 11), ["venv"], 99, 12, "install the package python3-venv"),
        ((3, 11), BOTH, 11.9, 12, "11.9 GB free; the environment"),
        ((3, 11), BOTH, 12, 12, ""),
    ],
)
def test_preflight_says_what_is_missing(version, modules, free, need, sentence):
    problem = preflight.problem(version, modules, free, need)
    assert sentence in problem and bool(problem) is bool(sentence)


@pytest.mark.parametrize(
    ("platform", "index", "begun", "gigabytes"),
    [
        ("linux", "", False, 12),
        ("linux", "https://download.pytorch.org/whl/cpu/", False, 4),
        ("linux", "https://download.pytorch.org/whl/cu130", False, 12),
        ("linux", "", True, 0),
        ("darwin", "", False, 4),
    ],
)
def test_only_a_new_gpu_build_needs_much_disk(platform, index, begun, gigabytes):
    assert preflight.needed_gb(platform, index, begun) == gigabytes
