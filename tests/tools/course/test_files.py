"""Writing into a folder of the course: whole, and never over a reader's own file."""

import io
import os

import pytest

from helpers.core.errors import UserError
from tools.course import files
from tools.course.files import Record, put


def full(*_, **__):
    """Stand in for a call that finds the disk full, or knows no hard links."""
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("hard_links", [True, False])
@pytest.mark.parametrize(
    ("before", "ours", "after", "aside"),
    [
        ({}, False, "new", None),
        ({}, True, "new", None),
        ({"b": "new"}, False, "new", None),
        ({"b": "old"}, True, "new", None),
        ({"b": "old"}, False, "old", "new"),
        ({"b": "old", "newer/b": "mine"}, False, "old", "mine"),
    ],
)
def test_what_is_ours_is_replaced_and_else_the_new_one_lies_beside(
    tmp_path, monkeypatch, hard_links, before, ours, after, aside
):
    if not hard_links:
        monkeypatch.setattr(os, "link", full)
    path, beside = tmp_path / "b", tmp_path / "newer" / "b"
    for name, text in before.items():
        files.make_folder((tmp_path / name).parent)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert put(path, "new", ours, beside) == (beside if aside else path)
    found = {p: p.read_text(encoding="utf-8") for p in tmp_path.rglob("b*")}
    assert found == {path: after} | ({beside: aside} if aside else {})


def test_the_same_content_is_not_written_again(tmp_path):
    path = put(tmp_path / "a", "größe", True, tmp_path / "b")
    os.utime(path, (1, 1))
    put(path, "größe", True, tmp_path / "b")
    assert path.stat().st_mtime == 1


class Full(io.FileIO):
    """A file on a full disk."""

    write = full


@pytest.mark.parametrize("step", ["link", "replace"])
def test_a_write_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch, step):
    path = tmp_path / "a"
    if step == "replace":
        path.write_bytes(b"old")
    monkeypatch.setattr(os, step, full)
    if step == "link":  # then the last resort, which opens the file itself
        monkeypatch.setattr("builtins.open", lambda path, _: Full(path, "x"))
    with pytest.raises(UserError, match="No space left"), files.writing(tmp_path):
        put(path, "new", step == "replace", tmp_path / "b")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"] * path.exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "a").write_text("a file", encoding="utf-8")
    with pytest.raises(UserError, match=r"Cannot write to .*a: File exists\.$"):
        files.make_folder(tmp_path / "a")


def test_only_what_is_as_the_course_wrote_it_is_ours(tmp_path):
    record = Record(tmp_path, files.load(tmp_path / "record"))
    for name in ("a", "b", "c"):
        path = put(tmp_path / "folder" / name, name, False, tmp_path / "beside")
        if name != "c":
            record.remember(path)
    files.save(tmp_path / "record", record.digests)
    kept = Record(tmp_path, files.load(tmp_path / "record"))
    (tmp_path / "folder" / "b").write_text("edited", encoding="utf-8")
    names = ("a", "b", "c", "absent")
    ours = [kept.is_ours(tmp_path / "folder" / name) for name in names]
    assert ours == [True, False, False, False]


@pytest.mark.parametrize("text", ["", "7", "[1]", "\udcff"])
def test_a_damaged_record_is_one_sentence(tmp_path, text):
    (tmp_path / "record").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"record cannot be read .*counts as yours\.$"):
        files.load(tmp_path / "record")
