"""GPT, a decoder-only language model, as lesson 05 builds it."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.blocks import EncoderLayer, LayerNorm, Stack

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
