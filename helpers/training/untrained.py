"""Untrained networks: seeded initialisation, batch-norm statistics, RNN layers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.models.recurrent.lstm import set_forget_bias
from helpers.models.vision.resnet import he_weights


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
def set_norm_statistics(model: nn.Module, images: Tensor) -> nn.Module:
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


KINDS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def recurrent(kind: str, inputs: int = 32, hidden: int = 64) -> nn.Module:
    """Return a new layer, batch first: "RNN", "GRU", "LSTM", or "LSTM 3" for one whose
    forget gates have bias 3. Raises ValueError for another name."""
    name, _, bias = kind.partition(" ")
    if name not in KINDS or (bias and name != "LSTM"):
        raise ValueError(f"{kind!r} is none of RNN, GRU, LSTM, LSTM with a bias")
    layer = KINDS[name](inputs, hidden, batch_first=True)
    return set_forget_bias(layer, float(bias)) if bias else layer
