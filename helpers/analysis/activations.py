"""Activations by forward hooks, input gradients, effective receptive fields."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.training.fit import evaluation_mode


def activations(model: nn.Module, x: Tensor, names: list[str]) -> dict[str, Tensor]:
    """Return what the named layers put out for the batch `x`, in evaluation mode.

    Names as in `model.named_modules()`; of a layer that is called twice, the last
    output. Raises KeyError for a name that is not there.
    """
    modules, kept = dict(model.named_modules()), {}
    layers = {name: modules[name] for name in names}

    def keep(name: str) -> Callable:
        # A copy, because a ReLU that works in place would write over it.
        return lambda layer, inputs, output: kept.update({name: output.clone()})

    hooks = [layers[name].register_forward_hook(keep(name)) for name in names]
    try:
        with torch.no_grad(), evaluation_mode(model):
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: kept[name] for name in names}


def input_gradient(model: nn.Module, x_bchw: Tensor) -> Tensor:
    """Return d(sum over channels of the middle unit) / d(picture), as (B, H, W).

    `model` maps (B, C, H, W) to (B, O, H', W'); the unit stands at the middle of the
    output map. Gradients are summed over the picture's channels. Raises ValueError
    for an output that is no map.
    """
    x_bchw = x_bchw.detach().clone().requires_grad_()
    y_bohw = model(x_bchw)
    if y_bohw.ndim != 4:
        raise ValueError(
            f"output of shape {tuple(y_bohw.shape)} is no (B, O, H, W) map"
        )
    middle = y_bohw[:, :, y_bohw.shape[2] // 2, y_bohw.shape[3] // 2]
    (gradient,) = torch.autograd.grad(middle.sum(), x_bchw)
    return gradient.sum(dim=1)


def measured_field(gradient_hw: Tensor) -> tuple[int, int, int]:
    """Return (first row, last row, rows) of the pixels with a non-zero gradient.

    (0, -1, 0) where all are zero.
    """
    rows = (gradient_hw != 0).any(dim=1).nonzero().flatten()
    if len(rows) == 0:
        return 0, -1, 0
    first, last = rows.min().item(), rows.max().item()
    return first, last, last - first + 1


def effective_width(weight_hw: Tensor) -> float:
    """Return the standard deviation, in pixels, of a map of non-negative weights.

    The mean over both axes of the square root of the second central moment.
    """
    widths = []
    for axis in (0, 1):
        profile = weight_hw.double().sum(dim=1 - axis)
        profile = profile / profile.sum()
        place = torch.arange(len(profile), dtype=torch.float64)
        centre = (profile * place).sum()
        widths.append((profile * (place - centre) ** 2).sum().sqrt().item())
    return sum(widths) / 2
