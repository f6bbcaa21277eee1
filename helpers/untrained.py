"""Networks before training: weights from one seed, norms that know the data."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.models.resnet import he_weights


def untrained(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Return `make()` with fresh weights that depend on `seed` alone.

    Convolutions by He et al. (2015b), linear layers likewise, norms as new. The
    global random numbers stay untouched: an explorer may redraw while another cell
    trains.
    """
    with torch.device("meta"):  # weights without numbers: none are drawn
        model = make()
    generator = torch.Generator().manual_seed(seed)
    for layer in model.to_empty(device="cpu").modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        elif isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
    he_weights(model, generator)
    return model


@torch.no_grad()
def settle(model: nn.Module, images: Tensor) -> nn.Module:
    """Return the model in evaluation mode, its norms set to these images' statistics.

    An untrained network has none yet: its running averages are those of no picture.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the average becomes that of the next batch
    model.train()(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model.eval()
