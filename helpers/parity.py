"""Is ours the library's? Outputs and gradients, compared in one number."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call


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


def largest_module_gap(ours: nn.Module, library: nn.Module, *inputs: Tensor) -> float:
    """Return the largest gap of two modules: outputs, and the gradients with respect
    to the inputs and to every parameter.

    Both need the same parameters under the same names. Raises ValueError where names
    or shapes differ, or a result is not a finite number.
    """
    names = [name for name, _ in ours.named_parameters()]
    theirs = dict(library.named_parameters())
    if set(names) != set(theirs):
        raise ValueError(f"parameters differ: {sorted(set(names) ^ set(theirs))}")
    values = [theirs[name] for name in names]
    differ = [n for n, p in ours.named_parameters() if not torch.equal(p, theirs[n])]
    if differ:
        raise ValueError(f"weights were not copied: {differ}")

    def called(module: nn.Module) -> Callable:
        def call(*tensors: Tensor) -> Tensor:
            x, weights = tensors[: len(inputs)], tensors[len(inputs) :]
            return functional_call(module, dict(zip(names, weights, strict=True)), x)

        return call

    return largest_gap(called(ours), called(library), *inputs, *values)
