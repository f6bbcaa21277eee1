"""A learner needs no nbgrader: lessons, helpers and the learner's commands run without.

Installed or not, it is blocked here: an import of it fails.
"""

import os
import subprocess
import sys
from importlib.util import find_spec

import nbformat
import pytest

from tools.__main__ import COMMANDS, EXTRAS
from tools.course import files, notebooks
from tools.editions.student import student_edition
from tools.execute.schedule import Job, run_jobs

BLOCK = 'import sys\n\nsys.modules["nbgrader"] = None\n'
OWN = {name: command for name, command in COMMANDS.items() if name not in EXTRAS}


@pytest.fixture
def blocked(tmp_path):
    """Return a PYTHONPATH with which every Python fails to import nbgrader."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(files.ROOT)])
    assert "import of nbgrader halted" in errors_of("import nbgrader", path)
    return path


def errors_of(source, path):
    """Run a Python with another import path; return what it prints to stderr."""
    command = [sys.executable, "-c", source]
    environment = os.environ | {"PYTHONPATH": path}
    run = subprocess.run(command, env=environment, capture_output=True)
    return run.stderr.decode()


def test_the_first_lesson_of_the_student_edition_runs(blocked, tmp_path):
    source = tmp_path / "00_start_here.ipynb"
    nbformat.write(student_edition(notebooks.choose(["00"])[0]), source)
    job = Job(
        source,
        tmp_path / "out" / source.name,
        {"BUDGET": 0.02},
        environment={"PYTHONPATH": blocked},
    )
    (result,) = run_jobs([job])
    assert result.error == ""
    checks = notebooks.exercises(notebooks.read(job.target))
    assert [notebooks.verdicts(cell) for cell in checks] == [["○"]]


def test_the_learners_commands_start(blocked):
    modules = [name for name, _ in OWN.values() if find_spec(name)]
    assert errors_of("\n".join(f"import {name}" for name in modules), blocked) == ""
