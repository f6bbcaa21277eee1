"""Drawings of blocks: every part stands where it belongs."""

from helpers.lessons.lesson05.diagrams import block_figure, mask_places_figure


def texts(figure):
    """Return what is written in a figure, in the order of drawing."""
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_a_block_has_its_parts_in_both_orders():
    found = texts(block_figure())
    last = found.index("norm last (2017)"), found.index("norm first (GPT-2)")
    first = found[last[1] + 2 :]
    assert found[last[0] + 2 : last[1]] == [
        "attention",
        "+",
        "norm",
        "FFN",
        "+",
        "norm",
    ]
    assert first == ["norm", "attention", "+", "norm", "FFN", "+"]


def test_each_attention_has_its_mask():
    found = texts(mask_places_figure())
    assert found.count("self-attention") == 4 and found.count("cross-attention") == 1
    assert found.count("hides the future") == 2
    assert found.count("hides the source's padding") == 2
    assert found.count("hides padding") == 1
