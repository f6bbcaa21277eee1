"""Costs of a network: parameters, FLOPs, activation memory and training time."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from helpers.core.run import cpu_seconds
from helpers.core.tables import Table
from helpers.training.fit import History, evaluation_mode


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
    from torch.utils.flop_counter import FlopCounterMode  # brings triton

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


def fused_flops(q: tuple, k: tuple, v: tuple, *rest, **options) -> int:
    """Return the FLOPs of fused attention on these shapes: PyTorch's own formula."""
    from torch.utils.flop_counter import sdpa_flop_count

    return sdpa_flop_count(q, k, v)


# PyTorch counts its fused attention on GPUs only; the CPU's does the same products.
FUSED = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: fused_flops}


@torch.no_grad()
def flops(function: Callable, *inputs: Tensor) -> int:
    """Return the floating-point operations of the matrix products in one call, two
    for each multiply-add, as PyTorch's FlopCounterMode counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False, custom_mapping=FUSED)
    with counter:
        function(*inputs)
    return counter.get_total_flops()


def bytes_kept(function: Callable, *inputs: Tensor) -> int:
    """Return the bytes that one call keeps for its backward pass, each storage once;
    the inputs that it needs again are among them."""
    kept = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        function(*[x.detach().clone().requires_grad_() for x in inputs])
    return sum(kept.values())


@torch.no_grad()
def milliseconds(function: Callable, *inputs: Tensor, repeats: int = 5) -> float:
    """Return the CPU time of one call in milliseconds, the least of `repeats` after
    one to warm up: other work on the machine can only add to it."""
    function(*inputs)
    spent = []
    for _ in range(repeats):
        began = cpu_seconds()
        function(*inputs)
        spent.append(cpu_seconds() - began)
    return 1000 * min(spent)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the exponent p of the best fit y = c * x ** p: the slope of a straight
    line through the logarithms, by least squares."""
    return np.polyfit(np.log(x), np.log(y), 1)[0].item()


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
