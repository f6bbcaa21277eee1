"""Is ours the library's? Outputs and gradients, compared in one number."""

from collections.abc import Callable

import torch
from torch import Tensor


def largest_gap(ours: Callable, library: Callable, *inputs: Tensor) -> float:
    """Return the largest |ours - library's| over the output and all gradients.

    Both take the same `inputs`; the gradients are those of the sum of the squared
    output with respect to each input. Raises ValueError where the shapes differ, or
    where a result is not a finite number: NaN would hide any gap.
    """
    gaps = []
    for a, b in zip(results(ours, inputs), results(library, inputs), strict=True):
        if a.shape != b.shape:
            raise ValueError(f"shapes differ: {tuple(a.shape)} and {tuple(b.shape)}")
        gaps.append((a - b).abs().max().item() if a.numel() else 0.0)
    if not all(gap < float("inf") for gap in gaps):
        raise ValueError(f"a result is not a finite number: the gaps are {gaps}")
    return max(gaps)


def results(function: Callable, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the output, and the gradient with respect to each input."""
    inputs = tuple(x.detach().clone().requires_grad_() for x in inputs)
    output = function(*inputs)
    return [output, *torch.autograd.grad(output.square().sum(), inputs)]
