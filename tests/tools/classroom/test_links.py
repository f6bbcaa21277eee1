"""What leads out of a submission is refused in a sentence; what is in it is not."""

import os

import pytest

from tools.classroom.links import why_refused


@pytest.fixture
def handed_in(tmp_path):
    """Return ada's folder, with a notebook and data, beside a gradebook."""
    folder = tmp_path / "submitted" / "ada" / "01"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.txt").write_text("1", encoding="utf-8")
    (folder / "01_a.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "gradebook.db").write_text("a number of the class", encoding="utf-8")
    return folder


def test_files_and_folders_are_handed_in_as_they_are(handed_in):
    assert why_refused(handed_in) == ""
    assert why_refused(handed_in.with_name("02")) == ""


@pytest.mark.parametrize("name", ["01_a.ipynb", "more.txt", "data/more.txt"])
def test_a_link_is_refused_wherever_it_leads(handed_in, name):
    (handed_in / name).unlink(missing_ok=True)
    (handed_in / name).symlink_to(handed_in.parents[2] / "gradebook.db")
    said = why_refused(handed_in)
    assert said == (
        f"{os.path.join('ada', '01', *name.split('/'))} is a link, and links are not "
        "followed: hand in the file itself"
    )


@pytest.mark.parametrize("level", ["ada", "01", "data"])
def test_so_is_a_linked_folder(handed_in, level):
    place = {"ada": handed_in.parent, "01": handed_in, "data": handed_in / "data"}[
        level
    ]
    place.rename(handed_in.parents[2] / "elsewhere")
    place.symlink_to(handed_in.parents[2] / "elsewhere")
    assert f"{level} is a link" in why_refused(handed_in)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_nobody_could_read_to_its_end_is_refused(handed_in):
    os.mkfifo(handed_in / "pipe")
    assert "pipe is no file" in why_refused(handed_in)
