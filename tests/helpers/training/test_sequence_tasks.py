"""A bare test of memory: what is read, what is served, what is counted."""

import math
from itertools import islice

import pytest
import torch
from torch import nn

from helpers.data.tasks.sequences import copy_first
from helpers.training import sequence_tasks
from helpers.training.sequence_tasks import (
    Reader,
    all_distances,
    remember,
    share_remembered,
)
from helpers.training.untrained import recurrent


class Summing(nn.Module):
    """A layer whose output at each step is the sum of its inputs so far."""

    input_size = hidden_size = 12

    def forward(self, x_bte):
        return x_bte.cumsum(dim=1), None


class Known(nn.Module):
    """Give all chances to the symbol that `tell` finds in the tokens (B, T)."""

    def __init__(self, tell):
        super().__init__()
        self.tell, self.head, self.asked = tell, nn.Linear(1, 1), []

    def forward(self, ids):
        self.asked.append(ids)
        return nn.functional.one_hot(self.tell(ids), 8).float()


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("T", [2, 9])
def test_a_reader_gives_eight_logits_for_each_sequence(kind, T):
    model = Reader(recurrent(kind, 3, 5))
    assert model(torch.zeros(4, T, dtype=torch.long)).shape == (4, 8)
    assert model.embedding.weight.shape == (12, 3)
    assert model.head.weight.shape == (8, 5)


@torch.no_grad()
def test_a_reader_answers_from_the_last_output():
    model = Reader(Summing())
    model.embedding.weight.copy_(torch.eye(12))
    model.head.weight.copy_(torch.eye(12)[:8])
    model.head.bias.copy_(torch.arange(8.0))
    seen = torch.tensor([2.0, 0, 1, 1, 0, 0, 0, 0])
    logits = model(torch.tensor([[0, 3, 0, 2]]))
    assert logits.tolist() == [(seen + torch.arange(8)).tolist()]


# What is remembered


@pytest.mark.parametrize("distance", [0, 3])
def test_who_looks_back_remembers_all(distance):
    assert share_remembered(Known(lambda ids: ids[:, 0]), distance, 0) == 1.0


def test_who_always_says_the_same_is_right_one_time_in_eight():
    constant = [Known(lambda ids, k=k: ids[:, 0] * 0 + k) for k in range(8)]
    shares = [share_remembered(model, 2, seed=0) for model in constant]
    assert shares == pytest.approx([1 / 8] * 8, abs=0.05)
    assert sum(shares) == pytest.approx(1)


def test_who_knows_half_of_the_symbols_is_right_about_these():
    symbols = next(copy_first(2, 500, 7))[1]
    share = share_remembered(Known(lambda ids: ids[:, 0].clamp(max=3)), 2, 7)
    assert share == pytest.approx((symbols <= 3).sum().item() / 500)


def test_five_hundred_sequences_over_the_distance_are_asked_by_seed():
    model = Known(lambda ids: ids[:, 0])
    for seed in (0, 0, 1):
        share_remembered(model, 6, seed)
    first, again, other = model.asked
    assert first.shape == (500, 8)
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_asking_keeps_no_history():
    model = Reader(recurrent("RNN", 3, 5))
    logits = []
    model.register_forward_hook(lambda *call: logits.append(call[-1]))
    share_remembered(model, 1, 0)
    assert not logits[0].requires_grad


# Training


def test_a_layer_learns_to_remember():
    torch.manual_seed(0)
    layer = recurrent("RNN", 8, 16)
    model, history = remember(layer, copy_first(1, 32, 0), 1, steps=60, lr=0.03)
    assert model.layer is layer and len(history.losses) == 60
    assert history.final_loss(10) < math.log(8) / 2 < history.losses[0]
    assert share_remembered(model, 1, seed=1) > 0.8


def test_training_is_as_it_was_asked_for(monkeypatch):
    calls = []
    monkeypatch.setattr(sequence_tasks, "fit", lambda *a, **k: calls.append((a, k)))
    batches = copy_first(4, 2, 0)
    model, _ = remember(recurrent("RNN", 3, 5), batches, 4, steps=9, lr=0.5)
    (given, options) = calls[0]
    assert given == (model, batches, 9)
    label = "remembering over 4 steps"
    assert options == {"lr": 0.5, "clip": 1.0, "label": label}


# Every distance


def served(longest=3, size=2, seed=0, n=400):
    """Return the first n batches over all distances."""
    return list(islice(all_distances(longest, size, seed), n))


def test_every_distance_is_served_equally_often():
    drawn = [tokens.shape[1] - 2 for tokens, _ in served()]
    assert set(drawn) == {0, 1, 2, 3}
    assert all(drawn.count(n) == pytest.approx(100, abs=30) for n in range(4))
    assert drawn[:200] != drawn[200:]


def test_a_single_distance_will_do():
    assert {tokens.shape for tokens, _ in served(0, size=5, n=9)} == {(5, 2)}


def test_a_batch_asks_for_its_first_symbols():
    for tokens, symbols in served(n=20):
        assert torch.equal(tokens[:, 0], symbols)
        assert (tokens[:, -1] == 11).all()


def test_no_distance_repeats_itself_or_another():
    firsts = [tuple(symbols.tolist()) for _, symbols in served(size=20, n=50)]
    assert len(set(firsts)) == 50


def test_the_seed_decides_distances_and_symbols():
    def drawn(longest, seed):
        batches = served(longest, seed=seed, n=10)
        return [(tokens.shape[1], symbols.tolist()) for tokens, symbols in batches]

    assert drawn(3, 0) == drawn(3, 0)
    assert drawn(0, 0) != drawn(0, 1)  # of symbols: there is but one distance
    assert [n for n, _ in drawn(9, 0)] != [n for n, _ in drawn(9, 1)]


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    served(n=10)
    assert torch.equal(torch.get_rng_state(), before)
