"""What is handed out: what git tracks, and nothing that lies beside it."""

import argparse
import shutil

import pytest
from support.git import git

from helpers.core.errors import UserError
from tools.classroom import command
from tools.classroom.folder import open_classroom
from tools.classroom.handout import beside, to_hand_out
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


def chosen(*names):
    """Return (the numbers of what is handed out of these lessons, what is said)."""
    lessons, said = to_hand_out(notebooks.choose(names))
    return [lesson.stem[:2] for lesson in lessons], said


@needs_git
def test_what_git_does_not_track_is_left_out_and_named(root):
    kept, (said,) = chosen()
    assert kept == ["01"]
    assert "notebooks/02_draft.ipynb is left out: git does not track it" in said
    with pytest.raises(UserError, match=r"Nothing to hand out: notebooks/02_draft"):
        chosen("02")
    git(root, "add", "notebooks/02_draft.ipynb")
    assert chosen() == (["01", "02"], [])


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


def test_where_there_is_no_repository_all_lessons_are_taken_and_that_is_said(a_course):
    a_course("01_tiny", "02_draft")
    sentence = "notebooks/ is in no git repository, so every lesson that lies there"
    kept, (said,) = chosen()
    assert kept == ["01", "02"]
    assert said == f"{sentence} is taken"


@needs_git
def test_a_course_unpacked_in_another_repository_is_taken_whole(a_course):
    root = a_course("01_tiny")
    git(root.parent, "init")
    kept, (said,) = chosen()
    assert kept == ["01"]
    assert "no git repository" in said


@needs_git
def test_where_git_cannot_say_nothing_is_handed_out(a_course):
    root = a_course("01_tiny")
    (root / ".git").write_text("gitdir: nowhere", encoding="utf-8")
    with pytest.raises(UserError, match="Git cannot say which files belong"):
        chosen()


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
