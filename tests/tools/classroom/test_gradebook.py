"""One process writes the gradebook at a time, and lets others while cells run."""

import sqlite3
import subprocess
import sys

import pytest

from tools.classroom import gradebook

HOLDER = """\
import sys
from pathlib import Path

from tools.classroom.gradebook import writing

with writing(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait for nobody."""
    monkeypatch.setattr(gradebook, "PATIENCE", 0.0)


def is_free(root):
    """Return whether another writer would have to wait."""
    try:
        with gradebook.writing(root):
            return True
    except sqlite3.OperationalError as error:
        assert "locked" in str(error)
        return False


def test_there_is_one_writer_until_it_has_done(tmp_path):
    assert is_free(tmp_path)
    with gradebook.writing(tmp_path):
        assert not is_free(tmp_path)
    with pytest.raises(ZeroDivisionError), gradebook.writing(tmp_path):
        _ = 1 / 0
    assert is_free(tmp_path)


def test_others_may_write_while_cells_run(tmp_path):
    with gradebook.writing(tmp_path):
        with gradebook.others_may_write():
            assert is_free(tmp_path)
        assert not is_free(tmp_path)
    with gradebook.others_may_write():  # of a writer that there is not
        assert is_free(tmp_path)


def test_a_writer_that_is_killed_blocks_nobody(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as holder:
        holder.stdout.readline()
        assert not is_free(tmp_path)
        holder.kill()
        holder.wait()
        assert is_free(tmp_path)
