"""The figures of steps 10, 11 and 13 show what they are given."""

from types import SimpleNamespace

import pytest
import torch

from helpers.lessons.lesson07.workflow_figures import (
    answer_starts,
    answer_starts_in,
    cosine_rows,
    found_of,
)


def test_a_map_has_a_row_for_each_question_and_a_column_for_each_token():
    shares = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.0, 0.8]])
    figure = answer_starts(shares, ["in", "austin", "."], ["Where?", "When?"])
    ax = figure.axes[0]
    assert torch.equal(torch.tensor(ax.images[0].get_array()), shares)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["in", "austin", "."]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Where?", "When?"]
    assert "probability" in figure.axes[1].get_ylabel()


def test_a_map_of_encoded_pairs_leaves_out_the_questions():
    pair = SimpleNamespace(
        tokens=["[CLS]", "who", "[SEP]", "it", "rains"],
        sequence_ids=[None, 0, None, 1, 1],
    )
    starts = torch.tensor([0.1, 0.2, 0.3, 0.15, 0.25])
    ax = answer_starts_in([pair, pair], [starts, starts / 2], ["a", "b"]).axes[0]
    shown = torch.tensor([[0.15, 0.25], [0.075, 0.125]])
    assert torch.equal(torch.tensor(ax.images[0].get_array()), shown)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["it", "rains"]


def test_bars_are_as_long_as_the_counts_and_chance_is_drawn():
    ax = found_of({"late, cut": 1, "nearest": 14}, 16).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [1, 14]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert list(ax.lines[0].get_xdata()) == [1, 1]
    assert {"1", "14", "chance"} <= {text.get_text() for text in ax.texts}
    assert "of 16" in ax.get_xlabel()


def test_rows_show_every_cosine_and_the_mean():
    ax = cosine_rows({"near": [0.9, 1.0], "far": [0.1, 0.1, 0.4]}).axes[0]
    dots, mean = ax.lines[2], ax.lines[3]
    assert list(dots.get_xdata()) == [0.1, 0.1, 0.4]
    assert list(dots.get_ydata()) == [1, 1, 1]
    assert list(mean.get_xdata()) == pytest.approx([0.2])
    assert list(mean.get_ydata()) == [1]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["near", "far"]
