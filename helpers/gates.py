"""What the gates of an LSTM do while it reads."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.models.lstm import layer_weights, lstm_gates
from helpers.training import device_of


@dataclass(frozen=True)
class Trace:
    """One unit per column, one step per row: every field is (T, H)."""

    input: Tensor
    forget: Tensor
    candidate: Tensor
    output: Tensor
    cell: Tensor
    hidden: Tensor


@torch.no_grad()
def read(model: nn.Module, ids_t: Tensor) -> Trace:
    """Return the gates, cells and outputs of a LanguageModel's first LSTM layer while
    it reads (T,) symbols from no state, on the CPU.

    Raises ValueError where the recurrent layer is no LSTM of one layer.
    """
    layer = model.recurrent
    weights = layer_weights(layer)
    if layer.num_layers != 1 or len(weights[0]) != 4 * layer.hidden_size:
        raise ValueError("the gates of an LSTM of one layer can be read")
    h_bh = c_bh = weights[0].new_zeros(1, layer.hidden_size)
    steps = []
    for x_be in model.embedding(ids_t.to(device_of(model)))[:, None]:
        i_bh, f_bh, g_bh, o_bh = lstm_gates(x_be, h_bh, weights)
        c_bh = f_bh * c_bh + i_bh * g_bh
        h_bh = o_bh * c_bh.tanh()
        steps.append(torch.cat([i_bh, f_bh, g_bh, o_bh, c_bh, h_bh]))
    return Trace(*torch.stack(steps).cpu().unbind(dim=1))


def dead_units(model: nn.Module, ids_t: Tensor) -> int:
    """Return how many units of the first layer say much the same all the time: the
    tanh of their cell, within -1..1, has a standard deviation below 0.1."""
    return (read(model, ids_t).cell.tanh().std(dim=0) < 0.1).sum().item()


def closed_at(model: nn.Module, ids_t: Tensor, symbol: int) -> float:
    """Return how much lower the mean forget gate is at a symbol than at the others of
    a text (T,): -1 to 1, NaN where the text has none of it, or nothing else."""
    forget_t = read(model, ids_t).forget.mean(dim=1)
    here = ids_t == symbol
    return (forget_t[~here].mean() - forget_t[here].mean()).item()


def part(trace: Trace, steps: Tensor) -> Trace:
    """Return the trace at some of its steps, given by their numbers (S,)."""
    return Trace(**{name: value[steps] for name, value in vars(trace).items()})
