"""How much does the last output depend on each input? One gradient for any layer."""

import torch
from torch import Tensor, nn


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


def reach(
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
