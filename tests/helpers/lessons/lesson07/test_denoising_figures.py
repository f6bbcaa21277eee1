"""Figures of denoisers: what is drawn is what was given."""

import pytest
import torch

from helpers.lessons.lesson07.denoising import PCA
from helpers.lessons.lesson07.denoising_figures import arrows, by_labels, cleaned, mean

PLAIN = PCA(torch.zeros(64), torch.eye(64))  # the first two pixels are the directions


def test_arrows_start_at_noisy_pictures_and_end_at_answers():
    noisy, clean, ends = (n * torch.ones(50, 64) for n in (0.5, 1.0, 2.0))
    figure = arrows("a title", noisy, clean, {"one": ends, "other": noisy}, PLAIN)
    first, second = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["one", "other"]
    (quiver,) = [c for c in first.collections if hasattr(c, "U")]
    assert len(quiver.U) == 30
    assert quiver.U[0] == quiver.V[0] == 1.5 and tuple(quiver.get_offsets()[0]) == (
        0.5,
        0.5,
    )
    dots = [line for line in first.lines if line.get_marker() == "o"]
    assert dots[0].get_xdata()[0] == 1.0
    assert first.get_xlabel() and first.get_ylabel() and second.get_xlabel()
    assert figure.get_suptitle() == "a title"


def test_cleaned_pictures_stand_in_named_rows_of_one_scale():
    rows = {"clean": torch.zeros(9, 64), "noisy": torch.full((9, 64), 2.0)}
    figure = cleaned("a title", rows, columns=3)
    images = [ax.images[0] for ax in figure.axes]
    assert len(images) == 6
    assert {image.get_clim() for image in images} == {(0, 1)}
    assert [image.get_array().max() for image in images] == [0, 0, 0, 2, 2, 2]
    assert [figure.axes[i].texts[0].get_text() for i in (0, 3)] == ["clean", "noisy"]


def test_accuracy_by_labels_has_a_line_a_way_dots_and_chance():
    table = {way: {4: [0.2, 0.4], 16: [0.5, 0.7]} for way in "abcde"}
    ax = by_labels("a title", table, "abcde").axes[0]
    lines = [line.get_ydata() for line in ax.lines if line.get_marker() == "o"]
    assert len(lines) == 5
    assert lines[0] == pytest.approx([30, 60])
    dots = [line for line in ax.lines if line.get_marker() == "."]
    assert len(dots) == 10 and dots[0].get_ydata() == pytest.approx([20, 40])
    chance = [line for line in ax.lines if line.get_ydata()[0] == 100 / 6]
    assert len(chance) == 1
    assert {"a", "e", "chance"} <= {text.get_text() for text in ax.texts}
    assert ax.get_xscale() == "log"


def test_mean():
    assert mean([1.0, 2.0, 6.0]) == 3.0
