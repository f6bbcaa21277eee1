"""GPT, and how it writes without computing anything twice. Lesson 05 builds them."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import (
    MultiHeadAttention,
    attend,
    causal_mask,
    join_heads,
    split_heads,
)
from helpers.models.positions import rotate
from helpers.models.transformer import EncoderLayer, LayerNorm, Stack

gelu_tanh = partial(F.gelu, approximate="tanh")  # as in GPT-2


class Embedding(nn.Module):
    """Tokens as vectors, ids (B, T) -> (B, T, C), with one more for each position up to
    `longest`, if there is one. Raises ValueError beyond it."""

    def __init__(self, symbols: int, channels: int, longest: int | None = None):
        super().__init__()
        self.tokens = nn.Embedding(symbols, channels)
        self.positions = nn.Embedding(longest, channels) if longest else None

    def forward(self, ids_bt: Tensor, start: int = 0) -> Tensor:
        x_btc, end = self.tokens(ids_bt), start + ids_bt.shape[1]
        if self.positions is None:
            return x_btc
        if end > len(self.positions.weight):
            longest = len(self.positions.weight)
            raise ValueError(f"{end} tokens, but only {longest} positions were learned")
        return x_btc + self.positions.weight[start:end]


class GPT(nn.Module):
    """A language model of encoder layers that look back only: ids (B, T) -> logits of
    the next ones (B, T, V), and all ids so far (Radford et al. 2019).

    Positions are learned up to `longest`; without it they are rotary. `tied`: the
    tokens' vectors are also the head, as in GPT-2; otherwise the head is lesson 03's.
    """

    def __init__(
        self, symbols, channels, n_heads, layers, longest=None, tied=True, **options
    ):
        super().__init__()
        options = {"inner": 4 * channels, "activation": gelu_tanh, **options}
        blocks = [EncoderLayer(channels, n_heads, **options) for _ in range(layers)]
        for block in blocks:
            block.self_attn.rotary = longest is None
        self.embedding = Embedding(symbols, channels, longest)
        self.body = Stack(blocks, LayerNorm(channels))
        self.head = nn.Linear(channels, symbols, bias=not tied)
        if tied:
            self.head.weight = self.embedding.tokens.weight
            nn.init.normal_(self.head.weight, std=0.02)  # as large as a head may be

    def forward(self, ids_bt: Tensor, before_bp: Tensor | None = None):
        T = ids_bt.shape[1]
        if before_bp is not None:
            ids_bt = torch.cat([before_bp, ids_bt], dim=1)
        may_see = causal_mask(ids_bt.shape[1])
        y_btc = self.body(self.embedding(ids_bt), may_see)
        return self.head(y_btc[:, -T:]), ids_bt


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
