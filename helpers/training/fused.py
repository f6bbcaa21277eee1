"""Fused kernels: PyTorch's own attention and layer norm in the place of ours."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import MultiHeadAttention
from helpers.models.transformer.blocks import LayerNorm
from helpers.models.transformer.positions import frequencies


class FusedNorm(LayerNorm):
    """The same norm, in one pass over the numbers."""

    def forward(self, x_btc: Tensor) -> Tensor:
        return F.layer_norm(x_btc, self.weight.shape, self.weight, self.bias, self.eps)


class FusedAttention(MultiHeadAttention):
    """The same looks, without ever keeping their weights: None in their place."""

    def forward(self, x_btc: Tensor, source_bsc=None, may_see=None):
        C, weight, bias = x_btc.shape[-1], self.in_proj_weight, self.in_proj_bias
        if source_bsc is None:  # one product instead of three
            parts = F.linear(x_btc, weight, bias).split(C, dim=-1)
        else:
            keys_and_values = F.linear(source_bsc, weight[C:], bias[C:]).split(C, -1)
            parts = F.linear(x_btc, weight[:C], bias[:C]), *keys_and_values
        q, k, v = (part.unflatten(-1, (self.n_heads, -1)) for part in parts)
        if self.rotary:
            q, k = turned(q), turned(k)
        if may_see is not None and may_see.dim() == 3:
            may_see = may_see[:, None]  # the same for every head
        heads = (part.transpose(1, 2) for part in (q, k, v))
        read_bntd = F.scaled_dot_product_attention(*heads, attn_mask=may_see)
        return self.out_proj(read_bntd.transpose(1, 2).flatten(2)), None


def turned(x_btnd: Tensor) -> Tensor:
    """Return queries or keys (B, T, N, D), `rotate`d: to turn a pair of channels is to
    multiply one complex number by another."""
    pairs = torch.view_as_complex(x_btnd.unflatten(-1, (-1, 2)))
    turns = turns_of(*x_btnd.shape[1::2], pairs.dtype, pairs.device)
    return torch.view_as_real(pairs * turns).flatten(-2)


@lru_cache  # the angles stay the same from step to step
def turns_of(T: int, D: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a complex number of length 1 per position and pair: (T, 1, D / 2)."""
    angles_t1f = torch.arange(T)[:, None, None] * frequencies(D)
    turns = torch.polar(torch.ones_like(angles_t1f), angles_t1f)
    return turns.to(device, dtype)


FUSED = {LayerNorm: FusedNorm, MultiHeadAttention: FusedAttention}


def fused(model: nn.Module) -> nn.Module:
    """Return the model itself, with the fused kernels in all norms and attentions: the
    same parameters, another `forward`."""
    for part in model.modules():
        part.__class__ = FUSED.get(type(part), type(part))
    return model
