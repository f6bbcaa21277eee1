"""The n-gram model, against the formula written with dictionaries."""

from collections import Counter
from pydoc_data.topics import topics

import pytest
import torch

from helpers.models.language.ngram import KneserNey

ORDERS = [1, 2, 3, 4, 5]


def random_text(T=150, V=4, seed=0):
    """Return T symbols of V, some much rarer than others."""
    weights = 2.0 ** -torch.arange(V).double()
    generator = torch.Generator().manual_seed(seed)
    return torch.multinomial(weights, T, replacement=True, generator=generator)


def natural_text(T=500):
    """Return English as symbols, 0 for the first of the alphabet."""
    text = "".join(topics.values())[:T]
    alphabet = sorted(set(text))
    return torch.tensor([alphabet.index(character) for character in text])


TEXTS = [(random_text(), 5), (natural_text(), 80), (torch.tensor([1, 1, 1, 1, 1]), 2)]
texts = pytest.mark.parametrize(
    ("ids", "symbols"), TEXTS, ids=["random", "natural", "one symbol"]
)


def grams(ids, n):
    """Return how often each n-gram occurs."""
    return Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))


def table(ids, n, order):
    """Return the counts of n-grams that the model of this order uses."""
    if n == order:
        return grams(ids, n)
    return Counter(longer[1:] for longer in grams(ids, n + 1))


class Slow:
    """Interpolated Kneser-Ney from its formula: P(w | h) = max(c(hw) - D, 0) / c(h·)
    + D N(h·) / c(h·) P(w | h without its first symbol)."""

    def __init__(self, ids, order, symbols):
        self.symbols, self.order = symbols, order
        self.tables = {n: table(ids, n, order) for n in range(1, order + 1)}

    def __call__(self, history, symbol):
        kept = len(history) - min(len(history), self.order - 1)
        return self.at(tuple(history[kept:]), symbol)

    def at(self, history, symbol):
        counts = self.tables[len(history) + 1]
        shorter = self.at(history[1:], symbol) if history else 1 / self.symbols
        after = [counts[(*history, w)] for w in range(self.symbols)]
        if not sum(after):
            return shorter
        once, twice = (list(counts.values()).count(times) for times in (1, 2))
        discount = (once + 1) / (once + 2 * twice + 2)
        different = sum(count > 0 for count in after)
        first = max(after[symbol] - discount, 0)
        return (first + discount * different * shorter) / sum(after)


@pytest.mark.parametrize("order", ORDERS)
@texts
def test_probabilities_are_those_of_the_formula(ids, symbols, order):
    model, slow = KneserNey(ids, order, symbols), Slow(ids.tolist(), order, symbols)
    generator = torch.Generator().manual_seed(1)
    strange = torch.randint(symbols, (8,), generator=generator)
    rows = torch.stack([ids[-8:], strange] if len(ids) > 8 else [strange])
    for row, found in zip(rows.tolist(), model.probabilities(rows), strict=True):
        wanted = [slow(row[:t], row[t]) for t in range(8)]
        assert found.tolist() == pytest.approx(wanted, rel=1e-6)


def test_a_text_read_whole_has_the_probabilities_of_the_formula():
    ids = natural_text(200)
    slow = Slow(ids.tolist(), 3, 80)
    (found,) = KneserNey(ids, 3, 80).probabilities(ids[None])
    wanted = [slow(ids[:t].tolist(), ids[t].item()) for t in range(200)]
    assert found.tolist() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("order", ORDERS)
@texts
def test_the_probabilities_of_all_symbols_sum_to_one(ids, symbols, order):
    model = KneserNey(ids, order, symbols)
    seen, unseen = ids[:4], torch.full((4,), symbols - 1)
    for context in (seen, ids[-4:], unseen, torch.cat([unseen[:2], seen[:2]])):
        rows = torch.column_stack([context.expand(symbols, 4), torch.arange(symbols)])
        last = model.probabilities(rows)[:, -1]
        assert last.sum().item() == pytest.approx(1, abs=1e-12)
        assert (last > 0).all()


def test_order_one_by_hand():
    # Counts 3, 2, 1 and 0: one symbol seen once, one twice: D = 2 / (1 + 2 + 2).
    model = KneserNey(torch.tensor([0, 1, 0, 2, 0, 1]), 1, 4)
    found = model.probabilities(torch.tensor([[0, 1, 2, 3]]))
    left = 0.4 * 3 / 4
    wanted = [(2.6 + left) / 6, (1.6 + left) / 6, (0.6 + left) / 6, left / 6]
    assert found[0].tolist() == pytest.approx(wanted)


def test_order_two_by_hand():
    # 0 follows 1 and 2, 1 follows 0 twice, 2 follows 0: a symbol's count is how many
    # different ones stand before it, 2, 1 and 1. D = 3 / 6; of the pairs 4 / 7.
    model = KneserNey(torch.tensor([0, 1, 0, 2, 0, 1]), 2, 3)
    (found,) = model.probabilities(torch.tensor([[0, 1, 1]]))
    zero, one = (1.5 + 0.5) / 4, (0.5 + 0.5) / 4
    after_zero = (2 - 4 / 7 + 4 / 7 * 2 * one) / 3
    after_one = 4 / 7 * one / 1
    assert found.tolist() == pytest.approx([zero, after_zero, after_one])


@pytest.mark.parametrize("order", ORDERS)
def test_rows_do_not_know_each_other(order):
    ids = random_text()
    model = KneserNey(ids, order, 5)
    rows = ids[:60].view(6, 10)
    alone = torch.cat([model.probabilities(row[None]) for row in rows])
    assert torch.equal(model.probabilities(rows), alone)


@pytest.mark.parametrize("order", ORDERS)
def test_later_symbols_and_those_too_far_back_do_not_count(order):
    ids = random_text()
    model, row = KneserNey(ids, order, 5), ids[None, 20:32]
    changed = row.clone()
    changed[:, 6] = (row[:, 6] + 1) % 4
    same = model.probabilities(changed) == model.probabilities(row)
    assert same[0, :6].all() and same[0, 6 + order :].all()
    assert not same[0, 6]


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_of_one_ngram_is_enough(order):
    ids = torch.arange(order)
    model, slow = KneserNey(ids, order, 6), Slow(ids.tolist(), order, 6)
    (found,) = model.probabilities(ids[None])
    wanted = [slow(list(range(t)), t) for t in range(order)]
    assert found.tolist() == pytest.approx(wanted)


@pytest.mark.parametrize("text", [[0, 1, 2], [2, 0, 1]])
def test_the_last_symbol_may_stand_at_the_end_alone_or_at_the_beginning(text):
    ids = torch.tensor(text)
    model, slow = KneserNey(ids, 2, 3), Slow(text, 2, 3)
    row = [2, 2, 1, 0, 2]
    (found,) = model.probabilities(torch.tensor([row]))
    wanted = [slow(row[:t], row[t]) for t in range(5)]
    assert found.tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(("order", "long"), [(3, 2), (1, 0), (0, 5), (-1, 5)])
def test_an_order_that_does_not_fit_is_refused(order, long):
    ids = torch.zeros(long, dtype=torch.long)
    with pytest.raises(ValueError, match=f"^order {order} does not fit {long} symbols"):
        KneserNey(ids, order, 2)


def test_probabilities_are_double():
    probabilities = KneserNey(random_text(), 2, 5).probabilities(
        torch.zeros(1, 3).long()
    )
    assert probabilities.dtype == torch.float64 and probabilities.shape == (1, 3)
