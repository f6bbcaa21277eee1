"""Lessons that git does not track stay at home."""

import shutil

import pytest
from support.git import git

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.course.tracked import to_hand_out

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")


def chosen(*names):
    """Return (the numbers of what is handed out of these lessons, what is said)."""
    lessons, said = to_hand_out(notebooks.choose(names))
    return [lesson.stem[:2] for lesson in lessons], said


@needs_git
def test_what_git_does_not_track_is_left_out_and_named(a_course):
    root = a_course("01_tiny", "02_draft")
    git(root, "init")
    git(root, "add", "notebooks/01_tiny.ipynb")
    kept, (said,) = chosen()
    assert kept == ["01"]
    assert "notebooks/02_draft.ipynb is left out: git does not track it" in said
    with pytest.raises(UserError, match=r"Nothing to hand out: notebooks/02_draft"):
        chosen("02")
    git(root, "add", "notebooks/02_draft.ipynb")
    assert chosen() == (["01", "02"], [])


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
