"""How n-gram models are scored, against the same asked one symbol at a time."""

import math

import pytest
import torch

from helpers.models.language.ngram import KneserNey
from helpers.training.language import (
    counted_bits,
    counted_context_bits,
    following,
    spread_rows,
)

V = 5


def symbols(n, seed=0):
    """Return random symbols."""
    return torch.randint(V, (n,), generator=torch.Generator().manual_seed(seed))


def test_every_symbol_after_every_context():
    model = KneserNey(symbols(80), 3, V)
    contexts = symbols(9, seed=1).view(3, 3)[[0, 1, 0, 2]]  # one occurs twice
    found = following(model, contexts)
    assert found.shape == (4, V)
    for row, context in zip(found, contexts, strict=True):
        for symbol in range(V):
            ids = torch.cat([context, torch.tensor([symbol])])
            assert row[symbol] == model.probabilities(ids[None])[0, -1]


def test_bits_of_counts_by_hand():
    # 0, 1 and 2 occur 3, 2 and 1 times, 3 never: see the order of one in the n-grams.
    ids = torch.tensor([0, 1, 0, 2, 0, 1])
    shares = [2.9 / 6, 1.9 / 6, 0.3 / 6]
    wanted = -sum(math.log2(share) for share in shares) / 3
    model = KneserNey(ids, 1, 4)
    assert counted_bits(model, torch.tensor([0, 1, 3])) == pytest.approx(
        wanted, rel=1e-6
    )


@pytest.mark.parametrize("order", [1, 2, 4])
def test_contexts_shorter_or_longer_than_needed_will_do(order):
    model, contexts = KneserNey(symbols(200), order, V), symbols(60, seed=1).view(20, 3)
    last = torch.full((20, 1), 2)
    wanted = model.probabilities(torch.cat([contexts, last], dim=1))[:, -1]
    assert torch.equal(following(model, contexts)[:, 2], wanted)


def test_counts_of_a_context_use_the_longest_that_fits():
    ids = torch.arange(300) ** 2 % 7 % V
    models = {n: KneserNey(ids, n, V) for n in (1, 2, 3)}
    found = counted_context_bits(models, ids, [1, 2, 9])
    rows = spread_rows(ids, 9, 2000)
    for bits_found, n in zip(found, (2, 3, 3), strict=True):
        last = models[n].probabilities(rows[:, -n:])[:, -1]
        assert bits_found == pytest.approx(-last.log2().mean().item())
