"""`python -m tools teach`: copies to show, and JupyterLab with slides and nbgrader."""

import os
from argparse import Namespace
from pathlib import Path

import nbformat
import pytest
from support.tiny_lessons import tiny_cells

from tools.course import files
from tools.lab import lab, teach

pytest.importorskip("nbgrader", reason="the extra classroom is not installed")
pytest.importorskip("jupyterlab_rise", reason="the extra classroom is not installed")


def test_the_lessons_to_show_are_copies_with_a_style(a_course):
    root = a_course("01_tiny")
    stored = (root / "notebooks/01_tiny.ipynb").read_bytes()
    folder = root / "classroom/lessons"
    assert teach.write_lessons(folder) == ["01_tiny.ipynb is new"]
    assert (root / "notebooks/01_tiny.ipynb").read_bytes() == stored
    nb = nbformat.read(folder / "01_tiny.ipynb", as_version=4)
    assert nb.metadata.rise.theme == "white"
    style = (folder / "rise.css").read_text(encoding="utf-8")
    assert "--deck-size: 3.5vh" in style  # RISE's own part
    assert "blockquote" in style  # and the part of all decks


def test_what_the_teacher_has_changed_stays(a_course, write_lesson):
    root = a_course("01_tiny")
    folder = root / "classroom/lessons"
    teach.write_lessons(folder)
    (folder / "rise.css").write_text("mine", encoding="utf-8")
    deck = folder / "01_tiny.ipynb"
    mine = deck.read_text(encoding="utf-8").replace("tiny", "small")
    deck.write_text(mine, encoding="utf-8")
    assert teach.write_lessons(folder) == []
    write_lesson(root / "notebooks", "01_tiny", tiny_cells()[:3])
    (said,) = teach.write_lessons(folder)
    assert "left as it is" in said
    assert deck.read_text(encoding="utf-8") == mine
    assert (folder / "rise.css").read_text(encoding="utf-8") == "mine"
    assert len([*folder.glob("01_tiny.new-*.ipynb")]) == 1


@pytest.mark.parametrize("built", [False, True])
def test_jupyterlab_runs_where_nbgrader_finds_its_course(
    a_course, monkeypatch, tmp_path, capsys, built
):
    started = []
    become = lambda *call: started.append((*call, Path.cwd()))  # noqa: E731
    monkeypatch.setattr(lab, "become", become)
    monkeypatch.chdir(tmp_path)
    classroom = a_course("01_tiny") / "classroom"
    if built:
        files.make_folder(classroom)
        (classroom / "nbgrader_config.py").write_text("", encoding="utf-8")
    teach.main(Namespace())
    ((command, environment, folder),) = started
    assert folder == classroom
    assert "--LabApp.default_url=/lab/tree/classroom/lessons" in command
    assert str(classroom.parent) in environment["PYTHONPATH"]
    configs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert configs[0] == str(lab.SETTINGS)  # nothing of the class's is switched off
    assert ("make classroom" in capsys.readouterr().out) is not built
