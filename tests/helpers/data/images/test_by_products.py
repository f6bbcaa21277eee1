"""By-products of a folder: none is data, none stops a reading, one line names them."""

import pytest
from support.picture_folders import CLASSES, fill

from helpers.data.images import by_products
from helpers.data.images.by_products import CLOSED, DEEP, LINK, Looking
from helpers.data.images.folder import read_own


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "mine", each=3)


FOLDERS = ("__MACOSX", "@eaDir", ".ipynb_checkpoints", "$RECYCLE.BIN", "#recycle")
FILES = (".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r", "._00.png")


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("place", [".", "down"])
@pytest.mark.parametrize("full", [True, False])
def test_a_folder_that_nobody_made_is_no_class_and_holds_no_picture(
    folder, capsys, name, place, full
):
    left = folder / place / name
    left.mkdir()
    if full:
        (left / "SYNOPHOTO_THUMB_XL.png").write_bytes(
            (folder / "across" / "00.png").read_bytes()
        )
    own = read_own(folder, 8)
    assert own.pictures.classes == CLASSES and len(own) == 6 and own.skipped == {}
    assert capsys.readouterr().out == (
        f"Ignored, as they are no pictures of yours: {name}.\n"
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [".", "down"])
def test_a_file_that_nobody_made_is_neither_read_nor_skipped(
    folder, capsys, name, place
):
    (folder / place / name).write_bytes(b"no picture")
    own = read_own(folder, 8)
    assert len(own) == 6 and own.skipped == {} and own.left_out == (0, 0)
    shown = {"Icon\r": "Icon\\r", "._00.png": "._*"}.get(name, name)
    assert capsys.readouterr().out.endswith(f": {shown}.\n")


def test_one_sentence_counts_each_sort_once_and_names_six(folder, capsys):
    for place in (".", *CLASSES):
        (folder / place / ".DS_Store").write_bytes(b"")
    for name in "abcdefg":
        (folder / "down" / f".{name}").write_bytes(b"")
    read_own(folder, 8)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(": .DS_Store (3), .a, .b, .c, .d, .e, 2 more sorts.")


def test_a_link_counts_where_it_leads_to_something_more(tmp_path, symlink):
    here, there = tmp_path / "here", tmp_path / "there"
    for place in (here / "cat", here / ".store", there / "dog"):
        place.mkdir(parents=True)
        (place / "1.png").touch()
    links = {
        "dog": there / "dog",
        "cat/stored.png": here / ".store" / "1.png",
        "again": here / "cat",
        "cat/up": here,
        "cat/gone.png": here / "nowhere.png",
        "cat/far": there,
        "circle": here / "circle",
        "above": tmp_path,
    }
    for name, target in links.items():
        symlink(here / name, target)
    looking = Looking(here)
    assert looking.folders(here) == [here / "cat", here / "dog"]
    found = [*looking.files(here / "cat"), *looking.files(here / "dog")]
    names = [file.relative_to(here).as_posix() for file in found]
    assert names == ["cat/1.png", "cat/stored.png", "dog/1.png"]
    sorts = {p.relative_to(here).as_posix(): s for p, s in looking.ignored.items()}
    assert sorts.pop(".store") == ".store" and sorts.pop("cat/far") == DEEP
    gone = {"again", "cat/up", "cat/gone.png", "circle", "above"}
    assert sorts == dict.fromkeys(gone, LINK)


def test_a_folder_that_cannot_be_opened_stops_nothing(folder, capsys, monkeypatch):
    locked, real = folder / "down" / "locked", by_products.Path.iterdir
    locked.mkdir()

    def iterdir(path):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(by_products.Path, "iterdir", iterdir)
    assert len(read_own(folder, 8)) == 6
    assert capsys.readouterr().out.endswith(f": {CLOSED}.\n")
