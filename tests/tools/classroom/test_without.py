"""A learner needs no nbgrader: the learner's commands start without.

Installed or not, it is blocked here: an import of it fails. That lessons and helpers
run without is tested where they are published.
"""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tools.__main__ import COMMANDS, EXTRAS
from tools.course import files

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


def test_the_learners_commands_start(blocked):
    modules = [name for name, _ in OWN.values() if find_spec(name)]
    assert errors_of("\n".join(f"import {name}" for name in modules), blocked) == ""
