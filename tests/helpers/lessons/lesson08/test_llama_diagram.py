"""The drawing of two blocks names what changed."""

from helpers.lessons.lesson08 import llama_diagram
from helpers.plots import theme


def test_both_blocks_have_their_parts_and_only_new_ones_are_filled():
    ax = llama_diagram.block_figure().axes[0]
    words = [text.get_text() for text in ax.texts]
    for part in llama_diagram.GPT + llama_diagram.LLAMA:
        assert part in words
    filled = [p for p in ax.patches if p.get_facecolor()[:3] != (1, 1, 1)]
    assert len(ax.patches) >= 12
    assert len([p for p in filled if hasattr(p, "get_boxstyle")]) == 4
    assert theme.SKY
