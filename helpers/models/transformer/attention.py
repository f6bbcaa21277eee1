"""Scaled dot-product and multi-head attention, and masks (lesson 04)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.positions import rotate


def attend(q_qd: Tensor, k_kd: Tensor, v_ke: Tensor, may_see_qk: Tensor | None = None):
    """Return (values (..., Q, E) averaged for each query, weights (..., Q, K)).

    Scaled dot-product attention (Vaswani et al. 2017, equation 1). `may_see_qk`: True
    where a query may look; a query that may look nowhere reads zeros.
    """
    scores_qk = q_qd @ k_kd.mT / q_qd.shape[-1] ** 0.5
    if may_see_qk is None:
        weights_qk = scores_qk.softmax(dim=-1)
    else:
        weights_qk = masked_softmax(scores_qk, may_see_qk.to(scores_qk.device))
    return weights_qk @ v_ke, weights_qk


def masked_softmax(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
    """Return the softmax over the keys that may be seen, 0 for all others; a row
    without any is 0 throughout, and so is its gradient."""
    blind_q1 = ~may_see_qk.any(dim=-1, keepdim=True)
    hidden_qk = ~may_see_qk & ~blind_q1  # -inf everywhere would become NaN
    weights_qk = scores_qk.masked_fill(hidden_qk, float("-inf")).softmax(dim=-1)
    return weights_qk.masked_fill(blind_q1, 0.0)


def causal_mask(length: int) -> Tensor:
    """Return (T, T), True where a position may look: at itself and what is before."""
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths_b: Tensor, longest: int) -> Tensor:
    """Return (B, 1, T), True where row b has a token: any query may look there."""
    return torch.arange(longest) < lengths_b[:, None, None]


def split_heads(x_btc: Tensor, n_heads: int) -> Tensor:
    """Return the channels cut into heads: (B, T, C) -> (B, N, T, D), C = N * D."""
    B, T, C = x_btc.shape
    return x_btc.reshape(B, T, n_heads, C // n_heads).transpose(1, 2)


def join_heads(x_bntd: Tensor) -> Tensor:
    """Return the heads side by side again: (B, N, T, D) -> (B, T, C)."""
    return x_bntd.transpose(1, 2).flatten(2)


class MultiHeadAttention(nn.Module):
    """Several lookups side by side (Vaswani et al. 2017, section 3.2.2).

    x (B, T, C) asks and `source` (B, S, C), by default x itself, answers: (B, T, C),
    and the weights (B, N, T, S). `may_see`, (T, S) or (B, T, S): True where a query may
    look. Parameters as in torch.nn.MultiheadAttention(C, N, batch_first=True).
    """

    def __init__(self, channels: int, n_heads: int, rotary: bool = False):
        super().__init__()
        self.input_size = self.hidden_size = channels  # as recurrent layers call them
        self.n_heads, self.rotary = n_heads, rotary
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * channels))
        self.out_proj = nn.Linear(channels, channels)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x_btc: Tensor, source_bsc=None, may_see=None):
        source_bsc = x_btc if source_bsc is None else source_bsc
        rows = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        inputs = zip((x_btc, source_bsc, source_bsc), *rows, strict=True)
        q, k, v = (split_heads(F.linear(*part), self.n_heads) for part in inputs)
        if self.rotary:
            q, k = rotate(q), rotate(k)
        if may_see is not None and may_see.dim() == 3:
            may_see = may_see[:, None]  # the same for every head
        read_bntd, weights_bnts = attend(q, k, v, may_see)
        return self.out_proj(join_heads(read_bntd)), weights_bnts
