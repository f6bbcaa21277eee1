"""Train and score models on sequence tasks: recall, tagging and reversal."""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.tasks.sequences import (
    COPY_SYMBOLS,
    COPY_TOKENS,
    UNASKED,
    copy_first,
    reversal,
)
from helpers.training.fit import History, fit


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


def tag_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of the answers (B, T, questions), those
    that are asked for; answers to one question may be (B, T)."""
    ids_bt, answers = batch
    logits = model(ids_bt).flatten(0, -2)
    return F.cross_entropy(logits, answers.flatten(), ignore_index=UNASKED)


@torch.no_grad()
def right_and_asked(
    model: nn.Module, batch: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return (right, asked), bools (B, T, questions): which answers are right, and
    which were asked for at all. Answers to one question may be (B, T)."""
    ids_bt, answers = batch
    said_btq = model(ids_bt.to(model.head.weight.device)).argmax(dim=-1).cpu()
    answers_btq = answers.reshape(said_btq.shape)
    return said_btq == answers_btq, answers_btq != UNASKED


def right_answers(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return for each question the share, 0 to 1, of its answers that are right."""
    right_btq, asked_btq = right_and_asked(model, batch)
    return (right_btq & asked_btq).sum(dim=(0, 1)) / asked_btq.sum(dim=(0, 1))


def flawless(model: nn.Module, batch: tuple[Tensor, Tensor]) -> float:
    """Return the share, 0 to 1, of strings without a single wrong answer."""
    right_btq, asked_btq = right_and_asked(model, batch)
    return (right_btq | ~asked_btq).flatten(1).all(dim=1).float().mean().item()


def target_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of the targets (B, T), each given the true
    ones before it: model(source, target) are the logits (B, T, V)."""
    source, target = batch
    return F.cross_entropy(model(source, target).flatten(0, 1), target.flatten())


def exact_match(write: Callable, n: int, seed: int, count: int = 500) -> float:
    """Return the share, 0 to 1, of `count` new strings of length n that
    `write(source, n)` reverses without a mistake."""
    source, target = next(reversal(n, count, seed))
    return (write(source, n).cpu() == target).all(dim=1).float().mean().item()
