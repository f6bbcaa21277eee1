"""Activations by forward hooks; the width of an effective receptive field."""

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
