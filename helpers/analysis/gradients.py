"""Gradient norms, vanishing gradients and Jacobians of deep networks."""

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


def gradient_norms(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """Return the norm of each convolution's weight gradient, first layer first."""
    found = weight_gradients(model, images, labels).values()
    return [gradient.norm().item() for gradient in found]


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


def jacobian_singular_values(blocks: Sequence[nn.Module], x_chw: Tensor) -> Tensor:
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


class Convolutions(nn.Module):
    """Layers of width-3 convolutions over time, (B, T, C) -> ((B, T, C),): the last
    output sees `layers` steps back. A tuple, as recurrent layers and attention give."""

    def __init__(self, channels: int, layers: int):
        super().__init__()
        pairs = [
            (nn.Conv1d(channels, channels, 3, padding=1), nn.Tanh())
            for _ in range(layers)
        ]
        self.stack = nn.Sequential(*[part for pair in pairs for part in pair])

    def forward(self, x_btc: Tensor) -> tuple[Tensor]:
        return (self.stack(x_btc.mT).mT,)


def gradient_by_distance(
    layer: nn.Module, length: int, channels: int, seed: int, count: int = 64
) -> Tensor:
    """Return how strongly the last output depends on the input k steps ago, (length,),
    k from 0: the norm of the gradient of one random direction of that output, mean
    over `count` sequences of standard normals. The layer returns a tuple, outputs
    first."""
    generator = torch.Generator().manual_seed(seed)
    x_btc = torch.randn(count, length, channels, generator=generator)
    x_btc = x_btc.to(next(layer.parameters())).requires_grad_()
    last_bc = layer(x_btc)[0][:, -1]
    direction = torch.randn(last_bc.shape, generator=generator).to(last_bc)
    (gradient_btc,) = torch.autograd.grad((last_bc * direction).sum(), x_btc)
    return gradient_btc.norm(dim=-1).mean(dim=0).flip(0).cpu()
