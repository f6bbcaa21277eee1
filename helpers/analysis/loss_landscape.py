"""Loss landscape: the loss along a line through the weights (Li et al. 2018)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call


def filter_normalised(step: Tensor, weight: Tensor) -> Tensor:
    """Return `step` with each filter, step[i], as long as weight[i].

    A layer that is followed by a norm computes the same with weights of twice the
    size; without this, the width of a valley would depend on that size.
    """
    lengths = weight.flatten(1).norm(dim=1) / step.flatten(1).norm(dim=1)
    return step * lengths.view(-1, *[1] * (weight.dim() - 1))


def random_direction(model: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """Return one random filter-normalised step per weight matrix or kernel, by name.

    Gains and biases, which have one axis, do not move.
    """
    weights = {n: p.detach() for n, p in model.named_parameters() if p.dim() > 1}
    steps = {n: torch.randn(w.shape, generator=generator) for n, w in weights.items()}
    return {n: filter_normalised(steps[n].to(w.device), w) for n, w in weights.items()}


@torch.no_grad()
def losses_along(
    model: nn.Module,
    direction: dict[str, Tensor],
    distances: Sequence[float],
    images: Tensor,
    labels: Tensor,
) -> list[float]:
    """Return the mean cross-entropy at weights + distance * direction, per distance.

    The model is asked as it is, in training or in evaluation mode, and left as it was.
    """
    state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    losses = []
    for distance in distances:
        moved = {n: state[n] + distance * step for n, step in direction.items()}
        # functional_call writes running averages into these copies, not the model.
        logits = functional_call(model, {**copies(state), **moved}, (images,))
        losses.append(F.cross_entropy(logits, labels).item())
    return losses


def copies(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a copy of every tensor."""
    return {name: value.clone() for name, value in state.items()}
