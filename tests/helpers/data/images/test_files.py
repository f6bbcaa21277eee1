"""Ranges: what is certain is scaled, anything else is skipped and named."""

import numpy as np
import pytest
from PIL import Image

from helpers.core.errors import UserError
from helpers.data.images.files import as_tensor, read_picture
from helpers.data.images.folder import TIFF, read_own


def stored(folder, name, numbers):
    """Write numbers as they are into a picture file, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(numbers)).save(folder / name)
    return folder / name


SCALED = {
    "fractions": ("a.tif", np.float32([[0, 0.2, 1]]), [0, 51, 255]),
    "dark fractions": ("a.tif", np.float32([[0, 0, 0.4]]), [0, 0, 102]),
    "16 bits in a TIFF": ("a.tif", np.uint16([[0, 13107, 65535]]), [0, 51, 255]),
    "16 bits in a PNG": ("a.png", np.uint16([[0, 13107, 65535]]), [0, 51, 255]),
    "yes and no": ("a.png", np.array([[False, True, True]]), [0, 255, 255]),
    "yes and no in a TIFF": ("a.tif", np.array([[False, True, True]]), [0, 255, 255]),
    "8 bits": ("a.tif", np.uint8([[0, 51, 255]]), [0, 51, 255]),
}


@pytest.mark.parametrize(("name", "numbers", "seen"), SCALED.values(), ids=SCALED)
def test_a_range_that_is_certain_is_scaled(tmp_path, name, numbers, seen):
    picture = read_picture(stored(tmp_path, name, numbers))
    values = 255 * as_tensor(picture)[:, 0]
    for channel in values.round().int().tolist():
        assert channel == seen


def test_a_palette_is_looked_up(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putdata([0, 1])
    picture.save(tmp_path / "a.png")
    seen = np.asarray(read_picture(tmp_path / "a.png")).tolist()
    assert seen == [[[10, 20, 30], [200, 100, 50]]]


OTHERS = {
    "beyond 1": (np.float32([[0, 255]]), "holds fractions from 0 to 255, where 0 to 1"),
    "below 0": (np.float32([[-1, 1]]), "holds fractions from -1 to 1, where 0 to 1"),
    "NaN": (np.float32([[0, np.nan]]), "holds NaN or infinity"),
    "infinity": (np.float32([[0, np.inf]]), "holds NaN or infinity"),
    "32 bits": (
        np.int32([[0, 70_000]]),
        "holds integers from 0 to 70000, of more than",
    ),
    "small": (np.int32([[0, 255]]), "holds integers from 0 to 255, of more than 16 bi"),
    "negative": (np.int32([[-5, 9]]), "holds integers from -5 to 9, of more than 16 b"),
}


@pytest.mark.parametrize(("numbers", "found"), OTHERS.values(), ids=OTHERS)
def test_any_other_range_is_skipped_and_named(tmp_path, capsys, numbers, found):
    path = stored(tmp_path / "a", "odd.tif", numbers)
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        place = tmp_path / name
        stored(place.parent, place.name, np.uint8([[ord(name[0]), ord(name[2])]]))
    own = read_own(tmp_path, 8)
    assert len(own) == 4 and own.skipped["a/odd.tif"].startswith(found)
    said = capsys.readouterr().out
    assert said.startswith(f"Skipped 1 file: a/odd.tif ({found}")
    assert said.count("\n") == 1 and own.left_out == (1, 0)
    with pytest.raises(UserError, match=r"odd\.tif' cannot be read as a picture"):
        read_picture(path)


def test_a_tiff_that_is_not_read_is_no_picture_by_its_kind(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        place = tmp_path / name
        stored(place.parent, place.name, np.uint8([[ord(name[0]), ord(name[2])]]))
    (tmp_path / "a" / "colour.TIFF").write_bytes(b"II*\0 of another kind")
    assert read_own(tmp_path, 8).skipped == {"a/colour.TIFF": TIFF}
