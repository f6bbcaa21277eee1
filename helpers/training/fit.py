"""Training loop with learning-rate schedule, training history, and accuracy."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from helpers.core.errors import UserError
from helpers.core.run import cpu_seconds, progress_bar


@dataclass
class History:
    """What happened while a model trained."""

    losses: list[float] = field(default_factory=list)  # one per step
    records: list[tuple[int, float]] = field(default_factory=list)  # (step, measured)
    cpu_seconds: float = 0.0

    def final_loss(self, last: int = 20) -> float:
        """Return the mean training loss of the last steps."""
        return self.loss_before(len(self.losses), last)

    def loss_before(self, step: int, last: int = 20) -> float:
        """Return the mean training loss of the `last` steps up to number `step`."""
        part = self.losses[max(0, step - last) : step]
        return sum(part) / len(part)

    def smoothed(self, points: int = 30) -> tuple[list[float], list[float]]:
        """Return (steps, losses): the means of `points` equal stretches of training."""
        points = min(points, len(self.losses))
        steps = np.array_split(np.arange(1, len(self.losses) + 1), points)
        losses = np.array_split(np.array(self.losses), points)
        return [part.mean() for part in steps], [part.mean() for part in losses]


def classification_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of logits (B, K) against labels (B,)."""
    inputs, labels = batch
    return F.cross_entropy(model(inputs), labels)


def fit(
    model: nn.Module,
    batches: Iterable,
    steps: int,
    *,
    lr: float = 3e-3,
    weight_decay: float = 1e-2,
    loss: Callable[[nn.Module, tuple], Tensor] = classification_loss,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    warm_up: float = 0.2,
    clip: float | None = None,
    measure: Callable[[nn.Module], float] | None = None,
    every: int = 100,
    label: str = "training",
) -> History:
    """Train `model` in place for `steps` updates and return its History.

    AdamW unless an `optimizer` is given (Loshchilov and Hutter 2019), or several that
    share the parameters; the learning rate rises linearly over the share `warm_up` of
    the steps, then falls to zero as half a cosine. `clip` bounds the gradient's norm.
    `measure(model)` is recorded before the first step, after every `every` steps and
    after the last.
    Batches are moved to the device of the model. Raises UserError when the loss is
    not a finite number, when the batches end early, and when `steps` is below 1.
    """
    if steps < 1:
        raise UserError(f"{steps} training steps asked for; at least 1 is needed.")
    device, batches = device_of(model), iter(batches)
    optimizer = optimizer or AdamW(
        model.parameters(), lr=lr, weight_decay=weight_decay, fused=True
    )
    optimizers = [optimizer] if isinstance(optimizer, Optimizer) else optimizer
    share = partial(rate_at, steps=steps, warm_up=warm_up)
    schedules = [LambdaLR(one, share) for one in optimizers]
    history = History()
    began = cpu_seconds()
    model.train()
    for step in progress_bar(range(steps), label=label):
        if measure and step % every == 0:
            record(history, step, model, measure)
        value = loss(model, to_device(next_batch(batches, step, steps), device))
        history.losses.append(finite(value.item(), step))
        update(value, optimizers, clip)
        for schedule in schedules:
            schedule.step()
    if measure:
        record(history, steps, model, measure)
    history.cpu_seconds = cpu_seconds() - began
    return history


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """Return the learning rate at `step` as a share of its peak, in 0..1."""
    rise = max(1, round(warm_up * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def update(loss: Tensor, optimizers: Sequence[Optimizer], clip: float | None) -> None:
    """Take one step down the gradient of `loss`, with all optimizers."""
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    if clip is not None:
        groups = [group for one in optimizers for group in one.param_groups]
        nn.utils.clip_grad_norm_([p for g in groups for p in g["params"]], clip)
    for optimizer in optimizers:
        optimizer.step()


def next_batch(batches: Iterator, step: int, steps: int) -> tuple:
    """Return the next batch, or raise UserError when there is none."""
    batch = next(batches, None)
    if batch is None:
        raise UserError(
            f"The batches ended after {step} of {steps} training steps: give an "
            "iterator that goes on."
        )
    return batch


def device_of(model: nn.Module) -> torch.device:
    """Return where the model's parameters are, the CPU when it has none."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def to_device(batch: tuple, device: torch.device) -> tuple:
    """Return the batch with every tensor on `device`."""
    return tuple(part.to(device) for part in batch)


def finite(loss: float, step: int) -> float:
    """Return `loss`, or raise UserError when it is infinite or not a number."""
    if not math.isfinite(loss):
        raise UserError(
            f"The training loss became {loss} at step {step}: look for NaN in the "
            "data, or try a smaller learning rate."
        )
    return loss


def record(history: History, step: int, model: nn.Module, measure: Callable) -> None:
    """Append one measurement, taken in evaluation mode, to the history."""
    with evaluation_mode(model):
        history.records.append((step, measure(model)))


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode; afterwards every layer is as before."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:  # one by one: some may be frozen on purpose
            layer.training = training


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, batch_size: int = 500) -> Tensor:
    """Return the logits (N, K) of `images` (N, C, H, W), on the CPU.

    The model is in evaluation mode meanwhile; afterwards as it was before.
    """
    device = device_of(model)
    with evaluation_mode(model):
        logits = [model(part.to(device)).cpu() for part in images.split(batch_size)]
    return torch.cat(logits)


def accuracy(model: nn.Module, dataset) -> float:
    """Return the share, 0 to 1, of `dataset` (with .images, .labels) that the model
    gets right. Raises UserError for an empty set."""
    if len(dataset.labels) == 0:
        raise UserError("The accuracy of an empty set was asked for; 1 picture needed.")
    predicted = predict(model, dataset.images).argmax(dim=1)
    return (predicted == dataset.labels.cpu()).float().mean().item()


def decaying_adamw(
    model: nn.Module, lr: float, weight_decay: float
) -> torch.optim.AdamW:
    """Return AdamW that pulls kernels and matrices towards 0, but no gain or bias."""
    tensors = list(model.parameters())
    groups = [
        {"params": [p for p in tensors if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in tensors if p.dim() < 2], "weight_decay": 0.0},
    ]
    # A memory of 100 steps for the squares, not 1,000: training is that short.
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), fused=True)
