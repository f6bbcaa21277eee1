"""Muon optimizer: orthogonalised gradient steps for matrices (lesson 05)."""

import torch
from torch import Tensor


def orthogonalised(gradient_oi: Tensor, steps: int = 4) -> Tensor:
    """Return gradients (..., O, I) whose singular values are all brought near 1, with
    the coefficients of Jordan et al. (2024, kellerjordan.github.io/posts/muon)."""
    a, b, c = 3.4445, -4.775, 2.0315
    size_11 = gradient_oi.norm(dim=(-2, -1), keepdim=True)
    x_oi = gradient_oi / size_11.clamp_min(1e-7)  # no singular value is above 1
    one_oo = torch.eye(x_oi.shape[-2]).to(x_oi)
    for _ in range(steps):  # a s + b s^3 + c s^5 of every singular value s
        gram_oo = x_oi @ x_oi.mT
        x_oi = (a * one_oo + (b * one_oo + c * gram_oo) @ gram_oo) @ x_oi
    return x_oi
