"""The strip has every byte of the file, and the dots are the weights."""

import pytest
import torch

from helpers.lessons.lesson08.file_figures import (
    blocks_figure,
    layout_figure,
    stretches,
)
from helpers.models.llama.gguf import Entry, decode_q4_1

TABLE = [
    Entry("token_embd.weight", (64, 32), 8, 0),  # 2,176 bytes
    Entry("blk.0.attn_q.weight", (32, 32), 3, 2176),  # 640
    Entry("blk.0.attn_norm.weight", (32,), 0, 2816),  # 128
    Entry("blk.1.attn_q.weight", (32, 32), 3, 2944),
    Entry("output_norm.weight", (32,), 0, 3584),
]


def test_stretches_follow_one_another():
    assert stretches(TABLE, 320) == {
        "header": (0, 320),
        "token_embd": (320, 2496),
        "blk.0": (2496, 3264),
        "blk.1": (3264, 3904),
        "output_norm": (3904, 4032),
    }


def test_the_strip_is_drawn_to_scale():
    (ax,) = layout_figure(TABLE, 320).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars[1] == pytest.approx((320e-6, 2176e-6))
    assert bars[2] == pytest.approx((2496e-6, 768e-6))
    ends = [x + width for x, width in bars]
    assert [x for x, _ in bars[1:]] == pytest.approx(ends[:-1])
    assert ax.get_xlim() == pytest.approx((0, 4032e-6))
    assert [text.get_text() for text in ax.texts][1:] == [
        "vectors of the tokens",
        "2 layers",
    ]


def test_dots_are_the_weights_and_lie_on_the_levels_of_their_block():
    draw = torch.Generator().manual_seed(0)
    scales = torch.tensor([[0.5, -2.0], [0.125, -1.0]]).half().view(torch.uint8)
    digits = torch.randint(256, (2, 16), generator=draw, dtype=torch.uint8)
    blocks_nb = torch.cat([scales, digits], dim=1)
    (ax,) = blocks_figure(blocks_nb).axes
    dots = ax.lines[-1].get_ydata()
    assert list(dots) == decode_q4_1(blocks_nb).flatten().tolist()
    levels = [
        {segment[0][1] for segment in lines.get_segments()} for lines in ax.collections
    ]
    assert [len(each) for each in levels] == [16, 16]
    assert levels[0] == {0.5 * i - 2 for i in range(16)}
    assert set(dots[:32]) <= levels[0] and set(dots[32:]) <= levels[1]
