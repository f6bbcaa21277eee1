"""Llama, the decoder of most open language models, from lesson 05's parts (lesson 08).

RMSNorm, SwiGLU, rotary positions and query heads that share keys and values. Parameters
are named as in transformers' LlamaModel; the table of tokens is also the head. Rows of
queries and keys stand in pairs, as in a GGUF file; transformers has them in halves.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import attend, join_heads, split_heads


@dataclass(frozen=True)
class Sizes:
    """What a Llama is built from; the defaults are SmolLM2-135M's."""

    symbols: int = 49_152
    channels: int = 576
    layers: int = 30
    n_heads: int = 9
    kv_heads: int = 3
    inner: int = 1_536
    base: float = 100_000.0
    eps: float = 1e-5


class RMSNorm(nn.Module):
    """Every position's channels divided by their root mean square, then stretched by
    learned amounts: (..., C) -> (..., C) (Zhang and Sennrich 2019, arXiv:1910.07467).
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x_btc: Tensor) -> Tensor:
        mean_square_bt1 = x_btc.square().mean(dim=-1, keepdim=True)
        return x_btc * (mean_square_bt1 + self.eps).rsqrt() * self.weight


class SwiGLU(nn.Module):
    """A feed-forward network in which one half opens and shuts the other: (..., C) ->
    (..., C) (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, channels: int, inner: int):
        super().__init__()
        self.gate_proj = nn.Linear(channels, inner, bias=False)
        self.up_proj = nn.Linear(channels, inner, bias=False)
        self.down_proj = nn.Linear(inner, channels, bias=False)

    def forward(self, x_btc: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x_btc)) * self.up_proj(x_btc))


def turns(start: int, length: int, head: int, base: float) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of every pair's angle at positions start to start +
    length - 1: each (T, D / 2); pair i turns by base ** (-2i / D) a position."""
    speed_f = base ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angles_tf = torch.arange(start, start + length)[:, None] * speed_f
    return angles_tf.cos(), angles_tf.sin()


def turn_pairs(x_bntd: Tensor, cos_tf: Tensor, sin_tf: Tensor) -> Tensor:
    """Return queries or keys (..., T, D), each pair of neighbouring channels turned by
    its angle, as lesson 05's `rotate` does."""
    even, odd = x_bntd[..., 0::2], x_bntd[..., 1::2]
    pairs = even * cos_tf - odd * sin_tf, even * sin_tf + odd * cos_tf
    return torch.stack(pairs, dim=-1).flatten(-2)


def attend_shared(q_bntd, k_bmsd, v_bmsd, may_see_ts=None):
    """Return what N heads of queries read in M heads of keys and values, each N / M of
    them in one, (B, N, T, D), and the weights (B, N, T, S); no key is copied."""
    B, N, T, D = q_bntd.shape
    M, S = k_bmsd.shape[1:3]
    if may_see_ts is not None:
        may_see_ts = may_see_ts.repeat(N // M, 1)
    q_bmqd = q_bntd.reshape(B, M, N // M * T, D)  # one head's queries in a row
    read_bmqd, weights_bmqs = attend(q_bmqd, k_bmsd, v_bmsd, may_see_ts)
    return read_bmqd.view(B, N, T, D), weights_bmqs.view(B, N, T, S)


class GroupedAttention(nn.Module):
    """Attention whose query heads share heads of keys and values: (B, T, C), weights
    (B, N, T, S), all keys and values (Ainslie et al. 2023, arXiv:2305.13245)."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        C, head = sizes.channels, sizes.channels // sizes.n_heads
        self.n_heads, self.kv_heads = sizes.n_heads, sizes.kv_heads
        self.q_proj = nn.Linear(C, sizes.n_heads * head, bias=False)
        self.k_proj = nn.Linear(C, sizes.kv_heads * head, bias=False)
        self.v_proj = nn.Linear(C, sizes.kv_heads * head, bias=False)
        self.o_proj = nn.Linear(sizes.n_heads * head, C, bias=False)

    def forward(self, x_btc, rotation, may_see_ts=None, past=None):
        q = turn_pairs(split_heads(self.q_proj(x_btc), self.n_heads), *rotation)
        k = turn_pairs(split_heads(self.k_proj(x_btc), self.kv_heads), *rotation)
        v = split_heads(self.v_proj(x_btc), self.kv_heads)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        read_bntd, weights_bnts = attend_shared(q, k, v, may_see_ts)
        return self.o_proj(join_heads(read_bntd)), weights_bnts, (k, v)


class LlamaBlock(nn.Module):
    """Attention, then a feed-forward network, each after a norm: (B, T, C) -> (B, T,
    C), and the keys and values."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.input_layernorm = RMSNorm(sizes.channels, sizes.eps)
        self.self_attn = GroupedAttention(sizes)
        self.post_attention_layernorm = RMSNorm(sizes.channels, sizes.eps)
        self.mlp = SwiGLU(sizes.channels, sizes.inner)

    def forward(self, x_btc, rotation, may_see_ts=None, past=None):
        normal_btc = self.input_layernorm(x_btc)
        read_btc, _, past = self.self_attn(normal_btc, rotation, may_see_ts, past)
        x_btc = x_btc + read_btc
        return x_btc + self.mlp(self.post_attention_layernorm(x_btc)), past


class Llama(nn.Module):
    """A language model: ids (B, T) -> logits of the next ones (B, T, V), and every
    block's keys and values (Touvron et al. 2023, arXiv:2302.13971).

    `past`: those of the P positions before. `may_see_ts` (T, P + T): True where a
    position may look; by default at itself and at all before.
    """

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.embed_tokens = nn.Embedding(sizes.symbols, sizes.channels)
        self.layers = nn.ModuleList(LlamaBlock(sizes) for _ in range(sizes.layers))
        self.norm = RMSNorm(sizes.channels, sizes.eps)

    def forward(self, ids_bt: Tensor, past: list | None = None, may_see_ts=None):
        P, T = past[0][0].shape[2] if past else 0, ids_bt.shape[1]
        if may_see_ts is None and T > 1:  # a single one may look everywhere
            may_see_ts = torch.ones(T, P + T, dtype=torch.bool).tril(P)
        x_btc, after = self.embed_tokens(ids_bt), []
        head = self.sizes.channels // self.sizes.n_heads
        rotation = [part.to(x_btc) for part in turns(P, T, head, self.sizes.base)]
        past = past or [None] * len(self.layers)
        for layer, before in zip(self.layers, past, strict=True):
            x_btc, both = layer(x_btc, rotation, may_see_ts, before)
            after.append(both)
        return F.linear(self.norm(x_btc), self.embed_tokens.weight), after
