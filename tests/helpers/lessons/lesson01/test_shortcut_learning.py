"""The marks tell what they are meant to tell, and the remedies do what they say."""

import pytest
import torch

from helpers.lessons.lesson01 import shortcut_learning


@pytest.fixture(scope="module")
def framed():
    return shortcut_learning.framed_digits()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_margin_of_the_digits_is_empty(framed):
    assert framed.images.shape == (1797, 1, 16, 16)
    inside = torch.zeros(16, 16, dtype=torch.bool)
    inside[2:14, 2:14] = True
    assert framed.images[..., ~inside].abs().max() == 0
    assert framed.images[..., inside].max() == 1


def test_ten_places_do_not_overlap_and_leave_the_digit_alone():
    empty = torch.zeros(10, 1, 16, 16)
    marks = shortcut_learning.mark(empty, torch.arange(10))
    assert empty.max() == 0  # the pictures given are not changed
    assert (marks.sum(dim=(1, 2, 3)) == 4).all()
    assert marks.sum(dim=0).max() == 1
    assert marks[..., 2:14, :].max() == 0


def test_a_lying_mark_never_tells_the_truth():
    labels = torch.arange(10).repeat(50)
    lies = shortcut_learning.other_labels(labels, generator())
    assert (lies != labels).all()
    assert set(lies.tolist()) == set(range(10))


def test_erasing_takes_rows_from_one_edge_only():
    rows = shortcut_learning.erase_strip(torch.ones(200, 1, 16, 16), generator())[
        :, 0, :, 0
    ]
    erased = (rows == 0).sum(dim=1)
    assert erased.min() == 0 and erased.max() == 7
    top, bottom = rows[:, 0] == 0, rows[:, -1] == 0
    assert not (top & bottom).any()
    assert 0.35 < top.sum() / (top | bottom).sum() < 0.65  # either edge, as often


def test_crops_enlarge_a_window_and_the_centre_has_no_margin(framed):
    some = framed.subset(slice(0, 20))
    marked = shortcut_learning.marked(some, some.labels)
    cropped = shortcut_learning.random_crop(marked.images, generator())
    assert cropped.shape == marked.images.shape
    assert not torch.equal(cropped, marked.images)
    clean, centred = (
        shortcut_learning.centre_crop(some),
        shortcut_learning.centre_crop(marked),
    )
    assert torch.equal(clean.images, centred.images)
