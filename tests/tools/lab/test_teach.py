"""`python -m tools teach`: copies to show, and JupyterLab with slides and nbgrader."""

import os
import sys
from argparse import Namespace

import nbformat
import pytest
from support.tiny_lessons import tiny_cells

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.lab import lab, teach

pytest.importorskip("nbgrader", reason="the extra classroom is not installed")
pytest.importorskip("jupyterlab_rise", reason="the extra classroom is not installed")


@pytest.fixture
def checkout(tmp_path, monkeypatch, write_lesson):
    """A checkout in a path with a space, with one lesson."""
    root = tmp_path / "with space"
    write_lesson(root / "notebooks", "01_tiny", tiny_cells())
    monkeypatch.setattr(files, "ROOT", root)
    monkeypatch.setattr(notebooks.lessons, "__defaults__", (root / "notebooks",))
    monkeypatch.chdir(tmp_path)
    return root


def test_the_lessons_to_show_are_copies_with_a_style(checkout):
    stored = (checkout / "notebooks/01_tiny.ipynb").read_bytes()
    folder = checkout / "classroom/lessons"
    assert teach.write_lessons(folder) == ["01_tiny.ipynb is new"]
    assert (checkout / "notebooks/01_tiny.ipynb").read_bytes() == stored
    nb = nbformat.read(folder / "01_tiny.ipynb", as_version=4)
    assert nb.metadata.rise.theme == "white"
    style = (folder / "rise.css").read_text(encoding="utf-8")
    assert "--deck-size: 3.5vh" in style  # RISE's own part
    assert "blockquote" in style  # and the part of all decks


def test_what_the_teacher_has_changed_stays(checkout, write_lesson):
    folder = checkout / "classroom/lessons"
    teach.write_lessons(folder)
    (folder / "rise.css").write_text("mine", encoding="utf-8")
    mine = (
        (folder / "01_tiny.ipynb").read_text(encoding="utf-8").replace("tiny", "small")
    )
    (folder / "01_tiny.ipynb").write_text(mine, encoding="utf-8")
    assert teach.write_lessons(folder) == []
    write_lesson(checkout / "notebooks", "01_tiny", tiny_cells()[:3])
    (said,) = teach.write_lessons(folder)
    assert "left as it is" in said
    assert (folder / "01_tiny.ipynb").read_text(encoding="utf-8") == mine
    assert (folder / "rise.css").read_text(encoding="utf-8") == "mine"
    assert len([*folder.glob("01_tiny.new-*.ipynb")]) == 1


def test_a_folder_that_cannot_be_written_is_named(checkout):
    (checkout / "classroom").write_text("a file", encoding="utf-8")
    with pytest.raises(UserError, match=r"Cannot write to .*lessons"):
        teach.write_lessons(checkout / "classroom/lessons")


def test_it_starts_as_lab_does_and_opens_the_lessons_to_show():
    ours = teach.command(is_root=True, display=False)
    theirs = lab.command(is_root=True, display=False)
    opened = "--LabApp.default_url=/lab/tree/classroom/lessons"
    assert set(ours) ^ set(theirs) == {
        opened,
        *(option for option in theirs if option.startswith("--LabApp.default_url=")),
    }
    assert "--ServerApp.ip=127.0.0.1" in ours
    assert f"--ServerApp.root_dir={files.ROOT}" in ours


@pytest.mark.skipif(os.name != "posix", reason="elsewhere it starts a process")
@pytest.mark.parametrize("built", [False, True])
def test_jupyterlab_runs_where_nbgrader_finds_its_course(
    checkout, monkeypatch, capsys, built
):
    started = []
    monkeypatch.setattr(os, "execve", lambda *call: started.append((call, os.getcwd())))
    monkeypatch.setattr(teach.subprocess, "call", lambda *call, **_: 0)
    if built:
        files.make_folder(checkout / "classroom")
        (checkout / "classroom/nbgrader_config.py").write_text("", encoding="utf-8")
    teach.main(Namespace())
    ((program, _, environment), folder) = started[0]
    assert program == sys.executable
    assert folder == str(checkout / "classroom")
    assert str(checkout) in environment["PYTHONPATH"]
    assert ("make classroom" in capsys.readouterr().out) is not built
