"""A window over a text that keeps the first tokens in view (Xiao et al. 2023)."""

import torch
from torch import Tensor


def window_mask(T: int, w: int, s: int) -> Tensor:
    """Return where each of T tokens may look, (T, T): at the last w tokens, itself
    among them, and at the first s; never ahead."""
    back_tt = torch.arange(T)[:, None] - torch.arange(T)
    return (back_tt >= 0) & ((back_tt < w) | (torch.arange(T) < s))
