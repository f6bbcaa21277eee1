"""KV-cache: a GPT that generates without computing a key or value twice."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import (
    MultiHeadAttention,
    attend,
    causal_mask,
    join_heads,
    split_heads,
)
from helpers.models.transformer.blocks import EncoderLayer
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.positions import rotate

# ---------------------------------------------------------------- keys and values kept


def rotate_after(x_td: Tensor, start: int) -> Tensor:
    """Return queries or keys (..., T, D), `rotate`d as they are at positions start to
    start + T - 1."""
    return rotate(F.pad(x_td, (0, 0, start, 0)))[..., start:, :]


def attend_cached(attention: MultiHeadAttention, x_btc: Tensor, past: tuple | None):
    """Return what T new positions read (B, T, C) in themselves and in P earlier ones,
    and all P + T keys and values (B, N, P + T, D); `past`: those of the P."""
    rows = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    projected = (F.linear(x_btc, *part) for part in zip(*rows, strict=True))
    q, k, v = (split_heads(part, attention.n_heads) for part in projected)
    if attention.rotary:
        q, k = (rotate_after(part, positions_kept(past)) for part in (q, k))
    if past is not None:
        k, v = (torch.cat(pair, dim=2) for pair in zip(past, (k, v), strict=True))
    may_see_ts = causal_mask(k.shape[2])[-q.shape[2] :]
    read_bntd, _ = attend(q, k, v, may_see_ts)
    return attention.out_proj(join_heads(read_bntd)), (k, v)


def positions_kept(past: tuple | None) -> int:
    """Return of how many positions the keys and values are kept."""
    return 0 if past is None else past[0].shape[2]


def read_on(layer: EncoderLayer, x_btc: Tensor, past: tuple | None):
    """Return what a layer makes of T new positions (B, T, C), and its keys and values
    with theirs. Raises ValueError for a layer that has its norms last."""
    if not layer.norm_first:
        raise ValueError("keys and values are kept only where the norms come first")
    read_btc, past = attend_cached(layer.self_attn, layer.norm1(x_btc), past)
    x_btc = x_btc + read_btc
    return x_btc + layer.feed_forward(layer.norm2(x_btc)), past


class Cached(nn.Module):
    """The same GPT, which reads only what is new: ids (B, T) -> logits (B, T, V), and
    every layer's keys and values of all positions so far."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.gpt = gpt

    def forward(self, ids_bt: Tensor, past: list | None = None):
        layers, after = self.gpt.body.layers, []
        past = past or [None] * len(layers)
        x_btc = self.gpt.embedding(ids_bt, start=positions_kept(past[0]))
        for layer, before in zip(layers, past, strict=True):
            x_btc, both = read_on(layer, x_btc, before)
            after.append(both)
        return self.gpt.head(self.gpt.body.norm(x_btc)), after
