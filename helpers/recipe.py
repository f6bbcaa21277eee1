"""How lesson 02 trains its small network: shifted pictures, and AdamW with a choice."""

import torch
import torch.nn.functional as F
from torch import nn


def shift_each(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return `images` (N, C, H, W), each moved by -1, 0 or 1 pixel down and across;
    what comes in is 0."""
    n, _, height, width = images.shape
    down, right = torch.randint(3, (2, n), generator=generator)
    # Views, not copies: (N, C, 3, 3, H, W), the nine places a picture can move to.
    windows = F.pad(images, (1, 1, 1, 1)).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n), :, down, right]


def decaying_adamw(
    model: nn.Module, lr: float, weight_decay: float
) -> torch.optim.AdamW:
    """Return AdamW that pulls kernels and matrices towards 0, but no gain or bias."""
    tensors = list(model.parameters())
    groups = [
        {"params": [p for p in tensors if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in tensors if p.dim() < 2], "weight_decay": 0.0},
    ]
    # A memory of 100 steps for the squares, not 1,000: training is that short.
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), fused=True)
