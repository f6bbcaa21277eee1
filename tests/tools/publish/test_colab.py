"""Colab copies: the cell that installs the course, in them alone, and what it does."""

import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata

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
# was called, and fails if it is told to.
FAKE_PIP = "import os, sys; open(os.environ['CALLS'], 'a', encoding='utf-8')"
FAKE_PIP += ".write(' '.join(sys.argv[1:]) + '\\n'); sys.exit(os.environ.get('FAIL'))"


def test_the_cell_has_the_place_and_what_the_course_needs():
    found = values(PLACE, PROJECT["project"])
    assert (found["REPOSITORY"], found["BRANCH"]) == (PLACE.repository, PLACE.branch)
    assert "packaging>=24" in found["NEEDED"]
    names = {text.partition("=")[0].partition(">")[0] for text in found["NEEDED"]}
    assert not {"torch", "torchvision", "jupyterlab"} & names
    assert len(names) == len(PROJECT["project"]["dependencies"]) - 3
    namespace = {"__name__": "looked at"}
    exec(cell_source(found), namespace)
    assert {name: namespace[name] for name in found} == found
    assert found["PRINTED_WITH"] in metadata.version("torch")


def test_it_is_the_first_code_cell_and_nothing_else_changes():
    timing = code("1", "timing", slideshow={"slide_type": "skip"})
    student = student_notebook(v4.new_notebook(cells=tiny_cells(timing)))
    before = nbformat.writes(student)
    copy = colab_copy(student, "install()")
    first = notebooks.code_cells(copy)[0]
    assert copy.cells.index(first) == 1
    assert (first.source, first.id) == ("install()", colab.ID)
    copy.cells.remove(first)
    assert copy == student
    assert nbformat.writes(student) == before


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the cell in a Python of its own, which has nothing of
    the course yet, and then prints where the helpers come from."""
    fake = tmp_path / "fake" / "pip"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()  # else the true one, a whole package, wins
    (fake / "__main__.py").write_text(FAKE_PIP, encoding="utf-8")
    (tmp_path / "content").mkdir()
    constants = {
        "REPOSITORY": (tmp_path / "far away" / "course").as_uri(),
        "BRANCH": "student",
        "PRINTED_WITH": "2",
        "NEEDED": ["numpy>=1", "no-such-package>=1"],
    }
    script = cell_source(constants).replace(OURS, "no-such-course")
    script += "\nimport helpers; print(helpers.__file__)"

    def run(**environment):
        paths = {"PYTHONPATH": str(fake.parent), "CALLS": str(tmp_path / "calls")}
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path / "content",
            env=os.environ | paths | {"PYTHONIOENCODING": "utf-8"} | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    run.remote = constants["REPOSITORY"]
    return run


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_the_cell_brings_the_course_and_may_be_run_again(run, tmp_path):
    failed = run().stderr.splitlines()[-1]  # nothing has been published yet
    assert failed.startswith(
        "RuntimeError: The course is not installed, since git said"
    )
    public = f"make sure that {run.remote} is public and has a branch student"
    assert failed.endswith(f": {public}, then run this cell again.")
    publish(tmp_path / "far away" / "course")
    failed = run(FAIL="no network").stderr.splitlines()[-1]
    assert "since pip said 'no network': wait a minute, then run this" in failed
    (tmp_path / "calls").unlink()
    done = run()
    course = tmp_path / "content" / "course"
    said, where = done.stdout.splitlines()
    assert f"PyTorch here: {metadata.version('torch')}, on the printed" in said
    assert os.path.samefile(where, course / "helpers" / "__init__.py")
    asked = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    pip = "install --quiet --no-deps"
    assert asked == [
        f"{pip} no-such-package>=1",
        f"{pip} --editable {course}",
        "weights",
    ]
    assert run().returncode == 0


def publish(remote):
    """Make a repository with a branch for students."""
    for room in ("helpers", "tools"):
        (remote / room).mkdir(parents=True)
    for name in ("pyproject.toml", "helpers/__init__.py", "tools/__init__.py"):
        (remote / name).touch()
    without_weights = FAKE_PIP.replace("os.environ.get('FAIL')", "1")
    (remote / "tools/__main__.py").write_text(without_weights, encoding="utf-8")
    for words in ("init -q -b student", "add .", "commit -q -m all"):
        git(remote, *words.split())
