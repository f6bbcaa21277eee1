"""How good an n-gram model is on a text."""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.language import spread_rows
from helpers.models.ngram import KneserNey


def following(model: KneserNey, context_nt: Tensor) -> Tensor:
    """Return the probability of every symbol after each row of a context: (N, V)."""
    every, found = torch.arange(model.symbols)[:, None], []
    reach = max(len(model.levels) - 1, 1)  # what stands before makes no difference
    context_nt, place_n = context_nt[:, -reach:].unique(dim=0, return_inverse=True)
    for part in context_nt.split(1_000):  # all at once would take gigabytes
        rows = part.repeat_interleave(model.symbols, dim=0)
        rows = torch.cat([rows, every.repeat(len(part), 1)], dim=1)
        found.append(model.probabilities(rows)[:, -1].view(-1, model.symbols))
    return torch.cat(found)[place_n]


def counted_bits(model: KneserNey, ids_t: Tensor) -> float:
    """Return an n-gram model's bits per symbol on a text (T,)."""
    return -model.probabilities(ids_t[None]).log2().mean().item()


def counted_context_bits(
    models: dict[int, KneserNey], ids_t: Tensor, reach: Sequence[int]
) -> list[float]:
    """Return the bits per symbol at the places of `context_bits`, of the n-gram models
    by order: for each k in reach, the longest that needs no more than k symbols."""
    rows, found = spread_rows(ids_t, max(reach), 2000), []
    for k in reach:
        model = models[min(k + 1, max(models))]
        last = model.probabilities(rows[:, -k - 1 :])[:, -1]
        found.append(-last.log2().mean().item())
    return found
