"""What is handed out: what git tracks, and nothing that lies beside it."""

import argparse
import shutil

import pytest
from support.git import git

from tools.classroom import command
from tools.classroom.folder import open_classroom
from tools.classroom.handout import beside
from tools.course import notebooks
from tools.course.files import make_folder

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")


@pytest.fixture
def root(a_course):
    """Return a course of a lesson that git tracks and a draft that it does not."""
    root = a_course("01_tiny", "02_draft")
    git(root, "init")
    git(root, "add", "notebooks/01_tiny.ipynb")
    return root


@needs_git
def test_the_command_hands_out_no_draft_and_no_list(root, capsys, monkeypatch):
    (root / "notebooks" / "class_list.csv").write_text("ada", encoding="utf-8")
    told = []
    monkeypatch.setattr(command, "nbgrader", lambda *words: told.append(words) or "")
    monkeypatch.setattr(command.Classroom, "remember", lambda *_: None)
    command.main(argparse.Namespace(lessons=[], grade=False))
    assert "classroom: notebooks/02_draft.ipynb is left out" in capsys.readouterr().out
    made = [path.name for path in (root / "classroom").rglob("*.*")]
    assert {"01_tiny.ipynb", "nbgrader_config.py"} <= {*made}
    assert not {"02_draft.ipynb", "class_list.csv"} & {*made}
    assert [words[2] for words in told] == ["01"]


def test_nbgrader_releases_the_lesson_alone(tmp_path):
    (lesson,) = notebooks.choose(["00"])
    room = open_classroom(tmp_path / "class room")
    own = make_folder(room.source(lesson).parent / "mine")
    for path in (own / "notes.txt", own.parent / "class_list.csv"):
        path.write_text("ada", encoding="utf-8")
    *_, said = command.build([lesson], room.root)
    left = "class_list.csv, mine/notes.txt"
    assert said.endswith(f"(without {left}, which stays in source/00/)")
    released = [p for p in (room.root / "release").rglob("*") if p.is_file()]
    assert released == [room.release(lesson)]
    assert beside(room.source(lesson).parent) == left.split(", ")


def test_nbgrader_grades_without_what_lies_beside_the_source(tmp_path):
    from nbgrader.apps import NbGraderApp

    from tools.classroom.config import settle

    make_folder(tmp_path / "source" / "01" / "a")
    for name in ("class_list.csv", "a/b.txt", "01_tiny.ipynb"):
        (tmp_path / "source" / "01" / name).touch()
    config = NbGraderApp().config
    settle(config, tmp_path)
    kept = config.Autograde.exclude_overwriting
    assert kept == {"01": ["a/b.txt", "class_list.csv"]}
