"""How gradients behave in a deep network: their size, their direction, Jacobians."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def weight_gradients(
    model: nn.Module, images: Tensor, labels: Tensor
) -> dict[str, Tensor]:
    """Return the gradient of the mean cross-entropy for every weight of a
    convolution, by the name of its layer, in the order of the layers.

    The model is asked as it is, in training or in evaluation mode.
    """
    convs = {n: m for n, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    weights = [layer.weight for layer in convs.values()]
    loss = F.cross_entropy(model(images), labels)
    return dict(zip(convs, torch.autograd.grad(loss, weights), strict=True))


def profile(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """Return the norm of each convolution's weight gradient, first layer first."""
    found = weight_gradients(model, images, labels).values()
    return [gradient.norm().item() for gradient in found]


def kept_direction(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    share: float,
    generator: torch.Generator,
) -> float:
    """Return the cosine, -1 to 1, of the gradients before and after a small move.

    Every convolution's weights move in a random direction by `share` of their own
    norm; afterwards they are as before. Norm statistics must come from the batch, so
    the model has to be in training mode; its running averages do change.
    """
    before = flat(weight_gradients(model, images, labels))
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    kept = [w.detach().clone() for w in weights]
    with torch.no_grad():
        for w in weights:
            step = torch.randn(w.shape, generator=generator).to(w.device)
            w.add_(step, alpha=share * w.norm().item() / step.norm().item())
    try:
        after = flat(weight_gradients(model, images, labels))
    finally:
        with torch.no_grad():
            for w, old in zip(weights, kept, strict=True):
                w.copy_(old)
    return F.cosine_similarity(before, after, dim=0).item()


def flat(gradients: dict[str, Tensor]) -> Tensor:
    """Return all gradients as one vector."""
    return torch.cat([gradient.flatten() for gradient in gradients.values()])


def gradients_along(
    model: nn.Module, start_chw: Tensor, end_chw: Tensor, points: int = 256
) -> Tensor:
    """Return d(first output) / d(picture) at `points` pictures on the straight line
    from one picture to another: (points, C * H * W).

    In training mode the line is one batch, as in Balduzzi et al. 2017.
    """
    share = torch.linspace(0, 1, points, device=start_chw.device).view(-1, 1, 1, 1)
    line = ((1 - share) * start_chw + share * end_chw).requires_grad_()
    (gradient,) = torch.autograd.grad(model(line)[:, 0].sum(), line)
    return gradient.flatten(1)


def autocorrelation(gradient_nd: Tensor, lag: int) -> float:
    """Return how alike gradients `lag` points apart are: the mean cosine, -1 to 1, of
    their deviations from the mean gradient (Balduzzi et al. 2017).

    Raises ValueError unless 1 <= lag < points.
    """
    if not 1 <= lag < len(gradient_nd):
        raise ValueError(f"a lag of {lag} does not fit {len(gradient_nd)} points")
    deviation = gradient_nd - gradient_nd.mean(dim=0)
    ahead, behind = deviation[lag:], deviation[:-lag]
    return F.cosine_similarity(ahead, behind, dim=1).mean().item()


def jacobian(layer: nn.Module, x_chw: Tensor) -> Tensor:
    """Return d(output) / d(input) of a layer at one picture: (outputs, inputs).

    The layer should be in evaluation mode: otherwise its norm sees one picture only.
    """
    matrix = torch.func.jacrev(layer)(x_chw[None]).detach()
    return matrix.reshape(-1, x_chw.numel())


def chain_stretch(blocks: Sequence[nn.Module], x_chw: Tensor) -> Tensor:
    """Return the singular values, largest first, of the first block's Jacobian and of
    all blocks in a row, at one picture: (2, C * H * W).

    The blocks keep the shape and are in evaluation mode.
    """
    alone, together = [], torch.eye(x_chw.numel(), device=x_chw.device)
    for block in blocks:
        alone.append(jacobian(block, x_chw))
        together = alone[-1] @ together
        x_chw = block(x_chw[None])[0].detach()
    return torch.stack([torch.linalg.svdvals(m) for m in (alone[0], together)])
