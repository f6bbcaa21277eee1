"""Layouts: classes alone, parts that hold classes, parts beside classes."""

import pytest
from PIL import Image

from helpers.core.errors import UserError
from helpers.data.images.folder import counts, read_own


@pytest.fixture
def make(tmp_path):
    """A function that puts two pictures of their own into each of some folders."""

    def make(*folders):
        for number, name in enumerate(folders):
            (tmp_path / name).mkdir(parents=True)
            for i in range(2):
                colour = (20 * number, 100 * i, 200)
                Image.new("RGB", (9, 9), colour).save(tmp_path / name / f"{i}.png")
        return tmp_path

    return make


def read(root, capsys):
    """Return what is read, and what is said of it."""
    own = read_own(root, 8)
    return own, capsys.readouterr().out


@pytest.mark.parametrize("parts", [("train", "test"), ("Training", "val", "TEST")])
def test_the_classes_of_all_parts_are_read_together_and_it_is_said(make, capsys, parts):
    root = make(*(f"{part}/{name}" for part in parts for name in ("cat", "dog")))
    own, said = read(root, capsys)
    assert own.pictures.classes == ("cat", "dog")
    n = 2 * len(parts)
    assert [row[1] for row in counts(own).rows] == [n, n]
    assert {file.split("/")[1] for file in own.files[:n]} == {"cat"}
    assert all((root / file).is_file() for file in own.files)
    assert said == (
        f"Taken for parts and not for classes: {', '.join(sorted(parts))}. Their "
        "classes (cat, dog) are read together and split anew.\n"
    )


def test_one_part_alone_will_do(make, capsys):
    own, said = read(make("train/cat", "train/dog"), capsys)
    assert own.pictures.classes == ("cat", "dog") and ": train. Their" in said


def test_parts_beside_the_classes_are_no_classes(make, capsys):
    own, said = read(make("cat", "dog", "test/cat", "test/dog"), capsys)
    assert own.pictures.classes == ("cat", "dog") and len(own) == 8
    assert "not for classes: test. Their classes (cat, dog) are" in said


def test_a_part_without_classes_is_no_class_of_its_neighbours(make, capsys):
    own, said = read(make("train/cat", "train/dog", "test"), capsys)
    assert own.pictures.classes == ("cat", "dog") and len(own) == 4
    assert list(own.skipped) == ["test/0.png", "test/1.png"]
    assert "not for classes: test, train." in said
    assert "test/0.png (in no class folder)" in said


def test_a_class_that_is_called_as_a_part_is_one_and_it_is_said(make, capsys):
    root = make("bus", "Train/freight", "Train/passenger")
    own, said = read(root, capsys)
    assert own.pictures.classes == ("Train", "bus") and len(own) == 6
    assert said.startswith("The folder Train has the name of a part and is read as a")


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (("train",), "the folders train, which are parts and no classes, and no class"),
        (("train", "test"), "the folders test, train, which are parts"),
        (("train/cat", "test/cat"), "only 'cat' in .*, and at least two classes"),
    ],
)
def test_parts_that_do_not_do_are_refused(make, folders, found):
    with pytest.raises(UserError, match=f"Found {found}"):
        read_own(make(*folders), 8)


def test_a_path_that_a_backslash_has_changed_is_explained():
    with pytest.raises(UserError) as caught:
        read_own("C:\new\train", 8)
    assert str(caught.value).startswith(r"There is no folder 'C:\new\train' (it holds")
    assert "a newline and a tab" in str(caught.value)


def test_a_home_folder_of_nobody_and_an_overlong_name_are_refused():
    with pytest.raises(UserError, match="no folder '~nobody-of-this-name/x'"):
        read_own("~nobody-of-this-name/x", 8)
    with pytest.raises(UserError, match=r"no folder|cannot be opened"):
        read_own("x" * 5000, 8)
