"""A bare test of memory: read a sequence, answer from the last state."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from helpers.sequences import COPY_SYMBOLS, COPY_TOKENS, copy_first
from helpers.training import History, fit


class Reader(nn.Module):
    """Embedding, recurrent layer, logits (B, 8) from its last output: which symbol
    came first in the tokens (B, T)?"""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.embedding = nn.Embedding(COPY_TOKENS, layer.input_size)
        self.layer = layer
        self.head = nn.Linear(layer.hidden_size, COPY_SYMBOLS)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.head(self.layer(self.embedding(ids_bt))[0][:, -1])


def remember(
    layer: nn.Module, batches: Iterable, distance: int, steps: int, lr: float
) -> tuple[Reader, History]:
    """Return (Reader with this layer, history) after training on `batches`."""
    model = Reader(layer).to(next(layer.parameters()).device)
    label = f"remembering over {distance} steps"
    return model, fit(model, batches, steps, lr=lr, clip=1.0, label=label)


@torch.no_grad()
def share_remembered(model: Reader, distance: int, seed: int) -> float:
    """Return the share, 0 to 1, of 500 first symbols remembered over a distance."""
    ids, symbols = next(copy_first(distance, 500, seed))
    named = model(ids.to(model.head.weight.device)).argmax(dim=1)
    return (named.cpu() == symbols).float().mean().item()


def all_distances(longest: int, batch_size: int, seed: int) -> Iterable:
    """Yield batches of `copy_first` for ever, each over a distance from 0 to
    `longest`, all equally likely."""
    tasks = [copy_first(n, batch_size, seed + n) for n in range(longest + 1)]
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield next(tasks[torch.randint(longest + 1, (), generator=generator)])
