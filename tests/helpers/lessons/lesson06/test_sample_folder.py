"""The sample folder: real files of all sorts, and nobody's files are touched."""

import pytest
import torch

from helpers.checkpoints.backbones import background_lightness
from helpers.core.errors import UserError
from helpers.data.images.folder import read_own
from helpers.lessons.lesson06 import sample_folder as module
from helpers.lessons.lesson06.sample_folder import sample_folder


def test_the_sample_is_ten_classes_of_all_sorts_and_one_file_to_skip(tmp_path):
    own = read_own(sample_folder(tmp_path / "sample", each=6), 16)
    assert own.pictures.classes == tuple("0123456789")
    assert own.pictures.labels.bincount().tolist() == [6] * 10
    assert list(own.skipped) == ["0/notes.txt"]
    assert {file.split(".")[1] for file in own.files} == {"png", "jpg", "jpeg"}
    assert own.grey.sum() == 30 and len(set(own.sizes)) > 10
    assert background_lightness(own.pictures.images) > 0.5


def test_the_seed_decides(tmp_path):
    sets = [
        read_own(sample_folder(tmp_path / str(i), 2, seed), 8).pictures.images
        for i, seed in enumerate((0, 0, 1))
    ]
    assert torch.equal(sets[0], sets[1]) and not torch.equal(sets[0], sets[2])


def test_each_class_folder_gets_digits_of_its_class_drawn_at_random(
    tmp_path, monkeypatch
):
    given = []
    monkeypatch.setattr(
        module,
        "write_class",
        lambda part, folder, _: given.append((part, folder)),
    )
    for seed in (0, 1):
        sample_folder(tmp_path / str(seed), 3, seed)
    for number, (part, folder) in enumerate(given):
        assert folder.name == str(number % 10)
        assert part.labels.tolist() == [number % 10] * 3
    for (one, _), (other, _) in zip(given[:10], given[10:], strict=True):
        assert not torch.equal(one.images, other.images)


def test_digits_are_dark_on_warm_paper_of_24_to_90_pixels(tmp_path):
    own = read_own(sample_folder(tmp_path / "sample"), 16)
    sides = [side for size in own.sizes for side in size]
    assert 24 <= min(sides) < 30 and 85 < max(sides) <= 90
    assert own.pictures.images.amin(dim=(1, 2, 3)).max() < 0.35
    red, green, blue = own.pictures.images[~own.grey].mean(dim=(0, 2, 3))
    assert red > green + 0.02 and green > blue + 0.02


def test_what_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is there already"):
        sample_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("each", [0, 10_000])
def test_more_than_there_are_is_refused(tmp_path, each):
    with pytest.raises(UserError, match="1 to 174 exist"):
        sample_folder(tmp_path / "new", each)
    assert not (tmp_path / "new").exists()
