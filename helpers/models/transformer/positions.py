"""Position encodings, sinusoidal and rotary (RoPE), of lessons 04 and 05."""

import torch
from torch import Tensor


def frequencies(channels: int) -> Tensor:
    """Return the angle per position (radians) of each pair of channels, (C / 2,) in
    float64: from 1 down to nearly 1 / 10000 (Vaswani et al. 2017, section 3.5)."""
    return 10_000.0 ** (-torch.arange(0, channels, 2, dtype=torch.float64) / channels)


def sinusoidal(length: int, channels: int) -> Tensor:
    """Return the encoding (T, C) to be added to what stands at positions 0 to T - 1:
    sine and cosine of each frequency in turn (Vaswani et al. 2017, section 3.5)."""
    angles_tf = torch.arange(length)[:, None] * frequencies(channels)
    return torch.stack([angles_tf.sin(), angles_tf.cos()], dim=-1).flatten(1).float()


def rotate(x_td: Tensor) -> Tensor:
    """Return queries or keys (..., T, D), each pair of channels turned by its angle
    times the position: "rotary" encoding (Su et al. 2021, arXiv:2104.09864)."""
    T, D = x_td.shape[-2:]
    angles_tf = torch.arange(T)[:, None] * frequencies(D)
    cos_tf, sin_tf = (f(angles_tf).to(x_td) for f in (torch.cos, torch.sin))
    even_tf, odd_tf = x_td[..., 0::2], x_td[..., 1::2]
    turned = even_tf * cos_tf - odd_tf * sin_tf, even_tf * sin_tf + odd_tf * cos_tf
    return torch.stack(turned, dim=-1).flatten(-2)
