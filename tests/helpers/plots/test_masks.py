"""Masks as squares: what may be looked at is dark, and every word stands at its row."""

from itertools import combinations

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from helpers.models.transformer.attention import causal_mask
from helpers.plots.masks import CELL, HIDDEN, joined, mask_row
from helpers.plots.theme import OURS

SOURCE, TARGET = ["der", "Hund"], ["<s>", "the", "dog"]


pytestmark = pytest.mark.usefixtures("theme")


def everything(*shape):
    return torch.ones(shape, dtype=torch.bool)


def row():
    """Return the three masks, their words, and where the target begins."""
    both = joined(everything(2, 2), causal_mask(3), everything(3, 2))
    masks = {"GPT": causal_mask(4), "BERT": everything(4, 4), "T5": both}
    words = {"GPT": list("ab c"), "BERT": ["$x", "漢", "", "y"], "T5": SOURCE + TARGET}
    return masks, words, {"T5": 2}


def drawn(*row):
    """Return the axes of a row of masks, after drawing it silently."""
    figure = mask_row(*row)
    figure.draw_without_rendering()
    return figure.axes


def colours(ax):
    """Return the colour of each square, row by row from the top."""
    (mesh,) = ax.collections
    flat = [to_hex(colour) for colour in mesh.get_facecolor()]
    T = round(len(flat) ** 0.5)
    return [flat[i * T : (i + 1) * T] for i in range(T)]


def test_the_joined_mask_has_each_part_in_its_corner():
    parts = [torch.rand(shape) > 0.5 for shape in ((2, 2), (3, 3), (3, 2))]
    both = joined(*parts)
    assert both.shape == (5, 5) and both.dtype == torch.bool
    source, target, across = parts
    assert (both[:2, :2] == source).all() and (both[2:, 2:] == target).all()
    assert (both[2:, :2] == across).all() and not both[:2, 2:].any()


def test_a_square_is_dark_where_one_may_look():
    masks, words, split = row()
    axes = drawn(masks, words, split)
    assert len(axes) == 3
    for ax, mask in zip(axes, masks.values(), strict=True):
        wanted = [[to_hex(OURS if see else HIDDEN) for see in line] for line in mask]
        assert colours(ax) == wanted
        assert ax.get_ylim() == (len(mask), 0) and ax.get_xlim() == (0, len(mask))


def test_one_square_alone_is_not_mistaken():
    for see, colour in ((True, OURS), (False, HIDDEN)):
        (ax,) = drawn({"m": torch.tensor([[see]])}, {"m": ["a"]})
        assert colours(ax) == [[to_hex(colour)]]


def test_words_are_ticks_of_rows_and_columns():
    wanted = {"GPT": list("ab␣c"), "BERT": ["$x", "□", "", "y"], "T5": SOURCE + TARGET}
    for ax, (name, words) in zip(drawn(*row()), wanted.items(), strict=True):
        assert ax.get_title(loc="left") == name
        assert [t.get_text() for t in ax.get_xticklabels()] == words
        assert [t.get_text() for t in ax.get_yticklabels()] == words
        places = [i + 0.5 for i in range(len(words))]
        assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == places
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("is looked at", "looks")


def test_lines_part_the_two_sequences():
    gpt, bert, t5 = drawn(*row())
    assert not gpt.lines and not bert.lines
    level, upright = (np.array(line.get_data()) for line in t5.lines)
    assert (level[1] == 2).all() and (upright[0] == 2).all()
    assert level[0].min() < 0 and level[0].max() == 5
    assert upright[1].min() == 0 and upright[1].max() > 5
    assert not any(ax.lines for ax in drawn(*row()[:2]))


def test_squares_are_equally_large_everywhere():
    for ax in drawn(*row()):
        box, T = ax.get_window_extent(), len(colours(ax))
        assert box.width == pytest.approx(box.height)
        assert box.width / T / ax.figure.dpi == pytest.approx(CELL)
    tops = {round(ax.get_window_extent().y1) for ax in drawn(*row())}
    assert len(tops) == 1


def test_the_colours_are_explained():
    (legend,) = mask_row(*row()).legends
    assert [t.get_text() for t in legend.get_texts()] == ["may look", "hidden"]
    shown = [to_hex(h.get_facecolor()) for h in legend.legend_handles]
    assert shown == [to_hex(OURS), to_hex(HIDDEN)]


@pytest.mark.parametrize(
    "words",
    [
        {"m": ["a"]},
        {"GPT: only what stands before": ["W" * 14, "b", "c", "d"], "y": list("abcde")},
        {f"mask {i} of five": ["the", "cat", "sat"] for i in range(5)},
        {"m": ["x"] * 16, "a long name over two lines": ["漢字", "$\\no$", "_"]},
    ],
)
def test_nothing_touches_and_nothing_is_cut_off(words):
    masks = {name: causal_mask(len(tokens)) for name, tokens in words.items()}
    figure = mask_row(masks, words, {name: 1 for name in words})
    figure.draw_without_rendering()
    page = figure.bbox
    found = [ax.get_tightbbox() for ax in figure.axes]
    found.append(figure.legends[0].get_window_extent())
    for box in found:
        assert box.x0 >= page.x0 and box.y0 >= page.y0
        assert box.x1 <= page.x1 and box.y1 <= page.y1
    ticks = [
        t for ax in figure.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())
    ]
    for parts in (found, [t.get_window_extent() for t in ticks if t.get_text()]):
        for one, other in combinations(parts, 2):
            assert not one.overlaps(other)


@pytest.mark.parametrize(
    "mask", [everything(2, 3), everything(3, 3), everything(2), torch.ones(2, 2)]
)
def test_other_masks_are_refused(mask):
    with pytest.raises(ValueError, match=r"'m' is .* 2 tokens .* torch.bool \(2, 2\)"):
        mask_row({"m": mask}, {"m": ["a", "b"]})


def test_a_row_without_a_mask_is_refused():
    with pytest.raises(ValueError, match="needs a mask"):
        mask_row({}, {})
