"""Previous-token heads: attention that begins by looking at the last few positions."""

import torch
from torch import Tensor

from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.positions import frequencies


@torch.no_grad()
def look_back(gpt: GPT, size: float = 5.0) -> GPT:
    """Return the GPT itself, the heads 0, 1 and 2 of its first block looking 1, 2 and 3
    positions back, by the biases of its rotary queries and keys; the others are left.

    `size`: how large those biases are, and so how narrow the looks.
    """
    attention = gpt.body.layers[0].self_attn
    q_c, k_c, _ = attention.in_proj_bias.chunk(3)
    queries, keys = q_c.chunk(attention.n_heads)[:3], k_c.chunk(attention.n_heads)[:3]
    for back, (q_d, k_d) in enumerate(zip(queries, keys, strict=True), start=1):
        k_d.copy_(size * pointer(0, len(k_d)))
        q_d.copy_(size * pointer(-back, len(q_d)))
    return gpt


def pointer(position: int, channels: int, pairs: int = 4) -> Tensor:
    """Return the vector (1, 0, 1, 0, ...), the first few pairs only, `rotate`d as at a
    position, which may be below 0: (D,)."""
    angles_f = position * frequencies(channels)
    pairs_f2 = torch.stack([angles_f.cos(), angles_f.sin()], dim=-1)
    pairs_f2[pairs:] = 0  # the slow ones hardly tell a position from the next
    return pairs_f2.flatten().float()
