"""What the figures of the inside show."""

import torch

from helpers.lessons.lesson08 import inside_figures
from helpers.lessons.lesson08.left_out import BLIND, LEFT_OUT

TABLE = {"read off": {0: [9.0, 9.0], 1: [6.0, 8.0], 2: [1.0, 2.0]}}
TABLE |= {way: {0: [3.0, 4.0], 1: [1.0, 2.0]} for way in LEFT_OUT}


def heights(line):
    return [float(y) for y in line.get_ydata()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def band(ax):
    """Return the heights of the corners of a band."""
    return set(ax.collections[0].get_paths()[0].vertices[:, 1].tolist())


def test_every_text_and_their_mean_fall_to_the_last_block():
    (ax,) = inside_figures.read_off_figure(TABLE).axes
    assert heights(ax.lines[0]) == [7.0, 1.5]
    assert band(ax) == {6.0, 1.0, 8.0, 2.0}
    assert heights(ax.lines[1]) == [BLIND, BLIND]
    assert texts(ax) == ["every token equally likely"]
    assert list(ax.lines[0].get_xdata()) == [1, 2]


def test_added_loss_by_part_ends_at_the_floor():
    (ax,) = inside_figures.added_figure(TABLE).axes
    assert [line.get_label() for line in ax.lines] == list(LEFT_OUT)
    assert heights(ax.lines[0])[0] == 2.0
    assert abs(heights(ax.lines[0])[1] - inside_figures.FLOOR) < 1e-6
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert low < inside_figures.FLOOR < 2.0 < high


def test_length_above_and_share_below():
    ratio, share = torch.tensor([[1.0, 2], [30, 50], [9, 9]]), torch.ones(2, 2) / 4
    above, below = inside_figures.sink_figure(ratio, share).axes
    assert heights(above.lines[0]) == [1.5, 40.0, 9.0]
    assert heights(below.lines[0]) == [0.25, 0.25]
    assert above.get_yscale() == "log" and below.get_yscale() == "linear"
    assert above.get_xlim() == below.get_xlim() == (0, 2)


def test_mistakes_stand_by_their_mean():
    losses = {"bad": torch.tensor([9.0, 5]), "no mistake": torch.tensor([3.0, 2])}
    (ax,) = inside_figures.mistakes_figure(losses).axes
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["no mistake", "bad"]
    ranges = [line.get_segments()[0][:, 0].tolist() for line in ax.collections]
    assert ranges == [[2, 3], [5, 9]]
    right, wrong = (tuple(line.get_color()[0]) for line in ax.collections)
    assert right != wrong
    means = [float(x.get_xdata()[0]) for x in ax.lines if x.get_marker() == "|"]
    assert means == [2.5, 7.0]
    low, high = ax.get_ylim()
    assert low > high  # the first row on top
