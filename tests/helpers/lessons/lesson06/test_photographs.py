"""Crops of three photographs: no pixel is both learned and tested."""

import pytest
import torch

from helpers.lessons.lesson06 import photographs as module
from helpers.lessons.lesson06.photographs import centre, crop_set, photographs


@pytest.fixture
def marked(monkeypatch):
    """Photographs whose pixels are numbered by their column, from 0 to 1."""
    columns = torch.linspace(0, 1, 60).expand(3, 40, 60)
    kinds = {"building": columns, "flower": columns, "person": columns[:, :, :41]}
    monkeypatch.setattr(module, "photographs", lambda: kinds)


@pytest.mark.parametrize("seed", range(5))
def test_one_half_is_learned_and_the_other_tested(marked, seed):
    crops, train, test = crop_set(seed, 32)
    assert (len(train), len(test), len(crops)) == (24, 21, 45)
    assert not torch.isin(train, test).any()
    for label in range(3):
        sides = []
        for index, count in ((train, 8), (test, 7)):
            kept = crops.images[index[crops.labels[index] == label]]
            assert len(kept) == count
            middle = 0.5 if label < 2 else 20.5 / 59
            left = kept.amax(dim=(1, 2, 3)) < middle + 0.02
            right = kept.amin(dim=(1, 2, 3)) > middle - 0.02
            assert left.all() or right.all()
            sides.append(bool(left.all()))
        assert sides[0] != sides[1]


def test_the_seed_decides_which_half_is_learned(marked):
    first = []
    for seed in range(8):
        crops, train, _ = crop_set(seed, 16)
        first.append(tuple(crops.images[train[::8]].mean(dim=(1, 2, 3)) > 0.4))
    assert len(set(first)) > 2


def test_a_seed_gives_the_same_crops_at_every_side(marked):
    small, train, test = crop_set(3, 16)
    large, *again = crop_set(3, 64)
    assert large.images.shape == (45, 3, 64, 64)
    assert torch.equal(train, again[0]) and torch.equal(test, again[1])
    there = torch.nn.functional.avg_pool2d(large.images, 4)
    assert (small.images - there).abs().max() < 0.01
    assert not torch.equal(crop_set(4, 16)[0].images, small.images)


def test_the_photographs_come_with_the_packages():
    sizes = {kind: tuple(photo.shape) for kind, photo in photographs().items()}
    assert sizes == {
        "building": (3, 427, 640),
        "flower": (3, 427, 640),
        "person": (3, 600, 512),
    }


def test_the_centre_is_the_largest_square():
    photo = torch.zeros(3, 4, 10)
    photo[:, :, 3:7] = 1
    assert centre(photo, 8).min() > 0.999
    assert centre(photo.transpose(1, 2), 8).min() > 0.999
    assert centre(photo, 8).shape == (3, 8, 8)
