"""Fused kernels: PyTorch's own attention and layer norm in the place of ours."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import (
    MultiHeadAttention,
    join_heads,
    split_heads,
)
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
        if source_bsc is None:  # one product instead of three, one turn instead of two
            qk_btc, v = F.linear(x_btc, weight, bias).split((2 * C, C), dim=-1)
            q, k = self.turned(qk_btc).split(C, dim=-1)
        else:
            q = self.turned(F.linear(x_btc, weight[:C], bias[:C]))
            k, v = F.linear(source_bsc, weight[C:], bias[C:]).split(C, dim=-1)
            k = self.turned(k)
        if may_see is not None and may_see.dim() == 3:
            may_see = may_see[:, None]  # the same for every head
        heads = (split_heads(part, self.n_heads) for part in (q, k, v))
        read_bntd = F.scaled_dot_product_attention(*heads, attn_mask=may_see)
        return self.out_proj(join_heads(read_bntd)), None

    def turned(self, x_btc: Tensor) -> Tensor:
        """Return queries or keys, each head `rotate`d if positions are rotary."""
        return turned(x_btc, self.input_size // self.n_heads) if self.rotary else x_btc


def turned(x_btc: Tensor, head: int) -> Tensor:
    """Return channels (B, T, C), every `head` of them `rotate`d: to turn a pair of
    channels is to multiply one complex number by another."""
    pairs_btf = torch.view_as_complex(x_btc.unflatten(-1, (-1, 2)))
    T, pairs = pairs_btf.shape[1:]
    turns_tf = turns_of(T, head, 2 * pairs // head, pairs_btf.dtype, pairs_btf.device)
    return torch.view_as_real(pairs_btf * turns_tf).flatten(-2)


@lru_cache  # the angles stay the same from step to step
def turns_of(
    T: int, head: int, times: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Return a complex number of length 1 per position and pair, the same for every
    head, so that one loop goes over them all: (T, times * head / 2)."""
    angles_tf = (torch.arange(T)[:, None] * frequencies(head)).repeat(1, times)
    turns_tf = torch.polar(torch.ones_like(angles_tf), angles_tf)
    return turns_tf.to(device, dtype)


FUSED = {LayerNorm: FusedNorm, MultiHeadAttention: FusedAttention}
ON_THE_PAGE = {kind.__name__: kernel for kind, kernel in FUSED.items()}


def fused(model: nn.Module) -> nn.Module:
    """Return the model itself, with the fused kernels in all norms and attentions: the
    same parameters, another `forward`."""
    for part in model.modules():
        part.__class__ = fused_kind(type(part))
    return model


def fused_kind(kind: type) -> type:
    """Return the class that takes the place of one of ours, or of the one that a page
    builds under the same name; any other class as it is."""
    if kind.__module__ == "__main__":
        return ON_THE_PAGE.get(kind.__name__, kind)
    return FUSED.get(kind, kind)
