"""What a network costs: parameters, multiplications, and the time to train it."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from helpers.tables import Table
from helpers.training import History, evaluation_mode


def parameter_count(module: nn.Module) -> int:
    """Return how many numbers the module's parameters hold, frozen ones included."""
    return sum(p.numel() for p in module.parameters())


@torch.no_grad()
def multiplications(model: nn.Module, x: Tensor) -> dict[str, int]:
    """Return the multiply-adds of convolutions and matrix products in one pass, by
    the name of each direct part of the model, and under "" for the whole.

    Counted by PyTorch's own FlopCounterMode, which calls one multiply-add two FLOPs.
    Works on the meta device: nothing needs to be computed. Parts without any (norm,
    ReLU, pooling) count 0.
    """
    counter = FlopCounterMode(display=False)
    with counter, evaluation_mode(model):  # or norms would count this picture in
        model(x)
    counts = counter.get_flop_counts()
    top = type(model).__name__
    parts = {name: f"{top}.{name}" for name, _ in model.named_children()}
    return {
        name: sum(counts.get(key, {}).values()) // 2
        for name, key in {**parts, "": "Global"}.items()
    }


def training_costs(spent: Iterable[tuple[str, History]]) -> Table:
    """Return a table of what training took, from (name, History): runs, steps and CPU
    seconds of each name, in the order of their first runs, and in all."""
    totals: dict[str, list] = {}
    for name, history in spent:
        row = totals.setdefault(name, [0, 0, 0.0])
        row[:] = row[0] + 1, row[1] + len(history.losses), row[2] + history.cpu_seconds
    rows = [(name, n, steps, round(s, 1)) for name, (n, steps, s) in totals.items()]
    columns = [sum(column) for column in list(zip(*rows, strict=True))[1:]] or [0, 0, 0]
    return Table(
        ["trained", "runs", "steps", "CPU seconds"], [*rows, ("all", *columns)]
    )
