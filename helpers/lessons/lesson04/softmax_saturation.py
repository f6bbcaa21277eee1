"""Softmax saturation: attention of random queries over random keys, by width."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

QUERIES, KEYS = 256, 64


@dataclass(frozen=True)
class Sharpness:
    """Statistics of the attention of 256 random queries over 64 random keys.

    `entropy`: mean over queries of the weights' entropy as a share of ln 64, 1 for
    even weights. `jacobian`: mean Frobenius norm of d weights / d scores. `median`,
    `largest`: of the queries' gradients of the answer, in norm.
    """

    entropy: float
    jacobian: float
    median: float
    largest: float


def sharpness(width: int, scale: float, seed: int) -> Sharpness:
    """Return how sharp attention is for queries and keys of `width` standard normals,
    their dot products multiplied by `scale`; each value is one standard normal."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (QUERIES, width), (KEYS, width), (KEYS, 1)
    q_qd, k_kd, v_k1 = (torch.randn(size, generator=generator) for size in sizes)
    q_qd.requires_grad_()
    weights_qk = (scale * q_qd @ k_kd.mT).softmax(dim=-1)
    (gradient_qd,) = torch.autograd.grad((weights_qk @ v_k1).sum(), q_qd)
    weights_qk, norms_q = weights_qk.detach(), gradient_qd.norm(dim=1)
    return Sharpness(
        even(weights_qk).mean().item(),
        jacobian_norm(weights_qk).mean().item(),
        norms_q.median().item(),
        norms_q.max().item(),
    )


def against_width(
    widths: Sequence[int], seeds: Sequence[int], scaled: bool
) -> dict[str, list[list[float]]]:
    """Return every measure of `Sharpness` by name: one list per seed, along the
    widths; `scaled`: whether dot products are divided by the root of the width."""
    runs = [
        [sharpness(w, w**-0.5 if scaled else 1.0, s) for w in widths] for s in seeds
    ]
    names = [field.name for field in fields(Sharpness)]
    return {name: [[getattr(x, name) for x in run] for run in runs] for name in names}


def even(weights_qk: Tensor) -> Tensor:
    """Return the entropy of each row of weights, (Q,), as a share of the largest."""
    nats_q = torch.special.entr(weights_qk).sum(dim=-1)
    return nats_q / torch.tensor(float(weights_qk.shape[-1])).log()


def jacobian_norm(weights_qk: Tensor) -> Tensor:
    """Return the Frobenius norm of the softmax's Jacobian diag(w) - w wᵀ, (Q,)."""
    outer_qkk = weights_qk[:, :, None] * weights_qk[:, None, :]
    return (weights_qk.diag_embed() - outer_qkk).flatten(1).norm(dim=1)
