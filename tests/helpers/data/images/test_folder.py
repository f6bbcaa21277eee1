"""A reader's folder: what is read, what is skipped and said, and what is refused."""

import os
import shutil
import sys

import pytest
import torch
from PIL import Image
from support.picture_folders import CLASSES, fill

from helpers.core.errors import UserError
from helpers.data.images import folder as own_pictures
from helpers.data.images.by_products import LINK
from helpers.data.images.folder import (
    NO_CLASS,
    NO_PICTURE,
    PHONE,
    TOO_LARGE,
    at_most,
    counts,
    read_own,
)


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "mine", each=4)


def plain(path, colour, mode="RGB", size=(20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def test_every_picture_is_read_with_its_class_file_size_and_colour(folder, capsys):
    own = read_own(folder, side=16)
    assert len(own) == 8 and own.skipped == {}
    assert own.pictures.images.shape == (8, 3, 16, 16)
    assert 0 <= own.pictures.images.min() < own.pictures.images.max() <= 1
    assert own.pictures.classes == CLASSES
    assert own.pictures.labels.tolist() == [0] * 4 + [1] * 4
    assert own.files[:2] == ("across/00.png", "across/01.jpg")
    for file, size in zip(own.files, own.sizes, strict=True):
        with Image.open(folder / file) as stored:
            assert stored.size == size
    assert own.grey.tolist() == [True, False, False, True] * 2
    assert own.same.unique().numel() == 8
    assert capsys.readouterr().out == ""


def test_a_folder_below_a_hidden_one_is_read(tmp_path):
    assert len(read_own(fill(tmp_path / ".hidden" / "mine", each=4), 16)) == 8


def test_a_square_is_covered_and_cut_to_its_centre(tmp_path):
    wide = Image.new("RGB", (30, 10), "black")
    wide.paste("red", (10, 0, 20, 10))
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        plain(tmp_path / name, "blue" if name[0] == "a" else "lime")
    wide.save(tmp_path / "a" / "0.png")
    first = read_own(tmp_path, side=10).pictures.images[0]
    assert torch.equal(first.amin((1, 2)), torch.tensor([1.0, 0, 0]))
    assert torch.equal(first.amax((1, 2)), torch.tensor([1.0, 0, 0]))


def test_a_grey_jpeg_and_a_grey_rgb_are_grey_and_a_tint_is_not(tmp_path):
    for grey, name in enumerate(("a", "b"), start=90):
        plain(tmp_path / name / "l.jpg", grey, mode="L")
        plain(tmp_path / name / "rgb.jpg", (grey, grey, grey))
        plain(tmp_path / name / "tint.png", (grey, grey, grey + 20))
    assert read_own(tmp_path, 8).grey.tolist() == [True, True, False] * 2


def test_what_is_no_picture_is_named_skipped_and_counted(folder, capsys):
    (folder / "down" / "notes.txt").write_text("no picture", encoding="utf-8")
    (folder / "down" / "empty.png").touch()
    whole = (folder / "across" / "01.jpg").read_bytes()
    (folder / "across" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    own = read_own(folder, 16)
    names = ["across/half.jpg", "down/empty.png", "down/notes.txt"]
    assert own.skipped == dict.fromkeys(names, NO_PICTURE)
    assert len(own) == 8 and not set(names) & set(own.files)
    said = capsys.readouterr().out
    assert said.startswith("Skipped 3 files: across/half.jpg (no picture")
    assert all(name in said for name in names) and said.count("\n") == 1
    rows = {row[0]: row for row in counts(own).rows}
    assert rows["across"][1] == 4 and rows["across"][-1] == 1
    assert rows["down"][1] == 4 and rows["down"][-1] == 2


def test_of_many_skipped_files_five_are_named_and_the_rest_counted(folder, capsys):
    for i in range(7):
        (folder / "down" / f"x{i}.txt").write_text(f"{i}", encoding="utf-8")
    read_own(folder, 8)
    said = capsys.readouterr().out
    assert said.startswith("Skipped 7 files") and said.endswith("and 2 more.\n")
    assert "x4" in said and "x5" not in said


def test_five_skipped_files_are_all_there_are(folder, capsys):
    for i in range(5):
        (folder / "down" / f"x{i}.txt").write_text(f"{i}", encoding="utf-8")
    read_own(folder, 8)
    said = capsys.readouterr().out
    assert said.startswith("Skipped 5 files") and "x4" in said and "more" not in said


@pytest.mark.parametrize("ending", ["heic", "heif", "HEIF"])
def test_a_phones_pictures_are_named_as_such(folder, ending):
    (folder / "down" / f"phone.{ending}").write_bytes(b"ftypheic")
    assert read_own(folder, 8).skipped == {f"down/phone.{ending}": PHONE}


def test_files_skipped_belong_to_the_class_of_just_that_name(folder):
    (folder / "down").rename(folder / "across too")
    (folder / "across too" / "notes.txt").write_text("no picture", encoding="utf-8")
    assert [row[-1] for row in counts(read_own(folder, 8)).rows] == [0, 1]


def test_copies_are_found_behind_a_file_that_is_skipped(folder):
    (folder / "across" / "!.txt").write_text("no picture", encoding="utf-8")
    shutil.copy(folder / "down" / "03.png", folder / "down" / "again.png")
    own = read_own(folder, 8)
    pairs = [own.files[i] for i, n in enumerate(own.same) if (own.same == n).sum() == 2]
    assert pairs == ["down/03.png", "down/again.png"]


def test_copies_share_a_number_and_one_under_two_classes_is_left_out(folder, capsys):
    shutil.copy(folder / "down" / "00.png", folder / "down" / "again.png")
    shutil.copy(folder / "across" / "02.JPEG", folder / "down" / "too.JPEG")
    own = read_own(folder, 8)
    same = dict(zip(own.files, own.same.tolist(), strict=True))
    assert same["down/00.png"] == same["down/again.png"] != same["down/01.jpg"]
    assert own.same.unique().numel() == 8
    assert own.skipped == {"down/too.JPEG": "the same file as across/02.JPEG"}
    assert "1 file:" in capsys.readouterr().out


def test_the_table_counts_what_is_there(folder):
    plain(folder / "down" / "big.png", "red", size=(200, 100))
    plain(folder / "down" / "small.png", "red", size=(2, 5))
    table = counts(read_own(folder, 8))
    assert table.header[:4] == ["class", "pictures", "smallest", "largest"]
    across, down = table.rows
    assert across[0] == "across" and across[1] == 4 and across[4:] == [2, 2, 0]
    assert down == ["down", 6, "2 × 5", "200 × 100", 2, 4, 0]


def test_small_and_large_are_told_by_area(folder):
    plain(folder / "down" / "tall.png", "red", size=(2, 3000))
    plain(folder / "down" / "flat.png", "red", size=(300, 1))
    _, down = counts(read_own(folder, 8)).rows
    assert down[2] == "300 × 1"


def test_of_too_many_files_as_many_of_each_class_are_read(folder, capsys):
    own = read_own(folder, 8, most=7)
    assert own.pictures.labels.bincount().tolist() == [3, 3]
    assert "holds 8 files; at most 3 of each" in capsys.readouterr().out
    assert read_own(folder, 8, most=7).files == own.files
    assert read_own(folder, 8, most=8).pictures.labels.numel() == 8
    files = [list(range(50)), list(range(3)), list(range(1))]
    assert list(map(len, at_most(files, 10))) == [3, 3, 1]
    assert list(map(len, at_most(files, 1))) == [2, 2, 1]


def test_of_too_many_files_some_are_drawn_at_random_and_keep_their_order(capsys):
    files = [list(range(50)), list(range(50))]
    chosen = at_most(files, 20)
    assert all(part == sorted(set(part)) and len(part) == 10 for part in chosen)
    assert list(range(10)) not in chosen and chosen == at_most(files, 20)
    capsys.readouterr()
    assert at_most(files, 100) == files and capsys.readouterr().out == ""


def refused(path, match):
    with pytest.raises(UserError, match=match) as caught:
        read_own(path, 8)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_missing_a_file_or_of_one_class_is_refused(folder):
    refused(folder / "nowhere", "There is no folder")
    refused(folder / "down" / "00.png", "is a file")
    shutil.rmtree(folder / "down")
    refused(folder, "Found only 'across' in .* at least two classes")


def test_an_empty_class_is_refused(folder):
    (folder / "empty").mkdir()
    refused(folder, "class folder '.*empty' is empty")


@pytest.mark.parametrize("pictures", [0, 1])
def test_a_class_without_two_pictures_is_refused(folder, pictures):
    for number in range(pictures):
        plain(folder / "few" / f"{number}.png", "red")
    (folder / "few").mkdir(exist_ok=True)
    (folder / "few" / "notes.txt").write_text("no picture", encoding="utf-8")
    refused(folder, rf"class 'few': {pictures} \(files skipped: 1\); .* at least 2")


@pytest.mark.parametrize("settings", [{"side": 0}, {"most": 0}])
def test_sizes_below_one_are_refused(folder, settings):
    with pytest.raises(UserError, match="must be >= 1"):
        read_own(folder, **settings)


def test_files_beside_the_classes_are_named_and_hidden_ones_are_not(folder, capsys):
    plain(folder / "loose.png", "red")
    for name in ("labels.csv", ".hidden", "Thumbs.db", "across/.hidden.png"):
        (folder / name).write_text("no picture", encoding="utf-8")
    own = read_own(folder, 8)
    assert own.skipped == {"labels.csv": NO_CLASS, "loose.png": NO_CLASS}
    ignored, skipped = capsys.readouterr().out.splitlines()
    assert "labels.csv (in no class folder); loose.png" in skipped
    assert ignored.endswith(": .hidden, Thumbs.db, .hidden.png.")
    assert [row[-1] for row in counts(own).rows] == [0, 0]


def test_parts_are_not_taken_for_classes(folder, capsys):
    for old, new in zip(CLASSES, ("Train", "val"), strict=True):
        (folder / old).rename(folder / new)
    refused(folder, "the folders Train, val, which are parts and no classes, and no")
    plain(folder / "cat" / "0.png", "red")
    plain(folder / "cat" / "1.png", "blue")
    assert read_own(folder, 8).pictures.classes == ("Train", "cat", "val")
    said = capsys.readouterr().out
    for name in ("Train", "val"):
        assert f"{name} has the name of a part and is read as a class" in said


def test_pictures_of_every_kind_are_read(tmp_path):
    for number, mode in enumerate(("1", "L", "LA", "P", "RGBA", "I;16")):
        plain(tmp_path / "png" / f"{mode[0]}{number}.png", number, mode)
    for number, size in enumerate(((1, 1), (1, 1000), (1000, 1))):
        plain(tmp_path / "sizes" / f"{number}.png", number, size=size)
    plain(tmp_path / "others" / "cmyk.jpg", 0, "CMYK")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(
        tmp_path / "others" / "a.gif", save_all=True, append_images=frames[1:]
    )
    own = read_own(tmp_path, 8)
    assert own.skipped == {} and own.pictures.labels.bincount().tolist() == [2, 6, 3]
    red = own.pictures.images[own.files.index("others/a.gif")]
    assert red.amin((1, 2)).tolist() == [1, 0, 0]


def test_a_turned_camera_and_a_picture_that_cannot_be_read_say_so(
    folder, monkeypatch, capsys
):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("RGB", (40, 20)).save(folder / "down" / "turned.jpg", exif=exif)
    (folder / "down" / "phone.HEIC").write_bytes(b"ftypheic")
    Image.new("1", (300, 300)).save(folder / "down" / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)
    own = read_own(folder, 8)
    assert own.sizes[own.files.index("down/turned.jpg")] == (20, 40)
    assert own.skipped == {"down/huge.png": TOO_LARGE, "down/phone.HEIC": PHONE}
    assert TOO_LARGE in capsys.readouterr().out


def test_whatever_a_damaged_file_raises_it_is_skipped_without_a_warning(
    folder, monkeypatch, recwarn
):
    read = own_pictures.read_picture

    def fragile(file):
        own_pictures.warnings.warn("what a camera noted", stacklevel=1)
        if file.name == "00.png":
            raise IndexError("inside PIL")
        return read(file)

    monkeypatch.setattr(own_pictures, "read_picture", fragile)
    own = read_own(folder, 8)
    assert own.skipped == dict.fromkeys(("across/00.png", "down/00.png"), NO_PICTURE)
    assert len(own) == 6 and not recwarn.list


def test_a_file_that_may_not_be_read_is_skipped(folder, monkeypatch):
    def locked(file):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(own_pictures, "sha256", locked)
    assert len(read_own(folder, 8)) == 8  # alike to nothing, and read if need be


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes there")
def test_names_of_all_sorts_are_shown_on_one_line(folder, capsys):
    (folder / "down").rename(folder / "a dog $x$ 猫")
    plain(folder / "a dog $x$ 猫" / "two\nlines $a$.png", "red")
    (folder / "across" / os.fsdecode(b"\xff.txt")).write_text(
        "no picture", encoding="utf-8"
    )
    own = read_own(folder, 8)
    assert own.pictures.classes == ("a dog $x$ 猫", "across")
    assert "a dog $x$ 猫/two\nlines $a$.png" in own.files
    assert list(own.skipped) == [os.fsdecode(b"across/\xff.txt")]
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.encode() and "across/\\udcff.txt (" in said
    assert all((folder / file).is_file() for file in (*own.files, *own.skipped))


def test_links_are_followed_to_more_pictures_and_not_in_circles(
    folder, symlink, tmp_path, capsys
):
    plain(tmp_path / "elsewhere.png", "blue")
    plain(folder / ".store" / "kept.png", "lime")
    symlink(folder / "down" / "more.png", tmp_path / "elsewhere.png")
    symlink(folder / "down" / "kept.png", folder / ".store" / "kept.png")
    symlink(folder / "down" / "link.png", folder / "down" / "00.png")
    symlink(folder / "down" / "broken.png", folder / "nowhere.png")
    symlink(folder / "down" / "circle", folder)
    symlink(folder / "latest", folder / "down")
    (folder / "down" / "deep" / "er").mkdir(parents=True)
    plain(folder / "down" / "deep" / "er" / "x.png", "red")
    own = read_own(folder, 8)
    assert own.skipped == {} and len(own) == 8 + 3
    assert {"down/deep/er/x.png", "down/more.png", "down/kept.png"} <= {*own.files}
    assert own.pictures.classes == CLASSES
    said = capsys.readouterr().out
    assert said == f"Ignored, as they are no pictures of yours: .store, {LINK} (4).\n"


def test_nothing_of_the_readers_is_written_to(folder):
    (folder / "down" / "notes.txt").write_text("no picture", encoding="utf-8")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    read_own(folder, 8)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
